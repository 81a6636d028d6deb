import Components
import Foundation
import Testing

@testable import PluginHost

@Suite(.enabled(if: PythonFixture.obstacle == nil, "needs python3 of at least 3.9"))
struct PythonRewardTests {
  static let rows = [
    [Column("answer", .int(7)), Column("difficulty", .real(1.5))],
    [Column("answer", .int(-2)), Column("difficulty", .real(2))],
  ]
  static let texts = ["it is 7", "none", "2 or -2", "8"]

  @Test(arguments: [false, true])
  func functionsOfTRLRunUnchanged(conversational: Bool) throws {
    let batch = groups(Self.texts, columns: Self.rows, conversational: conversational)
    let log = Log()
    var services = HostServices()
    services.log = { log.add("\($0) \($1): \($2)") }
    services.metric = { log.add("\($0) \($1) \($2)") }

    let accuracy = try PythonFixture("trl_rewards", .reward, object: "accuracy").reward().part
    #expect(try accuracy.score(batch) == [.score(1), .abstained, .score(1), .score(0)])
    let judged = try PythonFixture("trl_rewards", .reward, object: "judged").reward().part
    for _ in 0..<2 {
      #expect(
        try judged.score(batch) == [.score(1.0 / 4), .score(1.0 / 7), .score(1.0 / 4), .abstained]
      )
    }
    let length = try PythonFixture("trl_rewards", .reward, object: "length").reward().part
    #expect(try length.score(batch) == [7.0, 4, 7, 1].map { .score($0 / 20) })
    let shaped = try PythonFixture("trl_rewards", .reward, object: "shaped")
      .reward(services: services).part
    let expected = zip(Self.texts, [1.5, 1.5, 2, 2]).map { text, hardness in
      let count = Double(text.count)
      return RewardOutcome.score(hardness * count / 70 - 0.01 * count + 0.1 * 3)
    }
    #expect(try shaped.score(batch) == expected)
    #expect(log.all.first == "shaped mean_length \((7.0 + 4 + 7 + 1) / 4)")
    #expect(log.all.last?.hasPrefix("info shaped: log_extra characters: [") ?? false)
    #expect(!shaped.isReproducible)
    #expect(try shaped.score(RewardBatch(step: 0, seed: 0, items: [])) == [])
  }

  @Test func aTracebackArrivesWhole() throws {
    let fixture = try PythonFixture("faults", .reward, object: "raises")
    let reward = try fixture.reward().part
    // What runs, and what the traceback shows, is what was loaded.
    try fixture.write("nothing of the old", to: "faults.py")
    let error = try #require(pluginError { _ = try reward.score(batch(["trigger"])) })
    #expect(error.problem == .refused(status: -1))
    #expect(error.hook == "score")
    #expect(error.file == fixture.plugin.appending(path: "faults.py").path())
    let lines = error.message.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "RuntimeError: while scoring (faults.py, line 30)")
    #expect(lines.dropFirst().first == "Traceback (most recent call last):")
    for words in [
      "KeyError: 'key'", "During handling of the above", "ValueError: no such\nanswer: trigger",
      "The above exception was the direct cause", "raise RuntimeError(\"while scoring\") from",
      "line 14, in reward",
    ] {
      #expect(error.message.contains(words), "\(error)")
    }
    #expect(error.message.hasSuffix("RuntimeError: while scoring"))
    #expect(try reward.score(batch(["fine"])) == [.score(1)])
  }

  /// A fault, what sort of error it is, and words that the error must have.
  static let faults: [(String, String, [String])] = [
    ("exits", "refused", ["it called exit(3) (faults.py, line", "Traceback"]),
    ("recurses", "refused", ["RecursionError", "Traceback"]),
    ("hard_exit", "crashed", ["ended with exit status 7"]),
    ("segfault", "crashed", ["SIGSEGV", "Fatal Python error", "faults.py"]),
    ("aborts", "crashed", ["SIGABRT", "faults.py"]),
    ("closes", "crashed", ["ended with"]),
    ("loops", "timeout", ["gave no answer within", "_loop", "faults.py"]),
    ("loops_in_c", "timeout", ["gave no answer within", "in match"]),
    ("ignores_signals", "timeout", ["gave no answer within"]),
    ("garbage", "isolation", ["not JSON"]),
    ("huge_frame", "isolation", ["4294967295 bytes"]),
    ("too_few", "output", ["has 1 values where 2 are needed", "exactly one score"]),
    ("too_many", "output", ["more than 2 values"]),
    ("nothing", "output", ["None", "not a list"]),
    ("not_a_number", "output", ["the score of item 0 (id 100, row 0) is nan", "None to abstain"]),
    ("infinite", "output", ["inf"]),
    ("text", "output", ["the score of item 0 is '1.0', str, not a number"]),
    ("nested", "output", ["item 0 is [1.0], list"]),
    ("out_of_range", "output", ["1.5, declared is 0.0 to 1.0"]),
  ]

  @Test(arguments: faults)
  func whateverItDoesTheHostGoesOn(fault: String, kind: String, words: [String]) throws {
    let fixture = try PythonFixture(
      "faults",
      .reward,
      object: fault,
      extra: "measures: { minimum: 0, maximum: 1 }"
    )
    var services = HostServices()
    services.callBudget = .seconds(kind == "timeout" ? 1 : 30)
    services.log = { _, _, _ in }
    let reward = try fixture.reward(services: services).part
    let error = try #require(pluginError { _ = try reward.score(batch(["trigger", "b"])) })
    #expect("\(error.problem)".hasPrefix(kind), "\(error.problem)")
    #expect(error.hook == "score")
    for word in words { #expect(error.description.contains(word), "\(error)") }
    let bundle = try #require(error.bundle)
    #expect(try BatchFile.read("\(bundle)/batch.jsonl")[0].items[0].completion == "trigger")
    // The next batch is scored as if nothing had been.
    #expect(try reward.score(batch(["fine", "b"])) == [.score(1), .score(1)])
  }

  @Test func whatItStartedEndsWithIt() throws {
    let log = Log()
    var services = HostServices()
    services.callBudget = .seconds(1)
    services.log = { _, _, line in log.add(line) }
    let fixture = try PythonFixture("faults", .reward, object: "spawns")
    // It holds the folder that the bundle goes into.
    defer { withExtendedLifetime(fixture) {} }
    let reward = try fixture.reward(services: services).part
    let error = try #require(pluginError { _ = try reward.score(batch(["trigger"])) })
    #expect("\(error.problem)".hasPrefix("timeout"))
    let line = try #require(log.all.first { $0.hasPrefix("child ") })
    let child = try #require(Int32(line.dropFirst(6)))
    #expect(kill(child, 0) != 0, "its child \(child) is still there")
  }

  @Test func aFloodOfOutputIsCut() throws {
    let log = Log()
    var services = HostServices()
    services.log = { level, _, line in log.add("\(level) \(line.utf8.count)") }
    let reward = try PythonFixture("faults", .reward, object: "floods").reward(services: services)
      .part
    #expect(try reward.score(batch(["trigger"])) == [.score(1)])
    #expect(log.all.count < 200)
    #expect(log.all.last?.hasPrefix("warning ") ?? false, "\(log.all.last ?? "")")
  }

  @Test func textCrossesUnchanged() throws {
    let texts = [
      "", "\0", "a\0b\n\r\t\u{1}\u{1F}\u{7F}", "é e\u{301}", "👩‍👩‍👧‍👦🇨🇭", "\r\n\u{2028}\u{FEFF}\u{FFFF}",
      "\"\\/</script>", String(repeating: "ü", count: 100_000),
    ]
    let items = texts.enumerated().map { index, text in
      let hex = text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      return RewardItem(
        id: UInt64.max - UInt64(index),
        example: Example(
          id: UInt64(index),
          prompt: .text(text),
          columns: [
            Column("bytes", .text(hex)), Column("points", .int(Int64(text.unicodeScalars.count))),
          ]
        ),
        promptText: text,
        completion: text,
        completionWithSpecialTokens: text,
        completionIDs: [],
        truncated: false
      )
    }
    let batch = RewardBatch(step: 0, seed: 0, items: items)
    let reward = try PythonFixture("texts", .reward, object: "same").reward().part
    #expect(try reward.score(batch) == texts.map { _ in .score(1) })
    let answers = try PythonFixture("texts", .reward, object: "Answers").reward().part
    let given = try answers.answers(batch)
    #expect(
      given.map { $0.map { Array($0.utf8) } } == texts.map { $0.isEmpty ? nil : Array($0.utf8) }
    )
  }

  @Test func drawsAreThoseOfTheHost() throws {
    let fixture = try PythonFixture(
      "draws",
      .reward,
      object: "draws",
      extra: "parameters: { draw: { type: integer, default: 0, changeable: true } }"
    )
    let reward = try fixture.reward()
    let ids: [UInt64] = [0, 1, .max, 1 << 32, 12_345_678_901_234]
    for (draw, seed, step) in [(0, UInt64.max, 0), (1, 1 << 63 + 5, 7), (6, 0, Int(UInt32.max))] {
      try reward.reconfigure(.object([ParameterEntry("draw", .int(Int64(draw)))]))
      var batch = batch(ids.map { _ in "x" })
      batch.seed = seed
      batch.step = step
      for index in ids.indices { batch.items[index].id = ids[index] }
      let expected = ids.map { id in
        RewardOutcome.score(
          Philox4x32.uniform(seed: seed, step: UInt64(step), item: id, draw: UInt64(draw))
        )
      }
      #expect(try reward.part.score(batch) == expected)
    }
    let expected = RewardDescription(name: "draw", minimum: 0, maximum: 1, successThreshold: 0.5)
    #expect(reward.part.description == expected)
    let error = pluginError { try reward.reconfigure(.object([ParameterEntry("drew", .int(1))])) }
    #expect(error?.problem == .parameters)
  }

  @Test func aMissingColumnIsNamed() throws {
    let fixture = try PythonFixture("trl_rewards", .reward, object: "accuracy")
    let error = pluginError { _ = try fixture.reward().part.score(batch(["a"])) }
    #expect(error?.message == "accuracy takes 'answer', which is no column of the rows")
    #expect(error?.cure == "the rows have no columns")
    try fixture.write(
      try String(contentsOf: fixture.plugin.appending(path: "plugin.yaml"), encoding: .utf8)
        + "\nmeasures: { columns: [answer], maximum: 1 }",
      to: "plugin.yaml"
    )
    let declared = pluginError { _ = try fixture.reward().part.score(batch(["a"])) }
    #expect(declared?.message.hasPrefix("it needs the column 'answer', which row 0") ?? false)
  }

  /// Milliseconds for a batch of 64 completions of 200 tokens, in the log of the test.
  @Test func costOfABatch() throws {
    let texts = (0..<64).map { index in String(repeating: "word \(index) ", count: 100) }
    let batch = groups(texts, columns: (0..<32).map { _ in Self.rows[0] })
    var batch200 = batch
    for index in batch200.items.indices {
      batch200.items[index].completionIDs = Array(repeating: 150_000, count: 200)
    }
    let reward = try PythonFixture("texts", .reward, object: "echo").reward().part
    var times: [Duration] = []
    for _ in 0..<200 {
      times.append(try ContinuousClock().measure { _ = try reward.score(batch200) })
    }
    times.sort()
    print("a batch of 64 completions in Python: median \(times[100]), least \(times[0])")
    #expect(times[100] < .milliseconds(100))
  }
}
