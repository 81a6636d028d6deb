import Foundation
import Testing

/// Rewards that depend on each other, in runs as people start them.
struct GatedRewardTests {
  private static let form =
    "{plugin: regex, name: form, weight: 0.5, parameters: {pattern: knight}"
  private static let right = """
    {plugin: knights-and-knaves, weight: 2, gate: {reward: form, at_least: 1, otherwise: -2}, \
    clip: [-1, 3]
    """

  private func rewards(_ entries: String...) -> String {
    "rewards=[\(entries.joined(separator: ", "))]"
  }

  private func lines(_ workshop: Workshop, _ file: String) throws -> [[String: Any]] {
    try workshop.text(file).split(separator: "\n").compactMap {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
  }

  @Test("order and isolation change nothing; metrics, rollouts and rescoring show the gate")
  func runs() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 6)
    try workshop.trainSteered("one", "strategy=grpo", rewards("\(Self.form)}", "\(Self.right)}"))
    try workshop.trainSteered("two", "strategy=grpo", rewards("\(Self.right)}", "\(Self.form)}"))
    try workshop.trainSteered(
      "three",
      "strategy=grpo",
      rewards("\(Self.form), isolation: process}", "\(Self.right), isolation: process}")
    )
    try workshop.trainSteered(
      "plain",
      "strategy=grpo",
      rewards("\(Self.form)}", "{plugin: knights-and-knaves, weight: 2}")
    )
    #expect(try workshop.weights("one") == workshop.weights("two"))
    #expect(try workshop.weights("one") == workshop.weights("three"))
    #expect(try workshop.weights("one") != workshop.weights("plain"))

    let metrics = try workshop.text("one/metrics.jsonl")
    #expect(metrics.contains("rewards/knights-and-knaves/gated_ratio"))
    #expect(metrics.contains("rewards/knights-and-knaves/clipped_ratio"))
    #expect(!metrics.contains("rewards/form/gated_ratio"))

    var (shut, open) = (0, 0)
    for rollout in try lines(workshop, "one/rollouts.jsonl") {
      let scores = try #require(rollout["rewards"] as? [String: Any])
      let total = try #require(rollout["reward"] as? Double)
      if try #require(scores["form"] as? Double) == 1 {
        let right = try #require(scores["knights-and-knaves"] as? Double)
        #expect(total == 0.5 + 2 * min(max(right, -1), 3))
        open += 1
      } else {
        #expect(scores["knights-and-knaves"] is NSNull)
        #expect(total == -4)
        shut += 1
      }
    }
    #expect(shut > 0 && open > 0, "\(shut) shut, \(open) open")

    let answer = try workshop.stepwise(
      "runs",
      "rescore",
      "one",
      "--reward",
      "knights-and-knaves",
      "--json"
    )
    #expect(answer.code == 0, "\(answer.error)")
    let record =
      try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
    // Rescoring asks about all, the gate's shut ones too.
    #expect(record?["abstained"] as? Int == 0)
    #expect(record?["rollouts"] as? Int == shut + open)
  }

  @Test("swaps keep a reward's gate, and one that would leave a gate without its reward is refused")
  func swaps() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 6)
    let entries = rewards("\(Self.form)}", "\(Self.right)}")
    try workshop.trainSteered("plain", "strategy=grpo", entries)
    try workshop.trainSteered(
      "same",
      interventions:
        "{step: 3, swap: {slot: rewards/knights-and-knaves, plugin: knights-and-knaves}}",
      "strategy=grpo",
      entries
    )
    #expect(try workshop.weights("plain") == workshop.weights("same"))
    try workshop.trainSteered(
      "other",
      interventions:
        "{step: 3, swap: {slot: rewards/form, plugin: regex, parameters: {pattern: knave}}}",
      "strategy=grpo",
      entries
    )
    #expect(try workshop.weights("plain") != workshop.weights("other"))
    #expect(try workshop.deeds("other").contains("swap done"))
    // Without a name of its own a reward has its plugin's, and the gate would look at nobody.
    let nameless = Self.form.replacingOccurrences(of: "name: form, ", with: "")
    let right = Self.right.replacingOccurrences(of: "reward: form", with: "reward: regex")
    let refused = try Stepwise.run(
      [
        "train", "steer.yaml", "output_dir=refused", "strategy=grpo",
        rewards("\(nameless)}", "\(right)}"),
        "interventions=[{step: 3, swap: {slot: rewards/regex, plugin: format}}]",
      ],
      in: workshop.url
    )
    #expect(refused.error.contains("regex is no reward of this run"), "\(refused.error)")
  }

  @Test(
    "gates that cannot be are errors before the first step",
    arguments: [
      ("{reward: from, at_least: 1}", "from is no reward of this run. Did you mean form?"),
      ("{reward: knights-and-knaves, at_least: 1}", "is the reward itself"),
      ("{reward: form}", "at_least: is missing"),
    ]
  )
  func refused(gate: String, problem: String) throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 2)
    let answer = try Stepwise.run(
      [
        "train", "steer.yaml", "output_dir=out", "strategy=grpo",
        rewards("\(Self.form)}", "{plugin: knights-and-knaves, gate: \(gate)}"),
      ],
      in: workshop.url
    )
    #expect(answer.code != 0)
    #expect(answer.error.contains(problem), "\(answer.error)")
  }
}
