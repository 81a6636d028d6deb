import Components
import Foundation
import Testing

@testable import PluginHost

/// Plugins that misbehave on purpose, in processes of their own. The host is a process of its own, too, so that what is left can be
/// counted: after each case its descriptors, its children, the processes that have the plugin mapped, the files in its folder, and its
/// own locale, folder, rounding mode and signals are what they were, and the next call succeeds.
///
/// With STEPWISE_SURVIVAL_REPORT=FILE each case adds a line to that file.
struct SurvivalTests {
  /// A case, as the first completion of a batch asks for it, and how its call must end; what is given by numbers is two scores.
  private static let cases: [(fault: String, ends: String)] = [
    // Death.
    ("abort", "crashed(SIGABRT (abort)): its process ended in the middle of the call"),
    ("segfault", "crashed(SIGSEGV"), ("stack", "crashed(SIGSEGV"), ("divide", "crashed(SIGFPE"),
    ("exit", "crashed(exit status 3)"), ("exit quietly", "crashed(exit status 0)"),
    ("kill itself", "crashed(SIGKILL"),
    (
      "print and crash",
      "crashed(SIGABRT (abort)): its process ended in the middle of the call: "
        + "SIGABRT (abort); the last that it printed was: assertion failed: the moon is full"
    ),
    ("crash later", "11.0 4.0"), ("register at exit", "16.0 4.0"),
    // Time.
    ("loop", "timeout(seconds: 0.5): it did not answer within 0.5 s and was killed"),
    ("sleep", "timeout(seconds: 0.5)"), ("ignore signals", "timeout(seconds: 0.5)"),
    ("stop itself", "timeout(seconds: 0.5)"), ("hang at the end", "15.0 4.0"),
    // Descendants, in sessions of their own and without parents.
    ("leave children", "14.0 4.0"), ("leave children and crash", "crashed(SIGABRT"),
    ("leave children and loop", "timeout(seconds: 0.5)"),
    // Memory.
    ("leak", "4.0 4.0"),
    ("write past the end", "output: it wrote behind the 2 answers that there is room for"),
    ("write far past the end", "crashed(SIGSEGV"), ("write to the input", "crashed(SIGSEGV"),
    ("make the input writable", "refused(status: -1): the input cannot be made writable"),
    // Descriptors.
    ("close descriptors", "isolation: it closed the channel to the host and was killed"),
    ("write to descriptors", "isolation: its process did not keep to the protocol"),
    (
      "lie about a length",
      "isolation: its process did not keep to the protocol and was killed: the "
        + "other side announced a frame of 2147483647 bytes, above the limit of 268435456"
    ),
    ("fake a result", "isolation: its process did not keep to the protocol"),
    ("shrink descriptors", "18.0 4.0"), ("print", "5.0 4.0"), ("log from a thread", "17.0 4.0"),
    // Surroundings.
    ("change directory", "16.0 4.0"), ("change locale", "13.0 4.0"), ("change signals", "14.0 4.0"),
    ("change rounding", "15.0 4.0"), ("change environment", "18.0 4.0"),
    // Answers.
    ("not a number", "output: the score of item 0 (id 0, row 0) is nan"),
    ("infinity", "output: the score of item 0 (id 0, row 0) is inf"),
    ("out of range", "output: the score of item 0 (id 0, row 0) is 1000000000.0, declared is"),
    ("too few", "output: it says that it wrote 1 answers for 2 items"),
    ("too many", "output: it says that it wrote 3 answers for 2 items"),
    ("permuted", "output: the answer for item 0 (id 0, row 0) is marked with the id 1"),
    ("unknown status", "output: item 0 (id 0, row 0) has the status 77"),
    ("error", "refused(status: -10): the item is of no use"),
  ]

  @Test func nothingIsLeftOfAnyCase() throws {
    let fixture = try Fixture("misbehave", .reward)
    let lines = try IsolationHost(fixture).survive(Self.cases.map(\.fault))
    try #require(lines.count == Self.cases.count)
    for (line, expected) in zip(lines, Self.cases) {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      try #require(fields.count == 8, "\(line)")
      #expect(fields[0] == expected.fault)
      #expect(fields[1].hasPrefix(expected.ends), "\(line)")
      #expect(fields[2] == "4.0 4.0", "the next call: \(line)")
      #expect(fields[3...6] == ["0", "0", "0", "0"], "what is left: \(line)")
      #expect(fields[7] == "same", "\(line)")
    }
    SurvivalReport.add(lines)
  }

  @Test(arguments: [
    ("CONSTRUCTOR=ABORTS", "crashed(SIGABRT"), ("CONSTRUCTOR=LOOPS", "timeout(seconds: 5.0)"),
    ("CONSTRUCTOR=EXITS", "crashed(exit status 0)"), ("INITIALISER=ABORTS", "crashed(SIGABRT"),
    ("INITIALISER=LOOPS", "timeout(seconds: 5.0)"),
    ("INITIALISER=EXITS", "crashed(exit status 0)"),
  ])
  func aLibraryThatMisbehavesWhileItIsLoaded(define: String, ends: String) throws {
    let fixture = try Fixture("misbehave", .reward, defines: [define])
    let lines = try IsolationHost(fixture).survive([define])
    let fields = try #require(lines.first).split(separator: "\t").map(String.init)
    #expect(fields[1].hasPrefix(ends), "\(lines)")
    #expect(fields[3...6] == ["0", "0", "0", "0"], "what is left: \(lines)")
    SurvivalReport.add(lines)
  }

