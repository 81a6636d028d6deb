import Foundation
import RunControl
import RunStore
import Synchronization
import Testing

/// `stepwise ctl` against a server that answers as it was told.
@Suite struct ControlCommandTests {
  /// A run's directory with a server, and what that was asked.
  private final class FakeRun {
    let server: ControlServer
    private let asked: Asked

    private final class Asked: Sendable { let records = Mutex<[Record]>([]) }

    init(
      _ workshop: Workshop,
      _ name: String = "runs/kk",
      answer: @escaping ControlServer.Handler = { _, _ in .done(["done"]) }
    ) throws {
      try workshop.makeRun(name)
      let asked = Asked()
      self.asked = asked
      server = try ControlServer(run: workshop.file(name).path) { request, progress in
        asked.records.withLock { $0.append(request.record) }
        return answer(request, progress)
      }
    }

    deinit { server.close(patience: .zero) }

    /// The requests so far, as they came.
    var requests: [String] { asked.records.withLock { $0.map(\.json) } }
  }

  @Test func eachCommandAsksWhatItSays() throws {
    let workshop = try Workshop()
    let run = try FakeRun(workshop)
    // A link on the way to temporary folders is followed by the child's working directory.
    let here = try #require(workshop.realPath)
    let cases: [([String], String)] = [
      (["status"], #"{"command":"status"}"#),
      (["pause"], #"{"command":"pause"}"#),
      (["resume"], #"{"command":"resume"}"#),
      (["stop"], #"{"command":"stop"}"#),
      (["checkpoint"], #"{"command":"checkpoint"}"#),
      (["rollback"], #"{"command":"rollback"}"#),
      (["drop"], #"{"command":"drop"}"#),
      (["set", "grpo.beta=1e-2"], #"{"command":"set","key":"grpo.beta","value":"1e-2"}"#),
      (
        ["set", "strategy.parameters.note=a=b", "--over", "50"],
        #"{"command":"set","key":"strategy.parameters.note","value":"a=b","over":50}"#
      ),
      (
        ["swap", "strategy", "hpt@1.0.0"],
        #"{"command":"swap","slot":"strategy","plugin":"hpt@1.0.0","parameters":{},"directory":"\#(here)"}"#
      ),
      (
        [
          "swap", "strategy", "hpt", "--param", "a=1e-4", "--param", "b.c=[1, no, null, '2']",
          "--shadow", "20", "--isolation", "in-process", "--reload",
        ],
        #"{"command":"swap","slot":"strategy","plugin":"hpt","parameters":{"a":0.0001,"b":{"c":[1,"no",null,"2"]}},"directory":"\#(here)","shadow":20,"then":"commit","reload":true,"isolation":"in-process"}"#
      ),
      (
        ["swap", "rewards/own", "./own", "--shadow", "3", "--then", "drop"],
        #"{"command":"swap","slot":"rewards/own","plugin":"\#(here)/own","parameters":{},"directory":"\#(here)","shadow":3,"then":"drop"}"#
      ),
    ]
    for (words, _) in cases {
      let answer = try Stepwise.run(["ctl", "kk"] + words, in: workshop.url)
      #expect(answer.code == 0 && answer.output == "done\n" && answer.error == "", "\(words)")
    }
    #expect(run.requests == cases.map(\.1))
  }

  @Test func whatIsAnsweredIsShown() throws {
    let workshop = try Workshop()
    let run = try FakeRun(workshop) { request, progress in
      guard request.command == "swap" else {
        return .refused("no swap, no fun", cure: "Swap something.", ["step": 3])
      }
      progress("waits for step 8")
      return .done(["step 8: hpt plans", "", "  as it stands"], ["step": 8])
    }
    let swap = try workshop.stepwise("ctl", "runs/kk", "swap", "strategy", "hpt")
    #expect(swap.code == 0 && swap.output == "step 8: hpt plans\n\n  as it stands\n")
    #expect(swap.error == "waits for step 8\n")
    let json = try workshop.stepwise("ctl", "kk", "swap", "strategy", "hpt", "--json")
    #expect(json.code == 0)
    #expect(
      json.output
        == #"{"ok":true,"text":["step 8: hpt plans","","  as it stands"],"step":8}"# + "\n"
    )
    let refused = try workshop.stepwise("ctl", "kk", "pause")
    #expect(refused.code == 1 && refused.output == "")
    #expect(refused.error == "stepwise: no swap, no fun\nSwap something.\n")
    let both = try workshop.stepwise("ctl", "kk", "pause", "--json")
    #expect(both.code == 1)
    #expect(
      both.output
        == #"{"ok":false,"problem":"no swap, no fun","cure":"Swap something.","step":3}"# + "\n"
    )
    #expect(run.requests.count == 4)
  }

  @Test func aRunIsNamedInThreeWays() throws {
    let workshop = try Workshop()
    let old = try FakeRun(workshop, "runs/old")
    let new = try FakeRun(workshop, "runs/new")
    try workshop.write("runs/old/provenance.json", #"{"startedAt": "2026-01-01T00:00:00Z"}"#)
    try workshop.write("runs/new/provenance.json", #"{"startedAt": "2026-01-02T00:00:00Z"}"#)
    for name in [
      "new", "runs/new", "./runs/../runs/new/", workshop.file("runs/new").path, "latest",
    ] {
      #expect(try workshop.stepwise("ctl", name, "status").code == 0, "\(name)")
    }
    #expect(new.requests.count == 5 && old.requests.isEmpty)
    // Going on with a run makes it the latest.
    try workshop.write(
      "runs/old/provenance.json",
      #"{"startedAt": "2026-01-01T00:00:00Z", "resumptions": [{"at": "2026-01-03T00:00:00Z"}]}"#
    )
    #expect(try workshop.stepwise("ctl", "latest", "status").code == 0)
    #expect(old.requests.count == 1)
    let unknown = try workshop.stepwise("ctl", "nwe", "status")
    #expect(unknown.code == 64)
    #expect(unknown.error.contains("no run of this name") && unknown.error.contains("mean new?"))
    let far = try workshop.stepwise("ctl", "something-else", "status")
    #expect(far.error.contains("newest first: old, new"))
    let nothing = try workshop.stepwise("ctl", "./tiny.yaml", "status")
    #expect(nothing.code == 64 && nothing.error.contains("no run here (config.yaml is missing)"))
  }

  @Test func aLongPathIsNoProblem() throws {
    let workshop = try Workshop()
    let name = (0..<4).map { "\($0)" + String(repeating: "d", count: 60) }.joined(separator: "/")
    let run = try FakeRun(workshop, name)
    #expect(try workshop.stepwise("ctl", name, "status").code == 0)
    #expect(run.requests.count == 1)
  }

  @Test func aRunThatIsNotGoingSaysSo() throws {
    let workshop = try Workshop()
    try workshop.makeRun("runs/kk")
    let ended = try workshop.stepwise("ctl", "kk", "status")
    #expect(ended.code == 1 && ended.output == "")
    #expect(ended.error.hasPrefix("stepwise: runs/kk: the run is not going"))
    #expect(ended.error.contains("stepwise train --resume runs/kk"))
    #expect(ended.error.contains("stepwise runs show runs/kk"))
    let json = try workshop.stepwise("ctl", "kk", "status", "--json")
    #expect(json.code == 1 && json.output.hasPrefix(#"{"ok":false,"#))
    #expect(json.output.hasSuffix(#""error":"not_going"}"# + "\n"))
    // A process that stops answering is told apart by time.
    let gate = DispatchSemaphore(value: 0)
    let run = try FakeRun(workshop) { _, _ in
      gate.wait()
      return .done()
    }
    let late = try workshop.stepwise("ctl", "kk", "status", "--timeout", "0.2")
    #expect(late.code == 1 && late.error.contains("no answer within 0.2 s"))
    // The run ends while somebody waits.
    let waiting = try workshop.start("ctl", "kk", "stop")
    while run.requests.count < 2 { usleep(2000) }
    run.server.close(patience: .zero)
    let cut = try waiting.wait()
    #expect(cut.code == 1 && cut.error.contains("the run ended while the request waited"))
    for _ in 0..<2 { gate.signal() }
  }

  @Test(arguments: [
    ([], "Missing expected argument '<run>'"), (["kk"], "The commands: status, pause"),
    (["status"], "RUN comes before it: `stepwise ctl latest status`"),
    (["kk", "stauts"], "Did you mean status? The commands: status, pause"),
    (["--json", "kk", "status"], "--json"), (["kk", "--json", "status"], "--json"),
    (["kk", "pause", "now"], "Unexpected argument 'now'"),
    (["kk", "swap", "strategy"], "Missing expected argument '<id>'"),
    (["kk", "swap", "strategy", "hpt", "--then", "drop"], "give --shadow, too"),
    (["kk", "swap", "strategy", "hpt", "--shadow", "0"], "--shadow: 0 is not above 0"),
    (["kk", "swap", "strategy", "hpt", "--param", "a"], "not of the form key=value"),
    (["kk", "swap", "strategy", "hpt", "--param", "a=.inf"], "not a finite number"),
    (["kk", "swap", "strategy", "hpt", "--param", "a=[1"], "not YAML"),
    (["kk", "swap", "strategy", "hpt", "--isolation", "none"], "is not process or in-process"),
    (["kk", "set", "grpo.beta"], "not of the form KEY=VALUE"),
    (["kk", "set", "=1"], "not of the form KEY=VALUE"),
    (["kk", "set", "grpo.beta={"], "not YAML"),
    (["kk", "set", "grpo.beta=1", "--over", "0"], "--over: 0 is not above 0"),
    (["kk", "status", "--timeout", "-1"], "--timeout"),
  ])
  func wrongUsage(words: [String], message: String) throws {
    let workshop = try Workshop()
    let run = try FakeRun(workshop)
    let answer = try Stepwise.run(["ctl"] + words, in: workshop.url)
    #expect(answer.code == 64 && answer.output == "", "\(answer)")
    #expect(answer.error.contains(message), "\(answer.error)")
    #expect(answer.error.contains("Usage: stepwise ctl "), "\(answer.error)")
    #expect(run.requests.isEmpty)
  }

  @Test func everyCommandHasHelp() throws {
    let workshop = try Workshop()
    let help = try workshop.stepwise("ctl", "--help")
    #expect(help.code == 0 && help.output.contains("USAGE: stepwise ctl <run> <command>"))
    for name in [
      "status", "pause", "resume", "stop", "checkpoint", "swap", "set", "rollback", "drop",
      "history",
    ] {
      #expect(help.output.contains("\n  \(name) "), "\(name)")
      let answer = try workshop.stepwise("ctl", "nowhere", name, "--help")
      #expect(answer.code == 0 && answer.output.contains("USAGE: stepwise ctl RUN \(name)"))
    }
  }

  @Test func theHistoryIsReadFromTheJournal() throws {
    let workshop = try Workshop()
    try workshop.makeRun("runs/kk")
    #expect(try workshop.stepwise("ctl", "kk", "history").output.contains("no interventions"))
    let lines = [
      #"{"seq":1,"step":20,"time":"2026-01-01T00:00:00Z","by":"ada","action":"swap","slot":"strategy","plugin":"org.stepwise.strategy.hpt","version":"1.0.0","parameters":{"a":1},"outcome":"done"}"#,
      #"{"seq":2,"step":40,"time":"2026-01-01T00:01:00Z","by":"ada","action":"set","key":"grpo.beta","value":"1e-2","over":50,"outcome":"failed","problem":"beta\u001b[2J is\nfixed"}"#,
    ]
    // The last line is being written.
    try workshop.write("runs/kk/journal.jsonl", lines.joined(separator: "\n") + "\n{\"seq\":3,")
    let table = try workshop.stepwise("ctl", "kk", "history")
    #expect(table.code == 0, "\(table.error)")
    let rows = table.output.split(separator: "\n").map { row in
      row.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    #expect(rows.count == 4 && rows[0] == "seq step time who action what outcome")
    #expect(
      rows[2]
        == #"1 20 2026-01-01T00:00:00Z ada swap strategy: org.stepwise.strategy.hpt@1.0.0 {"a":1} done"#
    )
    #expect(
      rows[3]
        == "2 40 2026-01-01T00:01:00Z ada set grpo.beta = 1e-2 over 50 steps failed: beta [2J is fixed"
    )
    let json = try workshop.stepwise("ctl", "kk", "history", "--json")
    #expect(
      json.output == #"{"ok":true,"text":[],"records":["# + lines.joined(separator: ",") + "]}\n"
    )
    // A record that somebody has damaged is missed, not passed over in silence.
    try workshop.write("runs/kk/journal.jsonl", "{\"seq\":\n" + lines[1] + "\n")
    let damaged = try workshop.stepwise("ctl", "kk", "history")
    #expect(damaged.code == 0 && damaged.output.contains("grpo.beta"))
    #expect(damaged.error.contains("runs/kk/journal.jsonl: 1 of 2 records are damaged"))
  }

  /// The file's mode keeps another user out, and `ctl` says so.
  @Test(.enabled(if: OtherUser.canRun, "needs root, setpriv, and a checkout that others may read"))
  func anotherUserIsKeptOut() throws {
    let workshop = try Workshop()
    let run = try FakeRun(workshop)
    let answer = try OtherUser.stepwise(["ctl", "kk", "status"], in: workshop.url)
    #expect(answer.code == 1)
    #expect(answer.error.contains("the run is another user's"), "\(answer.error)")
    #expect(run.requests.isEmpty)
    // Nor may they look into a directory that is closed to them.
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o700],
      ofItemAtPath: workshop.file("runs").path
    )
    let closed = try OtherUser.stepwise(["ctl", "runs/kk", "status"], in: workshop.url)
    #expect(closed.code == 64 && closed.error.contains("Permission denied"), "\(closed.error)")
  }
}

/// `stepwise` as the user nobody.
private enum OtherUser {
  static let canRun: Bool = {
    guard geteuid() == 0 else { return false }
    return (try? stepwise(["--version"], in: FileManager.default.temporaryDirectory).code) == 0
  }()

  static func stepwise(_ words: [String], in directory: URL) throws -> (code: Int32, error: String)
  {
    let process = Process()
    let error = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/setpriv")
    process.arguments =
      ["--reuid", "65534", "--regid", "65534", "--clear-groups", Stepwise.executable.path] + words
    process.currentDirectoryURL = directory
    process.standardOutput = FileHandle.nullDevice
    process.standardError = error
    try process.run()
    let text = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }
}

extension Workshop {
  /// What `RunReference` takes for a run.
  fileprivate func makeRun(_ name: String) throws {
    try FileManager.default.createDirectory(at: file(name), withIntermediateDirectories: true)
    try write("\(name)/config.yaml", "seed: 1\n")
  }

  fileprivate var realPath: String? {
    realpath(url.path, nil).map { path in
      defer { free(path) }
      return String(cString: path)
    }
  }
}
