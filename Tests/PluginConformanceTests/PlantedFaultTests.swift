import Components
import PluginConformance
import Testing

/// The suite finds what is wrong on purpose, and nothing where nothing is.
@Suite(.serialized) struct PlantedFaultTests {
  static let faulty = FaultFixture.names.filter { !$0.hasPrefix("good-") }
  static let good = FaultFixture.names.filter { $0.hasPrefix("good-") }

  @Test func thereAreEnough() {
    #expect(Self.faulty.count >= 50)
    #expect(Self.good.count == 3)
  }

  @Test(arguments: faulty) func isFound(name: String) throws {
    let fixture = try FaultFixture(name)
    // 3 to 6 seconds in place of 30 and 60: some of them hang.
    let host = CheckHost.built(slowness: 0.1)
    try #require(!fixture.expected.isEmpty)
    for id in fixture.expected {
      let runner = CheckRunner(host: host, filter: id)
      let results = try runner.run(fixture.subject)
      let result = try #require(results.first { $0.test == id })
      #expect(result.answer.isBad, "\(id): \(result.answer.rawValue) \(result.found)")
      #expect(!result.found.isEmpty && !result.cure.isEmpty)
    }
  }

  @Test(arguments: good) func nothingIsFound(name: String) throws {
    let fixture = try FaultFixture(name)
    let results = try CheckRunner(host: .built()).run(fixture.subject)
    #expect(
      results.count == ConformanceTestSummary.all.filter { $0.kinds.contains(fixture.kind) }.count
    )
    for result in results {
      #expect(
        result.answer == .passed || result.answer == .skipped,
        "\(result.test): \(result.answer.rawValue) \(result.found)"
      )
    }
  }

  /// What a crash and a hang look like to who reads the answer.
  @Test func saysHowItEnded() throws {
    func found(_ name: String, _ test: String) throws -> CheckResult {
      let fixture = try FaultFixture(name)
      let runner = CheckRunner(host: .built(slowness: 0.1), filter: test)
      return try #require(try runner.run(fixture.subject).first { $0.test == test })
    }
    let crash = try found("reward-empty-text", "odd.text")
    #expect(crash.answer == .crashed)
    #expect(crash.found.contains("SIGSEGV (segmentation fault) while scoring the completion \"\""))
    let hang = try found("reward-nul", "odd.text")
    #expect(hang.answer == .timeout)
    #expect(hang.found.contains("within 3 s while scoring the completion \"\\0\""), "\(hang.found)")
    let exit = try found("reward-exits", "score.completes")
    #expect(exit.answer == .crashed)
    #expect(exit.found.contains("exit status 0 while scoring a batch of 7"))
    let abort = try found("reward-many", "odd.huge-batch")
    #expect(abort.found.contains("SIGABRT"))
  }

  /// A plugin that cannot be loaded: one finding, and the rest says why it was not tried.
  @Test func nothingElseIsTriedWithoutTheComponent() throws {
    let fixture = try FaultFixture("reward-range-declared")
    let results = try CheckRunner(host: .built()).run(fixture.subject)
    let bad = results.filter(\.answer.isBad)
    #expect(bad.map(\.test) == ["load.component"])
    #expect(results.last?.answer == .skipped)
    #expect(results.last?.found == CheckRunner.notReached)
  }

  @Test func filters() throws {
    let fixture = try FaultFixture("good-reward")
    let results = try CheckRunner(host: .built(), filter: "determinism").run(fixture.subject)
    #expect(
      results.map(\.test) == [
        "determinism.repeat", "determinism.instances", "determinism.processes",
      ]
    )
  }
}
