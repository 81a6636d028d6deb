import Components
import Foundation
import PluginHost
import Testing

@Suite struct RewardAdapterTests {
  @Test func scores() throws {
    let reward = try Fixture("reward", .reward).reward()
    #expect(try reward.part.score(batch(["short", "too long"])) == [.score(1), .score(0)])
    #expect(try reward.part.score(batch([])) == [])
    #expect(reward.part.description.minimum == 0)
    #expect(reward.part.description.maximum == 1)
    #expect(reward.part.description.name == "reward")
    #expect(reward.part.identity.id == "org.stepwise.fixture.reward")
  }

  /// A fault, and words that the error must have.
  static let faults: [(String, [String])] = [
    ("SCORE_FAILS", ["score", "the moon is in the wrong house"]),
    ("SCORE_FAILS_SILENTLY", ["out of memory (status -5"]),
    ("SCORE_ANSWERS_SEVEN", ["status 7"]),
    ("COUNT_TOO_LOW", ["wrote 2 answers for 3 items"]),
    ("COUNT_TOO_HIGH", ["wrote 4 answers for 3 items"]),
    ("LAST_UNWRITTEN", ["left item 2 (id 102, row 2) without an answer"]),
    ("ONE_FOR_ALL", ["wrote 1 answers for 3 items"]),
    ("ONE_TOO_MANY", ["wrote behind the 3 answers"]),
    ("NOT_A_NUMBER", ["item 2 (id 102, row 2)", "nan"]),
    ("INFINITE", ["item 2", "inf"]),
    ("OUT_OF_RANGE", ["item 2", "1.5", "0.0 to 1.0"]),
    ("ITEM_ERROR", ["item 2", "too silly"]),
    ("UNKNOWN_STATUS", ["item 2", "status 9"]),
    ("PERMUTED", ["item 0 (id 100, row 0) is marked with the id 102, which is item 2"]),
    ("LONG_MESSAGE", ["xxxxxxxx"]),
    ("BAD_UTF8_MESSAGE", ["bad \u{FFFD}\u{FFFD} bytes"]),
  ]

  @Test(arguments: faults) func refusesWrongAnswers(fault: String, words: [String]) throws {
    let fixture = try Fixture("reward", .reward, defines: ["FAULT=\(fault)"])
    let reward = try fixture.reward().part
    let error = try #require(pluginError { _ = try reward.score(batch(["a", "b", "c"])) })
    #expect(error.hook == "score")
    #expect(error.plugin == fixture.id)
    #expect(error.file == fixture.library.path())
    for word in words { #expect(error.description.contains(word), "\(error)") }
    #expect(error.message.utf8.count <= 4096)
  }

  @Test(arguments: [
    ("CREATE_FAILS", "create", "not to its taste"),
    ("CREATE_GIVES_NOTHING", "create", "gave no instance"),
    ("CREATE_CALLS_HOST", "create", "called cancelled in create"),
    ("INIT_FAILS", "init", "the file is not there"),
    ("RANGE_REVERSED", "describe", "2.0 to 1.0"),
  ])
  func namesTheHook(fault: String, hook: String, word: String) throws {
    let fixture = try Fixture("reward", .reward, defines: ["FAULT=\(fault)"])
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.hook == hook)
    #expect(error.description.contains(word), "\(error)")
  }

  @Test func manifestBoundsHold() throws {
    let fixture = try Fixture(
      "reward",
      .reward,
      defines: ["FAULT=RANGE_WIDER_THAN_MANIFEST"],
      extra: "measures: { minimum: 0, maximum: 1 }"
    )
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.description.contains("the maximum is 10.0, the manifest says 1.0"))
  }

  @Test func manifestSpeaksForAMuteReward() throws {
    let fixture = try Fixture(
      "concurrency",
      .reward,
      defines: ["MODE=0"],
      extra: "measures: { name: inside, minimum: 1, success_threshold: 2, columns: [answer] }"
    )
    let reward = try fixture.reward().part
    #expect(
      reward.description
        == RewardDescription(
          name: "inside",
          minimum: 1,
          successThreshold: 2,
          requiredColumns: ["answer"]
        )
    )
    let error = try #require(pluginError { _ = try reward.score(batch(["a"])) })
    #expect(error.description.contains("needs the column 'answer', which row 0 does not have"))
    #expect(try reward.score(batch(["a"], columns: [Column("answer", .null)])) == [.score(1)])
  }

  @Test func destroyedExactlyOnce() throws {
    let log = Log()
    var services = HostServices()
    services.log = { _, label, message in log.add("\(label): \(message)") }
    let fixture = try Fixture("reward", .reward)
    do {
      let reward = try fixture.reward(services: services)
      _ = try reward.part.score(batch(["a"]))
      #expect(log.all == [])
    }
    #expect(log.all == ["reward: destroyed"])
    let failing = try Fixture("reward", .reward, defines: ["FAULT=INIT_FAILS"])
    #expect(pluginError { _ = try failing.reward(services: services) } != nil)
    #expect(log.all == ["reward: destroyed", "reward: destroyed"])
  }

  /// A plugin may leave the processor in flush-to-zero mode; training's bits must not depend on it.
  @Test func floatingPointModeIsPutBack() throws {
    let reward = try Fixture("reward", .reward, defines: ["FAULT=FLUSHES_TO_ZERO"]).reward().part
    _ = try reward.score(batch(["a"]))
    let tiny = Double.leastNormalMagnitude
    #expect(opaque(tiny) / 2 != 0)
  }

  @inline(never) private func opaque(_ value: Double) -> Double { value }

  @Test(arguments: [(0, 1...1), (1, 2...8)])
  func concurrencyIsHeld(mode: Int, expected: ClosedRange<Int>) async throws {
    let fixture = try Fixture("concurrency", .reward, defines: ["MODE=\(mode)"])
    let shared = Shared(try fixture.reward().part)
    let threads = (0..<8).map { _ in
      Thread { shared.result = (try? shared.reward.score(batch(["a"]))) ?? [] }
    }
    threads.forEach { $0.start() }
    while threads.contains(where: { !$0.isFinished }) {
      try await Task.sleep(for: .milliseconds(5))
    }
    let outcome = try #require(try shared.reward.score(batch(["a"])).first)
    guard case .score(let most) = outcome else {
      Issue.record("abstained")
      return
    }
    #expect(expected.contains(Int(most)), "\(most) calls at once")
  }

  /// Carries a reward to threads. Unchecked: that is what the test is about.
  private final class Shared: @unchecked Sendable {
    let reward: any RewardFunction
    var result: [RewardOutcome] = []
    init(_ reward: any RewardFunction) { self.reward = reward }
  }
}
