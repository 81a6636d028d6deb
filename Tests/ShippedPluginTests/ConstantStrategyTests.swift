import Components
import Testing

@Suite("sft, grpo and static")
struct ConstantStrategyTests {
  @Test("sft and grpo are always one", arguments: [("sft", StepKind.sft), ("grpo", .rl)])
  func always(name: String, kind: StepKind) throws {
    let strategy = try shippedStrategy(name, [:])
    #expect(strategy.requirements == (kind == .sft ? .demonstrations : .prompts))
    var run = SimulatedRun(strategy)
    for plan in try run.run(20) {
      #expect(plan.kind == kind)
      #expect(plan == StepPlan(kind, reason: plan.reason))
      #expect(!plan.reason.isEmpty)
    }
    #expect(try strategy.saveState().isEmpty)
  }

  @Test("static weighs the losses by mu and 1 - mu", arguments: [0.1, 0.25, 0.9])
  func weights(mu: Double) throws {
    let strategy = try shippedStrategy("static", ["mu": .double(mu)])
    #expect(strategy.requirements == [.demonstrations, .prompts])
    var run = SimulatedRun(strategy)
    for plan in try run.run(5) {
      #expect(plan.kind == .both)
      #expect(plan.sftWeight == mu)
      #expect(plan.rlWeight == 1 - mu)
      #expect(plan["mu"] == mu)
    }
  }

  @Test("static has mu 0.1 by default, and makes no part of weight 0")
  func edges() throws {
    var usual = SimulatedRun(try shippedStrategy("static", [:]))
    #expect(try usual.run().sftWeight == 0.1)
    for (mu, kind, needs) in [
      (0.0, StepKind.rl, StrategyRequirements.prompts), (1, .sft, .demonstrations),
    ] {
      let strategy = try shippedStrategy("static", ["mu": .double(mu)])
      #expect(strategy.requirements == needs)
      var run = SimulatedRun(strategy)
      let plan = try run.run()
      #expect(plan.kind == kind)
      #expect((kind == .sft ? plan.sftWeight : plan.rlWeight) == 1)
    }
    #expect(throws: (any Error).self) { try shippedStrategy("static", ["mu": 1.5]) }
    #expect(throws: (any Error).self) { try shippedStrategy("static", ["mu": "much"]) }
  }
}
