import Components
import PluginHost
import Testing

@Suite("relift")
struct ReLIFTTests {
  /// A run without a model: which of a step's four prompts fail is drawn from (seed, step).
  struct Run {
    let strategy: any MixingStrategy
    var step = 0
    var plans: [StepPlan] = []

    static func failures(_ step: Int) -> [UInt64] {
      (0..<4).filter { SimulatedRun.uniform(seed: 9, step: step, item: UInt64($0)) < 0.4 }
        .map { UInt64(step * 4 + $0) % 50 }
    }

    mutating func run(_ count: Int) throws {
      var simulated = SimulatedRun(strategy)
      for _ in 0..<count {
        simulated.step = step
        let plan = try strategy.beginStep(simulated.context())
        plans.append(plan)
        if plan.kind == .rl {
          let failed = Self.failures(step)
          let prompts = (0..<4).map { index -> PromptGroup in
            let id = UInt64(step * 4 + index) % 50
            return PromptGroup(
              exampleID: id,
              rewards: [0, 0],
              succeeded: [false, !failed.contains(id)],
              hasDemonstration: true
            )
          }
          #expect(try strategy.route(RouteRequest(step: step, prompts: prompts)) == nil)
        }
        try strategy.endStep(StepReport(step: step, kind: plan.kind, gradNorm: 1))
        step += 1
      }
    }
  }

  @Test(
    "rows wait in the order in which their groups failed, and leave M at a time",
    arguments: [1, 3, 7]
  )
  func queue(size: Int) throws {
    let strategy = try shippedStrategy("relift", ["buffer_size": .int(Int64(size))])
    #expect(strategy.requirements == [.prompts, .promptDemonstrations])
    var run = Run(strategy: strategy)
    try run.run(200)
    // The rule, step by step.
    var waiting: [UInt64] = []
    for (step, plan) in run.plans.enumerated() {
      #expect(plan["buffered"] == Double(waiting.count))
      if waiting.count >= size {
        #expect(plan.kind == .sft)
        #expect(plan.exampleIDs == Array(waiting.prefix(size)))
        #expect(plan.exampleSlot == .prompts)
        waiting.removeFirst(size)
      } else {
        #expect(plan == StepPlan(.rl, reason: plan.reason, diagnostics: plan.diagnostics))
        waiting += Run.failures(step)
      }
    }
    #expect(run.plans.count { $0.kind == .sft } > 20)
  }

  @Test("an SFT step has moments of its own, its own clip, and a norm above which it is skipped")
  func step() throws {
    func plan(_ parameters: ParameterValue) throws -> StepPlan {
      var run = Run(strategy: try shippedStrategy("relift", parameters))
      try run.run(20)
      return try #require(run.plans.first { $0.kind == .sft })
    }
    let usual = try plan(["buffer_size": 5])
    #expect(usual.optimizerSlot == 1)
    #expect(usual.maxGradNorm == 1)
    #expect(usual.skipAboveGradNorm == 100)
    #expect(usual.learningRateFactor == 1)
    let other = try plan([
      "buffer_size": 5, "max_grad_norm": 0.3, "skip_above_grad_norm": 4.0,
      "learning_rate_factor": 2.0,
    ])
    #expect(other.maxGradNorm == 0.3)
    #expect(other.skipAboveGradNorm == 4)
    #expect(other.learningRateFactor == 2)
  }

  @Test("a row that fails twice waits twice, so that a small dataset fills the buffer")
  func twice() throws {
    let strategy = try shippedStrategy("relift", ["buffer_size": 4])
    let simulated = SimulatedRun(strategy)
    for _ in 0..<2 {
      #expect(try strategy.beginStep(simulated.context()).kind == .rl)
      _ = try strategy.route(routeRequest([[0, 0], [0, 1], [nil, 0]]))
      try strategy.endStep(StepReport(step: 0, kind: .rl))
    }
    #expect(try strategy.beginStep(simulated.context()).exampleIDs == [100, 102, 100, 102])
  }

  @Test("asking changes nothing, and an SFT step of somebody else takes no row")
  func asking() throws {
    let strategy = try shippedStrategy("relift", ["buffer_size": 2])
    let simulated = SimulatedRun(strategy)
    _ = try strategy.beginStep(simulated.context())
    _ = try strategy.route(routeRequest([[0], [0], [0]]))
    try strategy.endStep(StepReport(step: 0, kind: .rl))
    let state = try strategy.saveState()
    try strategy.endStep(StepReport(step: 1, kind: .sft))
    #expect(try strategy.saveState() == state)
    let plans = try (0..<3).map { _ in try strategy.beginStep(simulated.context()) }
    #expect(plans[0] == plans[1] && plans[1] == plans[2] && plans[0].kind == .sft)
    #expect(try strategy.saveState() == state)
  }

  @Test("a run that goes on from a saved state plans as the one that was not stopped")
  func resume() throws {
    let parameters: ParameterValue = ["buffer_size": 6]
    var whole = Run(strategy: try shippedStrategy("relift", parameters))
    var states: [[UInt8]] = []
    for _ in 0..<60 {
      states.append(try whole.strategy.saveState())
      try whole.run(1)
    }
    let strategy = try shippedStrategy("relift", parameters)
    for stop in states.indices {
      try strategy.loadState(states[stop])
      #expect(try strategy.saveState() == states[stop])
      var resumed = Run(strategy: strategy, step: stop)
      try resumed.run(60 - stop)
      #expect(resumed.plans == Array(whole.plans[stop...]), "stopped before step \(stop)")
      #expect(try strategy.saveState() == whole.strategy.saveState())
    }
  }

  @Test("foreign, cut and damaged bytes are refused, and the old state stays")
  func garbage() throws {
    var run = Run(strategy: try shippedStrategy("relift", ["buffer_size": 100]))
    try run.run(20)
    let strategy = run.strategy
    let good = try strategy.saveState()
    var bad: [[UInt8]] = [[], [0], good + [0]]
    bad += (0..<good.count).map { Array(good.prefix($0)) }
    bad += good.indices.map { index in
      var bytes = good
      bytes[index] ^= 1 << UInt8(index % 8)
      return bytes
    }
    var generator = SystemRandomNumberGenerator()
    bad += [8, good.count, 1 << 20].map { count in
      (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    for bytes in bad {
      #expect(throws: (any Error).self, "\(bytes.count) bytes") { try strategy.loadState(bytes) }
    }
    #expect(try strategy.saveState() == good)
  }

  @Test("M and the limits change while the run goes on; wrong values are refused")
  func changes() throws {
    let loaded = try changeableStrategy("relift", ["buffer_size": 100])
    let simulated = SimulatedRun(loaded.part)
    _ = try loaded.part.route(routeRequest([[0], [0], [0]]))
    #expect(try loaded.part.beginStep(simulated.context()).kind == .rl)
    try loaded.reconfigure(["buffer_size": 2])
    #expect(try loaded.part.beginStep(simulated.context()).exampleIDs == [100, 101])
    for parameters in [
      ["buffer_size": 0], ["max_grad_norm": 0.0], ["skip_above_grad_norm": -1.0],
      ["learning_rate_factor": -0.5],
    ] as [ParameterValue] {
      #expect(throws: (any Error).self) { try shippedStrategy("relift", parameters) }
    }
  }
}
