import Components
import Foundation
import PluginHost
import Testing

@Suite("chord-mu")
struct ChordMuTests {
  /// The schedule as its paper has it, with the C library's cosine.
  private func mu(_ t: Int, w: Int, d: Int, peak: Double, valley: Double) -> Double {
    if t < w { return Double(t) / Double(w) * peak }
    if t >= w + d { return valley }
    return (peak - valley) * 0.5 * (1 + cos(Double.pi * Double(t - w) / Double(d))) + valley
  }

  @Test(
    "mu rises in a line, falls by half a cosine and stays",
    arguments: [(0, 30, 0.9, 0.05), (10, 25, 0.6, 0.2), (4, 1, 1, 0), (5, 20, 0.3, 0.3)]
  )
  func schedule(w: Int, d: Int, peak: Double, valley: Double) throws {
    let parameters: ParameterValue = [
      "warmup_steps": .int(Int64(w)), "decay_steps": .int(Int64(d)), "peak": .double(peak),
      "valley": .double(valley),
    ]
    let strategy = try shippedStrategy("chord-mu", parameters)
    #expect(strategy.requirements == [.demonstrations, .prompts])
    var run = SimulatedRun(strategy)
    for (t, plan) in try run.run(60).enumerated() {
      let expected = mu(t, w: w, d: d, peak: peak, valley: valley)
      #expect(abs(plan.sftWeight - expected) < 1e-14, "step \(t)")
      #expect(plan.rlWeight == 1 - plan.sftWeight)
      #expect(plan["mu"] == plan.sftWeight)
      // Nothing is imitated where imitation counts nothing.
      #expect(plan.kind == (plan.sftWeight > 0 ? .both : .rl))
    }
    #expect(try strategy.saveState().isEmpty)
  }

  @Test("its defaults are those of its code: 0.9 falls to 0.05 over 200 steps, at once")
  func defaults() throws {
    var run = SimulatedRun(try shippedStrategy("chord-mu", [:]))
    let weights = try run.run(202).map(\.sftWeight)
    #expect(weights[0] == 0.9)
    #expect(abs(weights[100] - (0.9 + 0.05) / 2) < 1e-15)
    #expect(weights[199] > 0.05 && weights[199] < 0.0501)
    #expect(weights[200] == 0.05 && weights[201] == 0.05)
  }

  @Test("a schedule that begins later is the same, later")
  func start() throws {
    let parameters: ParameterValue = ["warmup_steps": 5, "decay_steps": 20]
    var early = SimulatedRun(try shippedStrategy("chord-mu", parameters))
    var late = SimulatedRun(
      try shippedStrategy("chord-mu", merge(parameters, ["start_step": 100]))
    )
    let first = try early.run(40).map(\.sftWeight)
    let second = try late.run(140).map(\.sftWeight)
    #expect(second.prefix(101).allSatisfy { $0 == 0 })
    #expect(Array(second[100...]) == first)
  }

  @Test("peak and valley change while it runs")
  func changes() throws {
    let component = try changeableStrategy("chord-mu", ["decay_steps": 10])
    var run = SimulatedRun(component.part)
    #expect(try run.run(12).last?.sftWeight == 0.05)
    try component.reconfigure(["valley": 0.25])
    #expect(throws: (any Error).self) { try component.reconfigure(["peak": 1.5]) }
    #expect(try run.run().sftWeight == 0.25)
  }
}
