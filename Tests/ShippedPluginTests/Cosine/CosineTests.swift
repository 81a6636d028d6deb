import Components
import Foundation
import PluginHost
import Testing

@Suite("cosine")
struct CosineTests {
  @Test("p_t falls by half a cosine, from 1 before the start to 0 after the end")
  func probability() throws {
    let parameters: ParameterValue = ["start_step": 10, "decay_steps": 40]
    let strategy = try shippedStrategy("cosine", parameters)
    #expect(strategy.requirements == [.demonstrations, .prompts])
    var run = SimulatedRun(strategy)
    for (t, plan) in try run.run(60).enumerated() {
      let x = min(max(Double(t - 10) / 40, 0), 1)
      #expect(abs(try plan.number("p_t") - (1 + cos(Double.pi * x)) / 2) < 1e-14, "step \(t)")
      #expect(try plan.number("draw") == SimulatedRun.uniform(seed: 1, step: t, item: 0))
      #expect(plan.kind == (try plan.number("draw") < plan.number("p_t") ? .sft : .rl))
    }
    let plans = run.plans.map(\.plan)
    #expect(plans.prefix(11).allSatisfy { $0["p_t"] == 1 && $0.kind == .sft })
    #expect(plans.suffix(10).allSatisfy { $0["p_t"] == 0 && $0.kind == .rl })
    #expect(try strategy.saveState().isEmpty)
  }

  @Test("by default it falls over the rest of the run")
  func horizon() throws {
    for start in [0, 20] {
      var run = SimulatedRun(
        try shippedStrategy("cosine", ["start_step": .int(Int64(start))])
      )
      run.horizon = 100
      let p = try run.run(100).map { try $0.number("p_t") }
      #expect(abs(p[start + (100 - start) / 2] - 0.5) < 1e-15)
      #expect(p[start] == 1 && p[99] > 0 && p[99] < 0.001)
    }
    // A start behind the end of the run: SFT throughout.
    var late = SimulatedRun(try shippedStrategy("cosine", ["start_step": 50]))
    late.horizon = 20
    #expect(try late.run(20).allSatisfy { $0.kind == .sft })
  }

  @Test("as many steps are SFT as p_t says")
  func share() throws {
    let strategy = try shippedStrategy("cosine", ["decay_steps": 64])
    var counts = [Int](repeating: 0, count: 64)
    let seeds = 2_000
    for seed in 0..<seeds {
      var run = SimulatedRun(strategy)
      run.seed = UInt64(seed)
      for (step, plan) in try run.run(64).enumerated() where plan.kind == .sft { counts[step] += 1 }
    }
    for step in 0..<64 {
      let p = (1 + cos(Double.pi * Double(step) / 64)) / 2
      let deviation = (p * (1 - p) / Double(seeds)).squareRoot()
      #expect(abs(Double(counts[step]) / Double(seeds) - p) <= 4.5 * deviation, "step \(step)")
    }
  }

  @Test("it makes sasr's draws")
  func draws() throws {
    var cosine = SimulatedRun(try shippedStrategy("cosine", [:]))
    var sasr = SimulatedRun(try shippedStrategy("sasr", ["warmup_steps": 0, "norm": "last"]))
    for (mine, other) in zip(try cosine.run(30), try sasr.run(30)) {
      #expect(mine["draw"] == other["draw"])
    }
  }

  @Test("the fall changes while it runs")
  func changes() throws {
    let component = try changeableStrategy("cosine", ["decay_steps": 100])
    var run = SimulatedRun(component.part)
    try run.run(50)
    #expect(abs(try run.run().number("p_t") - 0.5) < 1e-15)
    try component.reconfigure(["decay_steps": 51])
    #expect(try run.run().number("p_t") == 0)
    #expect(throws: (any Error).self) { try component.reconfigure(["decay_steps": 0]) }
    #expect(try run.run().number("p_t") == 0)
  }
}
