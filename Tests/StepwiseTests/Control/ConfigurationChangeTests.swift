import Components
import PluginHost
import Testing
import Training

@testable import stepwise

@Suite struct ConfigurationChangeTests {
  private func change(_ names: [String] = ["exact", "a.b"]) throws -> ConfigurationChange {
    let yaml = """
      model_name_or_path: models/tiny
      strategy: {plugin: mixer, parameters: {mu: 0.5, table: {deep: 2}}, isolation: process, timeout: 3}
      prompts: {plugin: puzzles, parameters: {people: 3}}
      rewards:
        - {plugin: exact, weight: 2, on_failure: abstain}
        - {plugin: form, name: a.b}
      grpo: {beta: 0.25}

      """
    return ConfigurationChange(
      loaded: try RunConfiguration.load(yaml: yaml, file: "run.yaml", overrides: []),
      rewardNames: names,
      ids: ["strategy": "org.example.mixer", "rewards.0": "org.example.exact"]
    )
  }

  private func swap(
    _ slot: String,
    _ plugin: String,
    _ parameters: ParameterValue = .object([]),
    reload: Bool = false
  ) -> Intervention.Swap {
    var component = ComponentConfiguration(plugin: plugin)
    component.parameters = parameters
    return Intervention.Swap(slot: slot, component: component, isReload: reload)
  }

  @Test func anotherPluginStartsWithItsOwnParameters() throws {
    let (target, slot) = try change().swapped(swap("strategy", "other"))
    let strategy = try #require(target.configuration.strategy)
    #expect(slot == "strategy" && strategy.plugin == "other")
    #expect(strategy.parameters["mu"] == nil && strategy.isolation == nil && strategy.timeout == 3)
    #expect(target.configuration.prompts == (try change().loaded.configuration.prompts))
  }

  @Test func aReloadKeepsWhatIsNotGiven() throws {
    let given = ParameterValue.object([ParameterEntry("mu", .double(0.75))])
    for name in ["mixer", "org.example.mixer", "./mixer"] {
      let (target, _) = try change().swapped(swap("strategy", name, given, reload: true))
      let strategy = try #require(target.configuration.strategy)
      #expect(strategy.plugin == (name == "./mixer" ? name : "mixer"))
      #expect(strategy.parameters["mu"] == .double(0.75))
      #expect(strategy.parameters["table"]?["deep"] == .int(2) && strategy.isolation == .process)
    }
    for (slot, name) in [("strategy", "other"), ("demonstrations", "mixer"), ("rewards/new", "x")] {
      #expect(throws: ControlProblem.self) {
        try change().swapped(swap(slot, name, reload: true))
      }
    }
  }

  @Test func rewardsKeepTheirPlace() throws {
    let (named, slot) = try change().swapped(swap("rewards/a.b", "other"))
    #expect(slot == "rewards.1" && named.configuration.rewards.map(\.name) == [nil, "a.b"])
    let (first, _) = try change().swapped(swap("rewards/exact", "other"))
    #expect(first.configuration.rewards[0].weight == 2)
    #expect(first.configuration.rewards[0].onFailure == .abstain)
    let (more, last) = try change().swapped(swap("rewards/new", "other"))
    #expect(last == "rewards.2" && more.configuration.rewards.count == 3)
    #expect(
      more.configuration.rewards[2].name == "new" && more.configuration.rewards[2].weight == 1
    )
    let (all, place) = try change().swapped(swap("rewards", "other"))
    #expect(place == "rewards.0" && all.configuration.rewards.count == 1)
    #expect(all.configuration.rewards[0].weight == 1)
  }

  @Test func settingsHaveTwoNamesAtMost() throws {
    let change = try change()
    #expect(try change.changeablePath("rewards.a.b.weight") == "rewards.1.weight")
    #expect(try change.changeablePath("rewards.1.weight") == "rewards.1.weight")
    #expect(try change.changeablePath("rewards.exact.parameters.x.y") == "rewards.0.parameters.x.y")
    #expect(try change.number("rewards.exact.weight") == 2)
    #expect(try change.number("strategy.parameters.table.deep") == 2)
    #expect(try change.setting("grpo.beta", to: "1e-2").configuration.training.grpo.beta == 0.01)
    let weighted = try change.setting("rewards.a.b.weight", to: "3")
    #expect(weighted.configuration.rewards.map(\.weight) == [2, 3])
    for key in [
      "seed", "grpo.num_generations", "rewards.exact.name", "rewards.2.weight", "strategy.plugin",
      "strategy.parameters", "strategy.parameters.", "", ".", "rewards", "nothing",
    ] {
      #expect(throws: ControlProblem.self, "\(key)") { try change.setting(key, to: "1") }
    }
    #expect(throws: ControlProblem.self) { try change.number("grpo.loss_type") }
    #expect(throws: ControlProblem.self) { try change.setting("grpo.beta", to: "-1") }
    #expect(throws: ControlProblem.self) { try change.setting("grpo.beta", to: "1, seed: 3") }
  }

  /// What must not change is not among what may.
  @Test func changeableAndFixedAreKeys() {
    for key in ConfigurationKeys.changeable.union(ConfigurationKeys.fixed) {
      #expect(ConfigurationKeys.byPath[key] != nil, "\(key)")
    }
    #expect(ConfigurationKeys.changeable.isDisjoint(with: ConfigurationKeys.fixed))
  }
}
