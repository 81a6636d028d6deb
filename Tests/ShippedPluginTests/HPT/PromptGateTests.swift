import Components
import PluginHost
import Testing

@Suite("hpt and superrl")
struct PromptGateTests {
  /// All 0/1 groups of four samples.
  static let groups: [[Double?]] = (0..<16).map { bits in
    (0..<4).map { bits >> $0 & 1 == 1 ? 1.0 : 0.0 }
  }

  @Test("hpt: at most `gate` solved samples send a prompt to SFT", arguments: 0...4)
  func gate(_ gate: Int) throws {
    let strategy = try shippedStrategy("hpt", ["gate": .int(Int64(gate))])
    #expect(strategy.requirements == [.prompts, .promptDemonstrations])
    let routes = try #require(try strategy.route(routeRequest(Self.groups)))
    for (group, route) in zip(Self.groups, routes) {
      let solved = group.count { $0 == 1 }
      let expected =
        solved <= gate
        ? PromptRoute(keepRollouts: false, demonstration: .sft) : PromptRoute()
      #expect(route == expected, "\(solved) solved, gate \(gate)")
    }
  }

  @Test("hpt: the defaults are gate 0 and coefficient 1; the step is RL and nothing else is asked")
  func plan() throws {
    let strategy = try shippedStrategy("hpt", [:])
    var run = SimulatedRun(strategy)
    let plan = try run.run()
    #expect(plan == StepPlan(.rl, reason: plan.reason))
    let routes = try #require(try strategy.route(routeRequest(Self.groups)))
    #expect(routes.count { $0.demonstration == .sft } == 1)
    #expect(try strategy.saveState().isEmpty)
    for name in ["hpt", "superrl"] {
      let half = try shippedStrategy(name, ["sft_coefficient": 0.5])
      var run = SimulatedRun(half)
      #expect(try run.run().sftWeight == 0.5)
      #expect(try run.run().rlWeight == 1)
    }
  }

  @Test("a sample that counts as solved is what the run says, not a positive reward")
  func solved() throws {
    let group = PromptGroup(
      exampleID: 1,
      rewards: [0.4, 0.9, nil],
      succeeded: [false, false, false],
      hasDemonstration: true
    )
    let request = RouteRequest(step: 0, prompts: [group])
    #expect(try shippedStrategy("hpt", [:]).route(request)?[0].demonstration == .sft)
    #expect(
      try shippedStrategy("superrl", [:]).route(request)?[0].demonstration
        == PromptRoute.Demonstration.none
    )
  }

  @Test("superrl: no sample above `no_reward`, those that nothing judged included")
  func superRL() throws {
    let groups: [[Double?]] = [
      [0, 0, 0, 0], [0, 0, 0.01, 0], [nil, nil, nil, nil], [nil, 0, 0, nil], [nil, 1, 0, 0],
      [-3, -1.5, -3, -3], [-3, -3, -3, -3], [-3, 2, -3, -3],
    ]
    func failed(_ parameters: ParameterValue) throws -> [Bool]? {
      try shippedStrategy("superrl", parameters).route(routeRequest(groups))?
        .map { $0.demonstration == .sft && !$0.keepRollouts }
    }
    #expect(try failed([:]) == [true, false, true, true, false, true, true, false])
    #expect(
      try failed(["no_reward": -3]) == [false, false, true, false, false, false, true, false]
    )
  }

  @Test("superrl is hpt with gate 0 where rewards are 0 and 1")
  func same() throws {
    let request = routeRequest(Self.groups)
    #expect(
      try shippedStrategy("superrl", [:]).route(request)
        == shippedStrategy("hpt", ["gate": 0]).route(request)
    )
  }

  @Test(
    "normaliser prompts weighs the parts by their shares of the prompts",
    arguments: ["hpt", "superrl"]
  )
  func shares(name: String) throws {
    let strategy = try shippedStrategy(name, ["normaliser": "prompts"])
    let routes = try #require(
      try strategy.route(routeRequest([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]))
    )
    #expect(routes.map(\.weight) == [0.4, 0.6, 0.6, 0.6, 0.4])
    // One part alone keeps the whole weight.
    #expect(try strategy.route(routeRequest([[0, 0]]))?.map(\.weight) == [1])
    #expect(try strategy.route(routeRequest([[0, 1]]))?.map(\.weight) == [1])
  }

  @Test("gate and coefficient change while the run goes on; wrong values are refused")
  func changes() throws {
    let loaded = try changeableStrategy("hpt", ["gate": 0])
    let request = routeRequest([[1, 0, 0, 0]])
    #expect(try loaded.part.route(request)?[0].keepRollouts == true)
    try loaded.reconfigure(["gate": 1])
    #expect(try loaded.part.route(request)?[0].keepRollouts == false)
    #expect(throws: (any Error).self) { try loaded.reconfigure(["normaliser": "prompts"]) }
    for (name, parameters) in [
      ("hpt", ["gate": -1]), ("hpt", ["gate": 0.5]), ("superrl", ["gate": 0]),
      ("hpt", ["sft_coefficient": -0.1]), ("superrl", ["normaliser": "some"]),
    ] as [(String, ParameterValue)] {
      #expect(throws: (any Error).self) { try shippedStrategy(name, parameters) }
    }
  }
}
