import Components
import Foundation
import PluginHost
import Testing

/// What a plan holds beside its kind: requirements, learning rates, reference, optimizer slots, advantages.
@Suite("SASR, plans")
struct SASRPlanTests {
  @Test("the host measures only what the settings need")
  func requirements() throws {
    func needs(_ parameters: ParameterValue) throws -> StrategyRequirements {
      try shippedStrategy("sasr", parameters).requirements
    }
    let always: StrategyRequirements = [.demonstrations, .prompts]
    let paper: ParameterValue = ["w": 0.0, "norm": "last", "refresh_every": 0]
    #expect(try needs([:]) == always.union(.probe))
    #expect(try needs(paper) == always)
    #expect(try needs(merge(paper, ["warmup_steps": 0])) == always.union(.probe))
    #expect(try needs(merge(paper, ["refresh_every": 5])) == always.union(.probe))
    #expect(
      try needs(merge(paper, ["w": 0.5, "divergence": "reference"]))
        == always.union([.kl, .reference])
    )
    #expect(try needs(merge(paper, ["w": 0.0, "divergence": "reference"])) == always)
  }

  @Test("the warm-up's learning rate falls to 1, the mixed phase has 1")
  func learningRates() throws {
    func factors(_ decay: String) throws -> [Double] {
      var run = SimulatedRun(
        try shippedStrategy(
          "sasr",
          [
            "warmup_steps": 8, "warmup_learning_rate_factor": 20.0, "warmup_decay": .string(decay),
          ]
        )
      )
      return try run.run(20).map(\.learningRateFactor)
    }
    let ones = [Double](repeating: 1, count: 12)
    #expect(try factors("none") == [Double](repeating: 20, count: 8) + ones)
    #expect(try factors("linear") == (0..<8).map { 20 - 19 * Double($0) / 8 } + ones)
    let cosine = try factors("cosine")
    for step in 0..<8 {
      let expected = 1 + 19 * 0.5 * (1 + cos(Double.pi * Double(step) / 8))
      #expect(abs(cosine[step] - expected) < 1e-13)
    }
    #expect(Array(cosine[8...]) == ones)
    #expect(cosine[0] == 20)
  }

  @Test("the reference is taken once, at the first step after the warm-up")
  func reference() throws {
    func snapshots(_ parameters: ParameterValue) throws -> [(Int, StepKind)] {
      var run = SimulatedRun(try shippedStrategy("sasr", parameters))
      try run.run(60)
      return run.plans.filter(\.plan.snapshotReference).map { ($0.step, $0.plan.kind) }
    }
    let probed = try snapshots(["warmup_steps": 10])
    #expect(probed.map(\.0) == [10])
    #expect(probed.map(\.1) == [.measure])
    let paper = try snapshots([
      "warmup_steps": 10, "w": 0.0, "norm": "last", "refresh_every": 0,
    ])
    #expect(paper.map(\.0) == [10])
    #expect(paper[0].1 != .measure)
    #expect(try snapshots(["warmup_steps": 10, "reference": "initial"]).isEmpty)
  }

  @Test("GRPO steps have moments of their own where asked for")
  func slots() throws {
    func slots(_ parameters: ParameterValue) throws -> [StepKind: Set<Int>] {
      var run = SimulatedRun(try shippedStrategy("sasr", parameters))
      return Dictionary(grouping: try run.run(80), by: \.kind)
        .mapValues { Set($0.map(\.optimizerSlot)) }
    }
    #expect(try slots(["warmup_steps": 3]) == [.sft: [0], .rl: [0]])
    #expect(
      try slots(["warmup_steps": 3, "optimizer_slots": "separate"]) == [.sft: [0], .rl: [1]]
    )
  }

  @Test("gamma, bounds and averages change while the run goes on; what a run is built on does not")
  func reconfigure() throws {
    let component = try changeableStrategy("sasr", ["warmup_steps": 1, "w": 0.0])
    var run = SimulatedRun(component.part)
    #expect(try run.run(3)[2].number("p_t") == 0.5)
    try component.reconfigure(["gamma": 3.0])
    #expect(try run.run().number("p_t") == 0.25)
    try component.reconfigure(["p_min": 0.4])
    #expect(try run.run().number("p_t") == 0.4)
    // The state goes on: no measurement is made anew.
    #expect(run.plans.filter { $0.plan.kind == .measure }.map(\.step) == [1])
    #expect(throws: (any Error).self) { try component.reconfigure(["norm": "last"]) }
    #expect(throws: (any Error).self) { try component.reconfigure(["p_max": 0.1]) }
    #expect(try run.run().number("p_t") == 0.4)
  }

  @Test("advantages are the host's by default, and split at the group's median on request")
  func medianSplit() throws {
    let request = AdvantageRequest(
      step: 3,
      rewards: [1, 0, 0, nil, 5, 2, 3, 9, 4, 4, nil, nil],
      group: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 4],
      isDemonstration: Array(repeating: false, count: 12)
    )
    #expect(try shippedStrategy("sasr", [:]).advantages(request) == nil)
    let split = try #require(
      try shippedStrategy("sasr", ["advantage_split": "median"]).advantages(request)
    )

    // By hand: group 0 has median 0 and deviation sqrt(1/3), group 1 has median 4 and deviation sqrt(115/12).
    let (first, second) = ((1.0 / 3).squareRoot() + 1e-4, (115.0 / 12).squareRoot() + 1e-4)
    let expected = [
      1 / first, 0, 0, 0, 1 / second, -2 / second, -1 / second, 5 / second, 0, 0, 0, 0,
    ]
    #expect(split.count == expected.count)
    for (mine, theirs) in zip(split, expected) { #expect(abs(mine - theirs) < 1e-14) }
    #expect(split.allSatisfy { $0.isFinite })
  }

  @Test("groups need not stand side by side")
  func interleaved() throws {
    let strategy = try shippedStrategy("sasr", ["advantage_split": "median"])
    let rewards: [Double?] = [0.1, 0.9, 0.4, 0.3, 0.8, 0.2]
    let apart = try #require(
      try strategy.advantages(
        AdvantageRequest(
          step: 0,
          rewards: rewards,
          group: [0, 1, 0, 1, 0, 1],
          isDemonstration: Array(repeating: false, count: 6)
        )
      )
    )
    let order = [0, 2, 4, 1, 3, 5]
    let together = try #require(
      try strategy.advantages(
        AdvantageRequest(
          step: 0,
          rewards: order.map { rewards[$0] },
          group: [0, 0, 0, 1, 1, 1],
          isDemonstration: Array(repeating: false, count: 6)
        )
      )
    )
    #expect(order.map { apart[$0] } == together)
  }
}
