import Testing
import Training

@testable import stepwise

@Suite struct RewardPlaceTests {
  private func load(_ reward: String) throws -> LoadedConfiguration {
    try RunConfiguration.load(
      yaml: """
        model_name_or_path: models/tiny
        strategy: mixer
        prompts: puzzles
        rewards:
          - format
          - \(reward)

        """,
      file: "run.yaml"
    )
  }

  @Test func gateAndClipAreRead() throws {
    let reward = try load(
      "{plugin: exact, gate: {reward: format, at_least: 1, otherwise: -0.5}, clip: [-1, 1.5]}"
    ).configuration.rewards[1]
    #expect(reward.gate == RewardGate(reward: "format", atLeast: 1, otherwise: -0.5))
    #expect(reward.clip == -1...1.5)
    let range = try load("{plugin: exact, gate: {reward: format, at_least: 0, below: 1}}")
      .configuration.rewards[1]
    #expect(range.gate == RewardGate(reward: "format", atLeast: 0, below: 1))
    let none = try load("{plugin: exact, gate: null, clip: null}").configuration.rewards[1]
    #expect(none.gate == nil && none.clip == nil)
  }

  @Test func theyAreWrittenBack() throws {
    let loaded = try load(
      "{plugin: exact, gate: {reward: format, below: 0.5, otherwise: 2}, clip: [0, 1]}"
    )
    let again = try RunConfiguration.load(yaml: loaded.configuration.yaml, file: "config.yaml")
    #expect(again.configuration == loaded.configuration)
  }

  @Test(arguments: [
    ("{plugin: exact, gate: format}", "is not a gate"),
    ("{plugin: exact, gate: {reward: format}}", "rewards.1.gate.at_least: is missing"),
    ("{plugin: exact, gate: {at_least: 1}}", "rewards.1.gate.reward: is missing"),
    ("{plugin: exact, gate: {reward: format, at_last: 1}}", "Did you mean at_least?"),
    ("{plugin: exact, gate: {reward: format, at_least: yes}}", "rewards.1.gate.at_least"),
    ("{plugin: exact, gate: {reward: format, at_least: 1, below: 1}}", "never opens"),
    ("{plugin: exact, clip: 1}", "rewards.1.clip: 1 is not two numbers"),
    ("{plugin: exact, clip: [1, 0]}", "is not two numbers, the lower one first"),
    ("{plugin: exact, clip: [0, 1, 2]}", "is not two numbers"),
    ("{plugin: exact, clip: [0, x]}", "is not two numbers"),
    ("{plugin: exact, gates: {}}", "Did you mean gate?"),
  ])
  func badPlaces(reward: String, problem: String) {
    let error = #expect(throws: ConfigurationError.self) { try load(reward) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }
}
