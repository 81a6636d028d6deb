package import Components

/// A run without a model: it asks a strategy as the trainer does, and answers with numbers that look like those of a run.
package struct SimulatedRun {
  private let strategy: any MixingStrategy
  /// The run's seed.
  package var seed: UInt64 = 1
  /// How many steps the run says that it has.
  package var horizon = 1000
  /// The next step.
  package private(set) var step = 0
  /// Changes a report before the strategy sees it.
  package var distort: (inout StepReport) -> Void = { _ in }
  /// Whether `trace` is kept.
  package var keepsTrace = true
  /// Every plan and every hook's answer, a line each.
  package private(set) var trace: [String] = []
  private var history: [StepReport] = []
  private var steps = (sft: 0, rl: 0)
  /// More measurements in a row than a trainer carries out.
  private static let measurementLimit = 8

  /// Begins at step 0.
  package init(_ strategy: any MixingStrategy) { self.strategy = strategy }

  /// The strategy measures and never decides.
  struct Loop: Error, CustomStringConvertible {
    var step: Int
    var description: String { "it asked for more than 8 measurements before step \(step)" }
  }

  /// Makes `count` optimizer steps and gives every plan, measurements included.
  package mutating func run(_ count: Int) throws -> [StepPlan] {
    var plans: [StepPlan] = []
    for _ in 0..<count { plans += try runStep() }
    return plans
  }

  private mutating func runStep() throws -> [StepPlan] {
    var plans: [StepPlan] = []
    for measurements in 0...Self.measurementLimit {
      let plan = try strategy.beginStep(context(measurements))
      plans.append(plan)
      keep(plan.text)
      if plan.kind == .rl || plan.kind == .both { try askHooks() }
      var report = report(plan)
      distort(&report)
      try strategy.endStep(report)
      history = Array((history + [report]).suffix(StepContext.historyLimit))
      if plan.kind == .measure { continue }
      if plan.kind != .rl { steps.sft += 1 }
      if plan.kind != .sft { steps.rl += 1 }
      step += 1
      return plans
    }
    throw Loop(step: step)
  }

  private mutating func keep(_ line: @autoclosure () -> String) {
    if keepsTrace { trace.append(line()) }
  }

  /// The same run from here on with another strategy, which was given this one's state.
  package func continued(by strategy: any MixingStrategy) -> SimulatedRun {
    var other = SimulatedRun(strategy)
    (other.seed, other.horizon, other.step) = (seed, horizon, step)
    (other.history, other.steps, other.trace) = (history, steps, trace)
    (other.distort, other.keepsTrace) = (distort, keepsTrace)
    return other
  }

  private func context(_ measurements: Int) -> StepContext {
    let (seed, step) = (seed, step)
    return StepContext(
      step: step,
      horizon: horizon,
      measurements: measurements,
      seed: seed,
      uniform: { Self.uniform(seed, step, $0) },
      sftSteps: steps.sft,
      rlSteps: steps.rl,
      history: history
    )
  }

  /// A uniform draw in [0, 1) that depends on (seed, step, item) alone.
  private static func uniform(_ seed: UInt64, _ step: Int, _ item: UInt64) -> Double {
    var random = SplitMix(seed ^ UInt64(step) &* 0xD134_2543_DE82_EF95 ^ item << 32)
    return random.unit()
  }

  /// Everything that the trainer asks between a plan and its report: two prompts of four samples, one without a demonstration
  /// unless the strategy needs one of each.
  private mutating func askHooks() throws {
    let (seed, step) = (seed, step)
    let isDemonstrated = [true, strategy.requirements.contains(.promptDemonstrations)]
    let rewards: [[Double?]] = [[1, 0, 0.5, nil], [0, 0, 0, 0]]
    for prompt in 0..<2 {
      var known: [Double?] = []
      let demonstration = isDemonstrated[prompt] ? [Int32](1...20) : []
      while known.count < 4 {
        let shape = try strategy.shapeRollout(
          RolloutShapeRequest(
            step: step,
            prompt: prompt,
            exampleID: UInt64(prompt),
            groupSize: 4,
            demonstration: demonstration,
            stepBoundaries: isDemonstrated[prompt] ? [0, 5, 10] : [],
            rewards: known,
            uniform: { Self.uniform(seed, step, $0) }
          )
        )
        guard let shape else { break }
        keep("shape \(shape.prefixLengths)")
        known += rewards[prompt].dropFirst(known.count).prefix(shape.prefixLengths.count)
      }
    }
    let routeAnswer = try strategy.route(
      RouteRequest(
        step: step,
        prompts: (0..<2).map {
          PromptGroup(
            exampleID: UInt64($0),
            rewards: rewards[$0],
            succeeded: rewards[$0].map { $0 == 1 },
            hasDemonstration: isDemonstrated[$0]
          )
        }
      )
    )
    let flat = rewards.flatMap { $0 }
    let advantagesAnswer = try strategy.advantages(
      AdvantageRequest(
        step: step,
        rewards: flat,
        group: flat.indices.map { $0 / 4 },
        isDemonstration: flat.indices.map { $0 == 3 }
      )
    )
    let stepWeightsAnswer = try strategy.stepWeights(
      StepStatistics(
        step: step,
        sequences: flat.indices.map {
          SequenceStatistics(
            kind: $0 == 3 ? .scoredDemonstration : .rollout,
            group: $0 / 4,
            tokens: 10 + $0,
            nll: 0.5 + Double($0) / 10,
            entropy: 0.3,
            advantage: Double($0) - 3.5
          )
        }
      )
    )
    let tokens = 3 * flat.count
    let tokenWeightsAnswer = try strategy.tokenWeights(
      TokenWeightRequest(
        step: step,
        sequenceStarts: (0...flat.count).map { 3 * $0 },
        sequenceKinds: flat.indices.map { $0 == 3 ? .scoredDemonstration : .rollout },
        logProbs: (0..<tokens).map { -Float($0 % 7) / 3 },
        oldLogProbs: (0..<tokens).map { -Float($0 % 5) / 3 },
        entropies: (0..<tokens).map { Float($0 % 4) / 2 },
        advantages: (0..<tokens).map { Float($0 % 3) - 1 },
        kinds: (0..<tokens).map { $0 / 3 == 3 ? .demonstration : .rollout },
        coefficients: (0..<tokens).map { Float($0 % 3 - 1) / Float(tokens) },
        scales: Array(repeating: 1 / Float(tokens), count: tokens),
        klCoefficients: (0..<tokens).map { Float($0 % 5) / Float(100 * tokens) }
      )
    )
    keep("\(routeAnswer as Any) \(advantagesAnswer as Any)")
    keep("\(stepWeightsAnswer as Any) \(tokenWeightsAnswer as Any)")
  }

  private func report(_ plan: StepPlan) -> StepReport {
    var random = SplitMix(seed &+ UInt64(step) &* 977)
    let progress = 1 / (1 + Double(step) / 50)
    let sft = SFTReport(
      loss: 0.2 + 2 * progress + 0.1 * random.unit(),
      nll: 0.2 + 2 * progress,
      nllVariance: 1,
      gradNorm: 0.3 + progress + 0.2 * random.unit(),
      entropy: 0.5 * progress,
      meanTokenAccuracy: 0.9 - 0.5 * progress,
      tokens: 512
    )
    let rl = RLReport(
      loss: 0.01 * random.unit(),
      gradNorm: 0.1 + 0.1 * random.unit(),
      kl: 0.02 * random.unit(),
      entropy: 0.5 * progress,
      rewardMean: 1 - progress,
      rewardStd: 0.4,
      successRate: 1 - progress,
      advantageMean: 0,
      advantageVariance: 1,
      fracRewardZeroStd: 0.1,
      completionLength: 40,
      tokens: 1024
    )
    let isMeasure = plan.kind == .measure
    return StepReport(
      step: step,
      kind: plan.kind,
      sft: plan.kind == .sft || plan.kind == .both ? sft : nil,
      rl: plan.kind == .rl || plan.kind == .both ? rl : nil,
      probe: isMeasure ? sft : nil,
      gradNorm: isMeasure ? .nan : 0.5 + random.unit(),
      learningRate: 1e-5,
      totalTokens: 1000 * step,
      evaluation: step >= 10
        ? EvaluationSummary(step: step - step % 10, accuracy: 0.5, low: 0.4, high: 0.6, count: 100)
        : nil
    )
  }
}
