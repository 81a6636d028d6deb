import Components
import Foundation
import PluginHost
import Testing

/// The answers that rewards read from completions for majority votes.
@Suite struct AnswerAdapterTests {
  private func reward(_ fault: String = "NO_FAULT") throws -> (any RewardFunction, Fixture) {
    let fixture = try Fixture("reward", .reward, defines: ["FAULT=\(fault)"])
    return (try fixture.reward().part, fixture)
  }

  @Test func answers() throws {
    let (reward, _) = try reward()
    let completions = ["Yes", "?", "YES", "-", "n\u{0}É", ""]
    #expect(try reward.answers(batch(completions)) == ["yes", nil, "yes", "", "n\u{0}É", ""])
    #expect(try reward.answers(batch([])) == [])
  }

  /// NULL, and a table compiled against headers that had no such function: both load, score, and have no answers.
  @Test(arguments: ["NO_ANSWERS", "OLDER_TABLE"]) func absent(fault: String) throws {
    let (reward, _) = try reward(fault)
    #expect(try reward.score(batch(["short", "too long"])) == [.score(1), .score(0)])
    #expect(try reward.answers(batch(["Yes", "No"])) == [nil, nil])
  }

  static let faults: [(String, [String])] = [
    ("ANSWERS_FAIL", ["nobody knows"]),
    ("ANSWERS_SEVEN", ["status 7"]),
    ("ANSWER_BEYOND", ["an answer for the item 3 of a batch of 3"]),
    ("ANSWER_FAR_BEYOND", ["an answer for the item 18446744073709551615 of a batch of 3"]),
    ("ANSWER_TWICE", ["a second answer for item 1 (id 101, row 1)", "once for each item"]),
    ("ANSWER_BAD_UTF8", ["the answer of item 2 (id 102, row 2), 4 bytes, is no UTF-8 text"]),
    ("ANSWER_TOO_LONG", ["item 2", "1048577 bytes", "at most 1048576"]),
    ("ANSWER_WITHOUT_BYTES", ["the answer of item 2", "3 bytes, is no UTF-8 text"]),
  ]

  @Test(arguments: faults) func refuses(fault: String, words: [String]) throws {
    let (reward, fixture) = try reward(fault)
    // Item 2 has no answer of its own, so that a fault there is the only one.
    let error = try #require(pluginError { _ = try reward.answers(batch(["a", "b", "?"])) })
    #expect(error.hook == "answers")
    #expect(error.plugin == fixture.id)
    #expect(error.file == fixture.library.path())
    for word in words { #expect(error.description.contains(word), "\(error)") }
    #expect(error.problem == (fault == "ANSWERS_FAIL" ? .refused(status: -10) : .output))
    // The fault is in the answers alone.
    #expect(try reward.score(batch(["a"])) == [.score(1)])
  }

  @Test func columnsAreRequired() throws {
    let fixture = try Fixture("reward", .reward, extra: "measures: { columns: [answer] }")
    let reward = try fixture.reward().part
    let error = try #require(pluginError { _ = try reward.answers(batch(["a"])) })
    #expect(error.hook == "answers")
    #expect(error.description.contains("needs the column 'answer', which row 0 does not have"))
    #expect(try reward.answers(batch(["A"], columns: [Column("answer", .null)])) == ["a"])
  }

  // MARK: - Through the Swift SDK

  @Test func itemReward() throws {
    let reward = try FixtureSuite.catalog.loadReward(
      PluginReference("org.stepwise.fixture.suite")
    ).part
    #expect(try reward.answers(batch(["Ab", "abstain", "", "É"])) == ["ab", nil, "", "é"])
    // Enough for several of the host's workers.
    let many = (0..<500).map { $0 % 3 == 0 ? "abstain" : "X\($0)" }
    #expect(
      try reward.answers(batch(many)) == many.map { $0 == "abstain" ? nil : $0.lowercased() }
    )
    let error = try #require(
      pluginError { _ = try reward.answers(batch(["a", "abstain", "fail", "fail"])) }
    )
    #expect(error.hook == "answers")
    #expect(error.problem == .refused(status: -10))
    #expect(error.description.contains("item 2 (id 102, row 2): nothing can be said"))
  }

  @Test func batchReward() throws {
    let reward = try FixtureSuite.catalog.loadReward(PluginReference("compare")).part
    let columns = [Column("answer", .text("yes"))]
    #expect(
      try reward.answers(batch(["a", "b"], columns: columns)) == ["a of 2 at 3", "b of 2 at 3"]
    )
    let error = try #require(
      pluginError { _ = try reward.answers(batch(["few", "b", "c"], columns: columns)) }
    )
    #expect(error.description.contains("gave 1 answers, nil included, for 3 items"))
  }

  @Test func rewardWithoutAnswers() throws {
    let reward = try FixtureSuite.catalog.loadReward(PluginReference("swift-services")).part
    #expect(try reward.answers(batch(["a", "b"])) == [nil, nil])
  }
}
