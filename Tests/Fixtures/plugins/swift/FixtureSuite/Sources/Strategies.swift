import StepwisePlugin

/// SFT every `period`-th step; remembers the gradient norms that it was told.
struct AlternateStrategy: Strategy, Stateful {
  static var stateVersion: UInt32 { 2 }
  private let period: Int
  private var norms: [Double] = []

  init(parameters: Parameters) throws { period = try parameters.int("period", default: 2) }

  mutating func beginStep(_ context: StepContext) -> StepPlan {
    StepPlan(
      context.step % period == 0 ? .sft : .rl,
      reason: "\(norms.count) norms",
      diagnostics: norms.last.map { [Diagnostic("norm", $0)] } ?? []
    )
  }

  mutating func endStep(_ report: StepReport) {
    if let sft = report.sft { norms.append(sft.gradNorm) }
  }

  func saveState(to writer: inout StateWriter) { writer.write(norms) }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    guard version == 2 else { throw PluginFailure(.state, "version \(version) is not known") }
    norms = try reader.readDoubles()
  }
}

/// Answers every hook with numbers computed from all that it was given, so that a lost or swapped field shows.
struct EchoStrategy: Strategy {
  static var id: String? { "org.stepwise.fixture.echo" }
  private var last: StepReport?

  init(parameters: Parameters) throws {}

  var requirements: StrategyRequirements { [.kl, .probe, .statisticsPass] }

  mutating func beginStep(_ context: StepContext) throws -> StepPlan {
    guard context.horizon != 666 else {
      throw PluginFailure("the horizon is the number of the beast")
    }
    return StepPlan(
      .both,
      sftWeight: Double(context.sftSteps),
      rlWeight: Double(context.rlSteps),
      learningRateFactor: context.uniform(7),
      samplesPerPrompt: context.measurements,
      groupDemonstrations: 3,
      optimizerSlot: context.history.count,
      maxGradNorm: Double(context.horizon),
      skipAboveGradNorm: 12.5,
      exampleIDs: [context.seed, 5],
      exampleSlot: .prompts,
      difficulty: 2...Double(context.step),
      snapshotReference: true,
      reason: "because é",
      diagnostics: context.history.flatMap(numbers)
    )
  }

  mutating func shapeRollout(_ request: RolloutShapeRequest) -> RolloutShape? {
    if request.groupSize == 1 { return nil }
    let rewards = request.rewards.map { Int($0 ?? 0.0) }.reduce(0, +)
    return RolloutShape(prefixLengths: [
      request.demonstration.count, request.stepBoundaries.last ?? 0, rewards,
      Int(request.uniform(3) * 4), Int(request.exampleID) + request.prompt + request.step,
    ])
  }

  mutating func route(_ request: RouteRequest) -> [PromptRoute]? {
    request.prompts.map { prompt in
      PromptRoute(
        keepRollouts: prompt.succeeded.contains(true),
        demonstration: prompt.hasDemonstration ? .groupMember : .none,
        demonstrationReward: prompt.rewards.count == 1
          ? nil : prompt.rewards.map { $0 ?? -100.0 }.reduce(0, +),
        weight: Double(prompt.exampleID) + Double(request.step)
      )
    }
  }

  mutating func advantages(_ request: AdvantageRequest) -> [Double]? {
    request.rewards.indices.map { index in
      (request.rewards[index] ?? -7.0) + 10 * Double(request.group[index])
        + (request.isDemonstration[index] ? 1000 : 0)
    }
  }

  mutating func stepWeights(_ statistics: StepStatistics) -> StepWeights? {
    StepWeights(
      sftWeight: Double(statistics.step),
      rlWeight: 0.25,
      sequenceWeights: statistics.sequences.map {
        Double($0.kind.rawValue) + Double($0.group + 1) * 10 + Double($0.tokens) * 100 + $0.nll
          + $0.entropy + $0.advantage
      }
    )
  }

  mutating func tokenWeights(_ request: TokenWeightRequest) -> [Float]? {
    var sequence = 0
    return request.logProbs.indices.map { index in
      while index >= request.sequenceStarts[sequence + 1] { sequence += 1 }
      return request.logProbs[index] + 2 * request.oldLogProbs[index] + 4 * request.entropies[index]
        + 8 * request.advantages[index] + 16 * request.coefficients[index]
        + 100 * Float(request.kinds[index].rawValue)
        + 1000 * Float(request.sequenceKinds[sequence].rawValue)
        + 20_000 * request.scales[index] + 200_000 * request.klCoefficients[index]
    }
  }

  /// All numbers of a report, named.
  private func numbers(_ report: StepReport) -> [Diagnostic] {
    var all = [
      Diagnostic("step", Double(report.step)), Diagnostic("kind", Double(report.kind.rawValue)),
      Diagnostic("gradNorm", report.gradNorm), Diagnostic("cosine", report.gradientCosine),
      Diagnostic("lr", report.learningRate), Diagnostic("total", Double(report.totalTokens)),
    ]
    for (name, part) in [("sft", report.sft), ("probe", report.probe)] {
      guard let part else { continue }
      all += [
        Diagnostic("\(name).loss", part.loss), Diagnostic("\(name).nll", part.nll),
        Diagnostic("\(name).variance", part.nllVariance),
        Diagnostic("\(name).norm", part.gradNorm), Diagnostic("\(name).entropy", part.entropy),
        Diagnostic("\(name).accuracy", part.meanTokenAccuracy),
        Diagnostic("\(name).tokens", Double(part.tokens)),
      ]
    }
    if let rl = report.rl {
      all += [
        Diagnostic("rl.loss", rl.loss), Diagnostic("rl.norm", rl.gradNorm),
        Diagnostic("rl.kl", rl.kl), Diagnostic("rl.entropy", rl.entropy),
        Diagnostic("rl.mean", rl.rewardMean), Diagnostic("rl.std", rl.rewardStd),
        Diagnostic("rl.success", rl.successRate), Diagnostic("rl.am", rl.advantageMean),
        Diagnostic("rl.av", rl.advantageVariance), Diagnostic("rl.zero", rl.fracRewardZeroStd),
        Diagnostic("rl.length", rl.completionLength), Diagnostic("rl.tokens", Double(rl.tokens)),
      ]
    }
    if let quiz = report.evaluation {
      all += [
        Diagnostic("quiz.step", Double(quiz.step)), Diagnostic("quiz.accuracy", quiz.accuracy),
        Diagnostic("quiz.low", quiz.low), Diagnostic("quiz.high", quiz.high),
        Diagnostic("quiz.count", Double(quiz.count)),
      ]
    }
    return all
  }
}
