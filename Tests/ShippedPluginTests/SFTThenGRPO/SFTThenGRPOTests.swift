import Components
import Foundation
import Testing

@Suite("sft-then-grpo")
struct SFTThenGRPOTests {
  @Test("T SFT steps, then GRPO to the end; the reference is taken between", arguments: [0, 1, 7])
  func phases(steps: Int) throws {
    let strategy = try shippedStrategy("sft-then-grpo", ["warmup_steps": .int(Int64(steps))])
    #expect(strategy.requirements == [.demonstrations, .prompts])
    var run = SimulatedRun(strategy)
    let plans = try run.run(20)
    for (step, plan) in plans.enumerated() {
      #expect(plan.kind == (step < steps ? .sft : .rl), "step \(step)")
      #expect(plan.snapshotReference == (step == steps), "step \(step)")
      #expect(plan.learningRateFactor == 1 && plan.optimizerSlot == 0)
      #expect(!plan.reason.isEmpty)
    }
    #expect(try strategy.saveState().isEmpty)
  }

  @Test("the learning rate falls from its factor to 1 over the SFT steps")
  func learningRates() throws {
    func factors(_ decay: String) throws -> [Double] {
      let parameters: ParameterValue = [
        "warmup_steps": 8, "warmup_learning_rate_factor": 20, "warmup_decay": .string(decay),
      ]
      var run = SimulatedRun(try shippedStrategy("sft-then-grpo", parameters))
      return try run.run(12).map(\.learningRateFactor)
    }
    let (none, linear, cosine) = (try factors("none"), try factors("linear"), try factors("cosine"))
    for step in 0..<12 {
      let x = Double(step) / 8
      #expect(none[step] == (step < 8 ? 20 : 1))
      #expect(linear[step] == (step < 8 ? 20 - 19 * x : 1))
      let expected = step < 8 ? 1 + 19 * (1 + cos(Double.pi * x)) / 2 : 1
      #expect(abs(cosine[step] - expected) < 1e-13)
    }
  }

  @Test(
    "its SFT steps are those of sasr with the same parameters",
    arguments: ["linear", "cosine"]
  )
  func asSASR(decay: String) throws {
    let parameters: ParameterValue = [
      "warmup_steps": 30, "warmup_learning_rate_factor": 10, "warmup_decay": .string(decay),
    ]
    var own = SimulatedRun(try shippedStrategy("sft-then-grpo", parameters))
    var sasr = SimulatedRun(try shippedStrategy("sasr", parameters))
    for (mine, other) in zip(try own.run(30), try sasr.run(30)) {
      #expect(mine.kind == other.kind)
      #expect(mine.learningRateFactor == other.learningRateFactor)
      #expect(mine.optimizerSlot == other.optimizerSlot)
    }
  }

  @Test("separate moments are those of GRPO alone")
  func slots() throws {
    let parameters: ParameterValue = ["warmup_steps": 3, "optimizer_slots": "separate"]
    var run = SimulatedRun(try shippedStrategy("sft-then-grpo", parameters))
    #expect(try run.run(6).map(\.optimizerSlot) == [0, 0, 0, 1, 1, 1])
  }

  @Test(
    "wrong parameters are refused",
    arguments: [["warmup_steps": -1], ["warmup_decay": "fast"]] as [ParameterValue]
  )
  func refused(_ parameters: ParameterValue) {
    #expect(throws: (any Error).self) { try shippedStrategy("sft-then-grpo", parameters) }
  }
}