  @Test func theHostIsKilledInTheMiddleOfACall() throws {
    let fixture = try Fixture("misbehave", .reward)
    let host = try IsolationHost(fixture)
    let pipe = try Descriptor.pipe()
    let process = try host.start("wait", ["100", "leave children and loop"], output: pipe.write)
    // The worker and its three descendants, two of them in sessions of their own.
    try #require(host.waitForHolders { $0 >= 4 })
    process.signal(SIGKILL)
    #expect(host.waitForHolders { $0 == 0 })
    SurvivalReport.add(["host killed in a call, children in other sessions\tnothing is left"])
  }

  @Test func theWorkerIsKilledAtAnyPoint() throws {
    let fixture = try Fixture("misbehave", .reward)
    let host = try IsolationHost(fixture)
    let reward = try fixture.isolated(Log()).loadReward(PluginReference(fixture.id)).part
    let killer = Thread {
      for pause in 0..<40 {
        usleep(UInt32(pause * 700))
        host.killHolders()
      }
    }
    killer.start()
    var answers = 0
    func call() throws {
      do {
        #expect(try reward.score(batch(["abc", "de"])) == [.score(3), .score(2)])
        answers += 1
      } catch let error as PluginError {
        #expect(error.problem == .crashed(.signalled(SIGKILL)), "\(error)")
      }
    }
    while !killer.isFinished { try call() }
    // The last kill may have met a worker between two calls.
    try call()
    #expect(try reward.score(batch(["abc"])) == [.score(3)])
    #expect(answers > 0)
  }
}

/// The program `isolation-host`, which the build puts beside the tests.
struct IsolationHost: Sendable {
  let fixture: Fixture
  private let images: String
  private let folder: String

  init(_ fixture: Fixture) throws {
    self.fixture = fixture
    images = fixture.folder.appending(path: "images").path()
    folder = fixture.folder.appending(path: "cwd").path()
    for path in [images, folder] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
  }

  func start(_ verb: String, _ arguments: [String], output: Descriptor) throws -> ChildProcess {
    try ChildProcess(
      ChildProcess.Launch(
        executable: FixtureSuite.libraryFolder + "/isolation-host",
        arguments: [
          verb, fixture.folder.appending(path: "plugin").path(), images,
          fixture.folder.appending(path: "bundles").path(),
        ] + arguments,
        workingDirectory: folder,
        descriptors: [1: output, 2: output]
      )
    )
  }

  /// Its lines for these cases.
  func survive(_ cases: [String]) throws -> [String] {
    let pipe = try Descriptor.pipe()
    let process = try start("survive", ["0.5"] + cases, output: pipe.write)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let hasEnded = process.wait(timeout: .milliseconds(20)) != nil
      while case let count = read(pipe.read.number, &chunk, chunk.count), count > 0 {
        bytes += chunk[..<count]
      }
      if hasEnded { break }
    }
    #expect(process.kill() == .exited(0))
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Processes that have the fixture's image mapped.
  var holders: [Int32] {
    (Files.names(in: "/proc") ?? []).compactMap { Int32($0) }.filter { id in
      let maps = (try? Files.readStream("/proc/\(id)/maps", limit: 1 << 22)) ?? []
      return String(decoding: maps, as: UTF8.self).contains(images)
    }
  }

  func waitForHolders(_ isEnough: (Int) -> Bool) -> Bool {
    for _ in 0..<1000 {
      if isEnough(holders.count) { return true }
      usleep(10_000)
    }
    return false
  }

  func killHolders() {
    for id in holders { kill(id, SIGKILL) }
  }
}

/// A file of cases and how each ended.
enum SurvivalReport {
  static func add(_ lines: [String]) {
    guard let path = ProcessInfo.processInfo.environment["STEPWISE_SURVIVAL_REPORT"] else { return }
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    guard file >= 0 else { return }
    let text = lines.joined(separator: "\n") + "\n"
    _ = text.withCString { write(file, $0, strlen($0)) }
    close(file)
  }
}

extension Fixture {
  /// A catalog that trusts nothing.
  func isolated(
    _ log: Log,
    policy: IsolationPolicy = IsolationPolicy()
  ) -> IsolatedCatalog {
    var services = HostServices()
    services.log = { log.add("\($0) \($2)") }
    services.bundleDirectory = folder.appending(path: "bundles").path()
    return IsolatedCatalog(
      catalog: PluginCatalog(
        searchPaths: [folder.appending(path: "plugin").path()],
        imageDirectory: folder.appending(path: "images").path(),
        policy: policy
      ),
      services: services
    )
  }
}

/// A catalog and the services of its plugins.
struct IsolatedCatalog {
  var catalog: PluginCatalog
  var services: HostServices

  func loadReward(_ reference: PluginReference) throws -> LoadedComponent<any RewardFunction> {
    try catalog.loadReward(reference, services: services)
  }
}
