import Components
import Testing

/// p_t with both metrics, over whole runs of uneven numbers, against the slow reference.
@Suite("SASR, formula")
struct SASRFormulaTests {
  /// One combination of settings.
  struct Case: Sendable, CustomTestStringConvertible {
    var norm: String
    var divergence: String
    var reference: String
    var w: Double
    var refreshEvery: Int
    var warmupSteps: Int

    var testDescription: String {
      "norm \(norm), divergence \(divergence) (\(reference)), w \(w), refresh \(refreshEvery), "
        + "warm-up \(warmupSteps)"
    }
  }

  static let cases: [Case] = {
    var cases: [Case] = []
    for norm in ["probe", "last"] {
      for w in [0.0, 0.5, 2] {
        for refreshEvery in [0, 7] {
          for warmupSteps in [0, 12] {
            for divergence in ["data", "reference"] {
              for reference in ["warmup", "initial"] {
                // D on the probe needs the probe measured again.
                if divergence == "data", w > 0, refreshEvery == 0 { continue }
                cases.append(
                  Case(
                    norm: norm,
                    divergence: divergence,
                    reference: reference,
                    w: w,
                    refreshEvery: refreshEvery,
                    warmupSteps: warmupSteps
                  )
                )
              }
            }
          }
        }
      }
    }
    return cases
  }()

  @Test("p_t, r, D and G agree with the slow reference", arguments: cases)
  func agrees(_ test: Case) throws {
    let strategy = try shippedStrategy(
      "sasr",
      [
        "warmup_steps": .int(Int64(test.warmupSteps)), "gamma": 1.7, "w": .double(test.w),
        "divergence": .string(test.divergence), "divergence_target": 0.08,
        "norm": .string(test.norm), "refresh_every": .int(Int64(test.refreshEvery)), "ema": 0.25,
        "p_min": 0.05, "p_max": 0.9, "reference": .string(test.reference),
      ]
    )
    var slow = SlowSASR()
    slow.warmupSteps = test.warmupSteps
    slow.gamma = 1.7
    slow.w = test.w
    slow.usesReference = test.divergence == "reference"
    slow.isInitialReference = test.reference == "initial"
    slow.target = 0.08
    slow.isLast = test.norm == "last"
    slow.ema = 0.25
    slow.pMin = 0.05
    slow.pMax = 0.9

    var run = SimulatedRun(strategy)
    func noise(_ step: Int, _ item: UInt64) -> Double {
      SimulatedRun.uniform(seed: 7, step: step, item: item)
    }
    run.sftNorm = { 0.15 + 0.2 * noise($0, 1) }
    // A KL that rises, with outliers, a stretch of them, and values that are no numbers.
    run.kl = { step in
      if step % 19 == 0 { return .infinity }
      if step % 13 == 0 || (60..<68).contains(step) { return 40 * noise(step, 2) }
      return 0.002 * Double(step) * noise(step, 2)
    }
    run.probe = { (0.1 + 0.3 * noise($0, 3), 0.7 + 0.002 * Double($0) + 0.1 * noise($0, 4)) }

    var kinds: Set<StepKind> = []
    while run.step < 150 {
      let (step, first) = (run.step, run.plans.count)
      let plan = try run.run()
      for made in run.plans[first...] where made.plan.kind == .measure {
        slow.events.append(
          .probe(step: step, norm: run.probe(step).norm, nll: run.probe(step).nll)
        )
      }
      if step >= test.warmupSteps {
        let close = { (a: Double?, b: Double) in a.map { abs($0 - b) <= 1e-12 * max(1, abs(b)) } }
        #expect(close(plan["p_t"], slow.probability) == true, "step \(step)")
        #expect(close(plan["r"], slow.ratio) == true, "step \(step)")
        #expect(close(plan["G"], slow.norm) == true, "step \(step)")
        #expect(close(plan["G_warmup"], slow.warmupNorm) == true, "step \(step)")
        switch (plan["D"], slow.divergence) {
        case (nil, nil): break
        case (let mine?, let theirs?): #expect(abs(mine - theirs) < 1e-12, "step \(step)")
        default:
          Issue.record("step \(step): D is \(plan["D"] as Any), not \(slow.divergence as Any)")
        }
      }
      slow.events.append(
        plan.kind == .sft
          ? .sft(step: step, norm: run.sftNorm(step)) : .rl(step: step, kl: run.kl(step))
      )
      kinds.insert(plan.kind)
    }
    #expect(kinds == [.sft, .rl])
  }

  @Test("D moves p_t: down to its lower bound without drift, up to its upper one with much")
  func divergenceMovesProbability() throws {
    func probability(nll: Double) throws -> Double {
      var run = SimulatedRun(
        try shippedStrategy("sasr", ["warmup_steps": 1, "refresh_every": 1, "ema": 0.0])
      )
      run.probe = { (1, $0 <= 1 ? 1 : nll) }
      return try run.run(3)[2].number("p_t")
    }
    // exp(0.5) and exp(-0.5) at w 0.5; the target 0.05 has factor 1.
    #expect(abs(try probability(nll: 1.05) - 0.5) < 1e-9)
    let (low, high) = (0.606_530_659_712_633_4, 1.648_721_270_700_128)
    for nll in [0.2, 0.9, 1] { #expect(abs(try probability(nll: nll) - low / (1 + low)) < 1e-14) }
    for nll in [1.1, 2, 90] { #expect(abs(try probability(nll: nll) - high / (1 + high)) < 1e-14) }
    #expect(try probability(nll: 1.03) < probability(nll: 1.04))
  }
}
