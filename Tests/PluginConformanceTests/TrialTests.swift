import Components
import Foundation
import PluginConformance
import PluginHost
import Testing

/// fuzz, reproduce, bench and diff.
@Suite(.serialized) struct TrialTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "stepwise-trial-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func cleanUp() { try? FileManager.default.removeItem(at: folder) }

  // MARK: - Fuzzing

  /// The crash is found, made as small as it can be, kept, and happens again from what was kept.
  @Test func aFindingIsMadeSmallAndReproduces() throws {
    defer { cleanUp() }
    let fixture = try FaultFixture("reward-empty-text")
    let host = CheckHost.built()
    let runner = FuzzRunner(host: host, subject: fixture.subject, seed: 1)
    let summary = try runner.run(cases: 2000)
    let finding = try #require(summary.findings.first)
    #expect(finding.failure.contains("SIGSEGV"), "\(finding.failure)")
    let batch = try #require(finding.batch)
    #expect(batch.items.count == 1)
    #expect(batch.items[0].completion.isEmpty)

    let manifest = try PluginManifest(contentsOf: fixture.subject.manifestFile)
    let path = folder.appending(path: "case.bundle").path()
    let library = fixture.folder.appending(path: "lib.so").path()
    try runner.bundle(of: finding, manifest: manifest, library: library).write([batch], to: path)
    let bundle = try CallBundle(contentsOf: path)
    #expect(bundle.digest.count == 64)
    #expect(bundle.plugin == "org.stepwise.fixture.fault")
    #expect(bundle.error == finding.failure)
    func reproduce(_ manifestFile: String) throws -> Reproduction.Result {
      try Reproduction.run(
        bundle,
        in: path,
        manifestFile: manifestFile,
        libraryDirectories: [],
        on: host
      )
    }
    #expect(try reproduce(fixture.subject.manifestFile).failure?.contains("SIGSEGV") == true)
    // The same call, to a version that was mended.
    let mended = try FaultFixture("good-reward")
    let result = try reproduce(mended.subject.manifestFile)
    #expect(result.failure == nil)
    #expect(result.outcomes == [.score(0)])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()) == ["case.bundle"])
  }

  @Test func theSameSeedFindsTheSameCase() throws {
    defer { cleanUp() }
    let fixture = try FaultFixture("reward-empty-text")
    let numbers = try (0..<2).map { _ in
      try FuzzRunner(host: .built(), subject: fixture.subject, seed: 9).run(cases: 2000).findings[0]
        .number
    }
    #expect(numbers[0] == numbers[1])
  }

  @Test(arguments: ["good-reward", "good-dataset", "good-strategy"])
  func nothingIsFoundInAGoodPlugin(name: String) throws {
    defer { cleanUp() }
    let fixture = try FaultFixture(name)
    let runner = FuzzRunner(host: .built(), subject: fixture.subject, seed: 5)
    var progress: [Int] = []
    let summary = try runner.run(cases: 600) { progress.append($0) }
    #expect(summary.findings.isEmpty)
    #expect(summary.cases == 600)
    #expect(progress == [250, 500, 600])
  }

  @Test func aFolderThatIsNoBundle() throws {
    defer { cleanUp() }
    let error = #expect(throws: (any Error).self) { try CallBundle(contentsOf: folder.path()) }
    #expect("\(try #require(error))".contains("request.json: No such file"))
  }

  // MARK: - Differences

  @Test func aNewVersionIsCompared() throws {
    defer { cleanUp() }
    let old = try FaultFixture("good-reward")
    let new = try FaultFixture("reward-place")
    let batch = folder.appending(path: "batch.jsonl")
    // Two groups of two; the scores of the good one are size mod 11 / 10, the new one gives the first item 1.
    let lines = ["abc", "abcdef", "abcdefgh", "ab"].enumerated().map { index, text in
      #"{"completion": "\#(text)", "example_id": \#(index / 2)}"#
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: batch)
    let runner = DifferenceRunner(
      old: (old.subject, .built()),
      new: (new.subject, .built())
    )
    let difference = try runner.run(batchFile: batch.path())
    #expect(difference.changes.isEmpty)
    #expect(difference.itemCount == 4)
    #expect(difference.items.map(\.place) == [0])
    #expect(difference.items.first?.old == .score(0.3))
    #expect(difference.items.first?.new == .score(1))
    #expect(difference.largest == 0.7)
    // 0.3 < 0.6 before, 1 > 0.6 now: both of the group change sides.
    #expect(difference.signChanges == 2)
    #expect(difference.groupsThatTeach == (2, 2))
  }

  @Test func manifestsAreCompared() throws {
    defer { cleanUp() }
    let fixtures = (try FaultFixture("good-reward"), try FaultFixture("reward-bounds"))
    let old = try PluginManifest(contentsOf: fixtures.0.subject.manifestFile)
    let new = try PluginManifest(contentsOf: fixtures.1.subject.manifestFile)
    withExtendedLifetime(fixtures) {}
    let difference = PluginDifference(manifests: old, new, component: old.id)
    let changed = difference.changes.map { "\($0.key) \($0.old ?? "-") \($0.new ?? "-")" }
    #expect(
      changed == [
        "parameters.limit.type - integer", "parameters.limit.default - 5",
        "parameters.limit.minimum - 1.0", "parameters.limit.maximum - 10.0",
      ]
    )
  }

  @Test func aVersionThatFailsIsNamed() throws {
    defer { cleanUp() }
    let old = try FaultFixture("good-reward")
    let new = try FaultFixture("reward-refuses")
    let runner = DifferenceRunner(old: (old.subject, .built()), new: (new.subject, .built()))
    let error = #expect(throws: DifferenceRunner.Failure.self) { try runner.run(batchFile: nil) }
    let failure = try #require(error)
    #expect(failure.side == "new")
    #expect(failure.description.contains("more than five"))
  }

  // MARK: - Benchmarks

  @Test func callsAreTimed() throws {
    defer { cleanUp() }
    let fixture = try FaultFixture("good-reward")
    let benchmark = Benchmark(fixture.subject, items: 16, seconds: 0.1)
    let row = try benchmark.inProcess(on: .built())
    #expect(row.units == 16 && row.unit == "item")
    #expect(row.median > 0 && row.median <= row.p99)
    #expect(row.callsPerSecond > 100)
  }

  @Test func aStepIsThatOfARunsMetrics() {
    defer { cleanUp() }
    let lines = [
      #"{"step": 0, "step_time": 0.5, "sft/loss": 1}"#,
      #"{"step": 1, "step_time": 2.0, "rl/loss": 0}"#,
      #"{"step": 2, "step_time": 3.0, "rl/loss": 0}"#,
      #"{"step": 3, "step_time": 4.0, "rl/loss": 0}"#, #"{"step": 4, "st"#,
    ]
    let bytes = Array(lines.joined(separator: "\n").utf8)
    #expect(Benchmark.stepSeconds(metrics: bytes, kind: .reward) == 3)
    #expect(Benchmark.stepSeconds(metrics: bytes, kind: .strategy) == 3)
    #expect(Benchmark.stepSeconds(metrics: Array(lines[0].utf8), kind: .reward) == nil)
  }
}
