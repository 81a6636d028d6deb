import Components
import Testing

@Suite("gac")
struct GACTests {
  /// What a step measured.
  struct Measured {
    var sft: Double
    var rl: Double
    var cosine: Double
  }

  static func measured(_ count: Int, seed: UInt64 = 1) -> [Measured] {
    let sft = numbers(count, in: 0...5, seed: seed)
    let rl = numbers(count, in: 0...1, seed: seed + 100)
    let cosine = numbers(count, in: -1...1, seed: seed + 200)
    return (0..<count).map { Measured(sft: sft[$0], rl: rl[$0], cosine: cosine[$0]) }
  }

  static func report(_ measured: Measured, step: Int = 0) -> StepReport {
    StepReport(
      step: step,
      kind: .both,
      sft: .of(nllVariance: measured.sft),
      rl: .of(advantageVariance: measured.rl),
      gradNorm: 1,
      gradientCosine: measured.cosine
    )
  }

  /// mu before each step and after the last, from the whole history each time.
  private func slowMu(
    _ history: [Measured],
    prior: Double = 0.5,
    ema: Double = 0.1,
    bounds: ClosedRange<Double> = 0.05...0.9,
    change: Double = 0.01
  ) -> [Double] {
    func average(_ values: [Double]) -> Double {
      values.enumerated().reduce(0) { sum, entry in
        let (age, first) = (values.count - 1 - entry.offset, entry.offset == 0)
        var weight = first ? 1 : ema
        for _ in 0..<age { weight *= 1 - ema }
        return sum + weight * entry.element
      }
    }
    func clip(_ value: Double) -> Double {
      min(max(value, bounds.lowerBound), bounds.upperBound)
    }
    var mu = [clip(prior)]
    for count in history.indices.map({ $0 + 1 }) {
      let seen = history.prefix(count)
      let (s, r) = (average(seen.map(\.sft)), average(seen.map(\.rl)))
      let d = average(seen.map { 2 - 2 * $0.cosine })
      let target = clip((prior * d + r) / (d + s + r))
      let distance = target - mu.last!
      mu.append(abs(distance) <= change ? target : mu.last! + (distance > 0 ? change : -change))
    }
    return mu
  }

  @Test(
    "mu follows the formula, its averages, bounds and cap",
    arguments: [
      ([:] as ParameterValue, 0.5, 0.1, 0.05...0.9, 0.01),
      (["prior": 0.2, "ema": 0.5, "max_change": 1], 0.2, 0.5, 0.05...0.9, 1),
      (["ema": 1, "mu_min": 0.3, "mu_max": 0.4, "max_change": 0.03], 0.5, 1, 0.3...0.4, 0.03),
    ] as [(ParameterValue, Double, Double, ClosedRange<Double>, Double)]
  )
  func formula(
    parameters: ParameterValue,
    prior: Double,
    ema: Double,
    bounds: ClosedRange<Double>,
    change: Double
  ) throws {
    let strategy = try shippedStrategy("gac", parameters)
    #expect(strategy.requirements == [.demonstrations, .prompts, .gradientCosine])
    let history = Self.measured(150)
    let expected = slowMu(history, prior: prior, ema: ema, bounds: bounds, change: change)
    var run = SimulatedRun(strategy)
    for step in 0...150 {
      run.step = step
      let plan = try strategy.beginStep(run.context())
      #expect(abs(plan.sftWeight - expected[step]) < 1e-12, "step \(step)")
      #expect(plan.kind == .both && plan.rlWeight == 1 - plan.sftWeight)
      #expect(plan["mu"] == plan.sftWeight)
      #expect((plan["mu_star"] == nil) == (step == 0))
      if step < 150 { try strategy.endStep(Self.report(history[step], step: step)) }
    }
  }

  @Test("mu* has the least mean square error of all mu")
  func least() throws {
    for (index, measured) in Self.measured(20, seed: 9).enumerated() {
      let strategy = try shippedStrategy("gac", ["prior": 0.3])
      try strategy.endStep(Self.report(measured))
      let plan = try strategy.beginStep(SimulatedRun(strategy).context())
      let d = 2 - 2 * measured.cosine
      func error(_ mu: Double) -> Double {
        (mu - 0.3) * (mu - 0.3) * d + mu * mu * measured.sft + (1 - mu) * (1 - mu) * measured.rl
      }
      let optimum = try plan.number("mu_star")
      let best = stride(from: 0.0, through: 1, by: 0.001).map(error).min()!
      #expect(error(optimum) <= best + 1e-12, "case \(index)")
    }
  }

  @Test("noise in one part alone moves mu to the other; disagreement alone moves it to the prior")
  func corners() throws {
    func optimum(_ measured: Measured) throws -> Double {
      let strategy = try shippedStrategy("gac", ["prior": 0.25])
      try strategy.endStep(Self.report(measured))
      return try strategy.beginStep(SimulatedRun(strategy).context()).number("mu_star")
    }
    #expect(try optimum(Measured(sft: 3, rl: 0, cosine: 1)) == 0)
    #expect(try optimum(Measured(sft: 0, rl: 3, cosine: 1)) == 1)
    #expect(try optimum(Measured(sft: 0, rl: 0, cosine: -1)) == 0.25)
    #expect(try optimum(Measured(sft: 0, rl: 0, cosine: 1)) == 0.25)
    // A cosine that rounding brought above 1.
    #expect(try optimum(Measured(sft: 0, rl: 0, cosine: 1.000001)) == 0.25)
  }

  @Test("a step that says nothing of both gradients changes nothing")
  func silent() throws {
    let strategy = try shippedStrategy("gac", [:])
    for measured in Self.measured(10) { try strategy.endStep(Self.report(measured)) }
    let state = try strategy.saveState()
    let usual = Self.report(Measured(sft: 4, rl: 0.5, cosine: 0.1))
    var reports = [StepReport](repeating: usual, count: 6)
    reports[0].rl = nil
    reports[1].sft = nil
    reports[2].rl?.gradNorm = 0
    reports[3].sft?.gradNorm = .nan
    reports[4].gradientCosine = .nan
    reports[5].sft?.nllVariance = .infinity
    for report in reports {
      try strategy.endStep(report)
      #expect(try strategy.saveState() == state)
    }
    try strategy.endStep(usual)
    #expect(try strategy.saveState() != state)
  }

  @Test("bounds that contradict each other are refused")
  func bounds() {
    let parameters: ParameterValue = ["mu_min": 0.6, "mu_max": 0.5]
    #expect(throws: (any Error).self) { try shippedStrategy("gac", parameters) }
  }
}
