import Components
import Testing

/// The paper's rule: `w: 0`, `norm: last`, `refresh_every: 0`. These tests follow from it alone.
@Suite("SASR, the paper's rule")
struct SASRRuleTests {
  static let paper: ParameterValue = [
    "warmup_steps": 5, "w": 0.0, "norm": "last", "refresh_every": 0,
  ]

  private static func paper(_ changes: ParameterValue) -> ParameterValue {
    merge(paper, changes)
  }

  @Test("the warm-up is SFT, and nothing is measured on a probe")
  func warmUp() throws {
    let strategy = try shippedStrategy("sasr", Self.paper)
    #expect(strategy.requirements == [.demonstrations, .prompts])
    var run = SimulatedRun(strategy)
    let plans = try run.run(5)
    #expect(plans.allSatisfy { $0.kind == .sft && $0.learningRateFactor == 1 })
    #expect(run.plans.count == 5)
    #expect(plans[0].reason == "warm-up 1 of 5: SFT")
  }

  @Test("p_t is 1 / (1 + gamma) right after the warm-up", arguments: [0.25, 1, 3, 10])
  func afterWarmUp(gamma: Double) throws {
    var run = SimulatedRun(try shippedStrategy("sasr", Self.paper(["gamma": .double(gamma)])))
    run.sftNorm = { 0.3 + 0.1 * Double($0) }
    let plan = try run.run(6)[5]
    #expect(abs(try plan.number("p_t") - 1 / (1 + gamma)) < 1e-15)
    #expect(plan["G_warmup"] == run.sftNorm(4))
    #expect(plan["G"] == run.sftNorm(4))
  }

  @Test("p_t is G_last / (G_last + gamma G_warmup), and frozen while only GRPO runs")
  func frozen() throws {
    var run = SimulatedRun(try shippedStrategy("sasr", Self.paper(["gamma": 4.0])))
    run.sftNorm = { 0.2 + 0.07 * Double(($0 * 37) % 11) }
    var last = run.sftNorm(4)
    var longest = 0
    var frozen = 0
    for plan in try run.run(500).dropFirst(5).enumerated() {
      let (index, plan) = (plan.offset + 5, plan.element)
      let expected = last / (last + 4 * run.sftNorm(4))
      #expect(abs(try plan.number("p_t") - expected) < 1e-15)
      #expect((plan.kind == .sft) == (try plan.number("draw") < plan.number("p_t")))
      if plan.kind == .sft {
        last = run.sftNorm(index)
        frozen = 0
      } else {
        frozen += 1
      }
      longest = max(longest, frozen)
    }
    #expect(longest > 5)
  }

  @Test("a draw that belongs to (seed, step) decides")
  func draws() throws {
    var run = SimulatedRun(try shippedStrategy("sasr", Self.paper))
    run.seed = 99
    for (step, plan) in try run.run(50).enumerated().dropFirst(5) {
      #expect(plan["draw"] == SimulatedRun.uniform(seed: 99, step: step, item: 0))
    }
  }

  @Test(
    "with r fixed there are gamma / r GRPO steps between two SFT steps",
    arguments: [(1.0, 1.0), (3, 1), (1, 0.5), (3, 2), (0.5, 0.25)]
  )
  func runLength(gamma: Double, r: Double) throws {
    var run = SimulatedRun(try shippedStrategy("sasr", Self.paper(["gamma": .double(gamma)])))
    run.seed = UInt64(gamma * 100 + r * 10)
    run.sftNorm = { $0 < 5 ? 0.4 : 0.4 * r }
    // The first SFT step after the warm-up sets r.
    while try run.run().kind != .sft || run.step <= 5 {}
    var (grpo, sft) = (0, 0)
    while sft < 4_000 {
      if try run.run().kind == .sft { sft += 1 } else { grpo += 1 }
      run.plans.removeAll(keepingCapacity: true)
    }
    // A geometric number of failures before each success: variance (1 - p) / p^2.
    let p = r / (r + gamma)
    let error = (1 - p).squareRoot() / p / Double(sft).squareRoot()
    #expect(abs(Double(grpo) / Double(sft) - gamma / r) < 4 * error)
  }

  @Test(
    "one tiny norm ends SFT where nothing bounds the run, and does not where p_min or a refresh does"
  )
  func tinyNorm() throws {
    func sftSteps(_ changes: ParameterValue) throws -> Int {
      var run = SimulatedRun(try shippedStrategy("sasr", Self.paper(changes)))
      var tinyStep: Int?
      var mixedSFT = 0
      while run.step < 2_000 {
        let step = run.step
        // The first SFT step after the warm-up has a norm of nearly nothing, every other a usual one.
        run.sftNorm = { _ in step >= 5 && tinyStep == nil ? 1e-9 : 1 }
        let plan = try run.run()
        guard plan.kind == .sft, step >= 5 else { continue }
        if tinyStep == nil { tinyStep = step } else { mixedSFT += 1 }
      }
      return mixedSFT
    }
    #expect(try sftSteps([:]) == 0)
    // p_min 0.05 alone gives about 100 of 2,000; the first of them frees p_t again.
    #expect(try sftSteps(["p_min": 0.05]) > 800)
    #expect(try sftSteps(["refresh_every": 20]) > 800)
  }

  @Test("p_min and p_max bound p_t")
  func bounds() throws {
    var run = SimulatedRun(
      try shippedStrategy("sasr", Self.paper(["p_min": 0.2, "p_max": 0.6]))
    )
    run.sftNorm = { $0 < 5 ? 1 : ($0 % 2 == 0 ? 1e-6 : 1e6) }
    let seen = Set(try run.run(300).compactMap { $0["p_t"] })
    #expect(seen == [0.2, 0.5, 0.6])
  }

  @Test("the reason says which number decided")
  func reasons() throws {
    var run = SimulatedRun(try shippedStrategy("sasr", Self.paper))
    for plan in try run.run(60).dropFirst(5) {
      #expect(plan.reason.hasPrefix("a 0."))
      #expect(plan.reason.contains("< p_t 0.5000: SFT") == (plan.kind == .sft))
      #expect(plan.reason.contains(">= p_t 0.5000: GRPO") == (plan.kind == .rl))
      #expect(!plan.reason.contains("\n"))
    }
  }
}
