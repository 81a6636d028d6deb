import Components

extension PythonStrategy {
  func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape? {
    let draws = PythonSession.Draws(uniform: request.uniform)
    let answer = try ask("shape_rollout", "request", draws: draws) { writer in
      writer.field("step", request.step)
      writer.field("prompt", request.prompt)
      writer.field("example_id", request.exampleID)
      writer.field("group_size", request.groupSize)
      writer.field("demonstration", request.demonstration)
      writer.field("step_boundaries", request.stepBoundaries)
      writer.field("rewards", request.rewards)
    }
    guard let answer else { return nil }
    let shape = RolloutShape(
      prefixLengths: answer.elements("prefix_lengths").map { Int(clamping: $0.int64 ?? -1) }
    )
    try session.request.check(shape, for: request)
    return shape
  }

  func route(_ request: RouteRequest) throws -> [PromptRoute]? {
    let answer = try ask("route", "request") { writer in
      writer.field("step", request.step)
      writer.key("prompts")
      writer.list(request.prompts) { writer, prompt in
        writer.object { writer in
          writer.field("example_id", prompt.exampleID)
          writer.field("rewards", prompt.rewards)
          writer.key("succeeded")
          writer.list(prompt.succeeded) { $0.bool($1) }
          writer.field("has_demonstration", prompt.hasDemonstration)
        }
      }
    }
    guard let answer else { return nil }
    var routes: [PromptRoute] = []
    for (index, route) in answer.elements("routes").enumerated() {
      routes.append(try self.route(route, index))
    }
    try session.request.check(routes, for: request)
    return routes
  }

  private func route(_ route: JSONTree, _ index: Int) throws(PluginError) -> PromptRoute {
    let names: [String: PromptRoute.Demonstration] = [
      "none": .none, "sft": .sft, "group_member": .groupMember,
    ]
    let name = route["demonstration"]?.string ?? ""
    guard let demonstration = names[name] else {
      throw failure(
        "route",
        "the route of prompt \(index) has the demonstration '\(name)'",
        cure: "it is one of none, sft, group_member"
      )
    }
    return PromptRoute(
      keepRollouts: route.isTrue("keep_rollouts"),
      demonstration: demonstration,
      demonstrationReward: route["demonstration_reward"].map { $0.double ?? .nan },
      weight: route["weight"]?.double ?? .nan
    )
  }

  func advantages(_ request: AdvantageRequest) throws -> [Double]? {
    let answer = try ask("advantages", "request") { writer in
      writer.field("step", request.step)
      writer.field("rewards", request.rewards)
      writer.field("group", request.group)
      writer.key("is_demonstration")
      writer.list(request.isDemonstration) { $0.bool($1) }
    }
    guard let answer else { return nil }
    let values = answer.elements("values").map { $0.double ?? .nan }
    try session.request.check(advantages: values, for: request)
    return values
  }

  func stepWeights(_ statistics: StepStatistics) throws -> StepWeights? {
    let answer = try ask("step_weights", "statistics") { writer in
      writer.field("step", statistics.step)
      writer.key("sequences")
      writer.list(statistics.sequences) { writer, sequence in
        writer.object { writer in
          writer.field("kind", sequence.kind.name)
          writer.field("group", sequence.group)
          writer.field("tokens", sequence.tokens)
          writer.field("nll", sequence.nll)
          writer.field("entropy", sequence.entropy)
          writer.field("advantage", sequence.advantage)
        }
      }
    }
    guard let answer else { return nil }
    let weights = StepWeights(
      sftWeight: answer["sft_weight"]?.double ?? .nan,
      rlWeight: answer["rl_weight"]?.double ?? .nan,
      sequenceWeights: answer.elements("sequence_weights").map { $0.double ?? .nan }
    )
    try session.request.check(weights, for: statistics)
    return weights
  }

  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? {
    let answer = try ask("token_weights", "request") { writer in
      writer.field("step", request.step)
      writer.field("token_count", request.logProbs.count)
      writer.field("sequence_starts", request.sequenceStarts)
      writer.key("sequence_kinds")
      writer.list(request.sequenceKinds) { $0.text($1.name) }
      writer.key("kinds")
      writer.list(request.kinds) { $0.text($1.name) }
      writer.field("log_probs", request.logProbs)
      writer.field("old_log_probs", request.oldLogProbs)
      writer.field("entropies", request.entropies)
      writer.field("advantages", request.advantages)
      writer.field("coefficients", request.coefficients)
      writer.field("scales", request.scales)
      writer.field("kl_coefficients", request.klCoefficients)
    }
    guard let answer else { return nil }
    guard let bytes = answer["values"]?["f32"]?.string.flatMap(Base64.bytes), bytes.count % 4 == 0
    else { throw failure("token_weights", "it gave no numbers") }
    let values = stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(
        bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
      )
    }
    try session.request.check(tokenWeights: values, for: request)
    return values
  }
}

extension SequenceKind {
  /// As Python sees it.
  fileprivate var name: String {
    switch self {
    case .rollout: return "rollout"
    case .demonstration: return "demonstration"
    case .scoredDemonstration: return "scored_demonstration"
    }
  }
}

extension TokenKind {
  fileprivate var name: String {
    switch self {
    case .rollout: return "rollout"
    case .demonstration: return "demonstration"
    case .hint: return "hint"
    }
  }
}

// MARK: - Reports

extension JSONWriter {
  mutating func report(_ report: StepReport) {
    object { writer in
      writer.field("step", report.step)
      writer.field("kind", report.kind.name)
      writer.part("sft", report.sft) { $0.sft($1) }
      writer.part("rl", report.rl) { $0.rl($1) }
      writer.part("probe", report.probe) { $0.sft($1) }
      writer.field("grad_norm", report.gradNorm)
      writer.field("gradient_cosine", report.gradientCosine)
      writer.field("learning_rate", report.learningRate)
      writer.field("total_tokens", report.totalTokens)
      writer.part("evaluation", report.evaluation) { writer, evaluation in
        writer.field("step", evaluation.step)
        writer.field("accuracy", evaluation.accuracy)
        writer.field("low", evaluation.low)
        writer.field("high", evaluation.high)
        writer.field("count", evaluation.count)
      }
    }
  }

  private mutating func part<Part>(
    _ name: String,
    _ part: Part?,
    _ body: (inout JSONWriter, Part) -> Void
  ) {
    key(name)
    if let part { object { body(&$0, part) } } else { null() }
  }

  private mutating func sft(_ report: SFTReport) {
    field("loss", report.loss)
    field("nll", report.nll)
    field("nll_variance", report.nllVariance)
    field("grad_norm", report.gradNorm)
    field("entropy", report.entropy)
    field("mean_token_accuracy", report.meanTokenAccuracy)
    field("tokens", report.tokens)
  }

  private mutating func rl(_ report: RLReport) {
    field("loss", report.loss)
    field("grad_norm", report.gradNorm)
    field("kl", report.kl)
    field("entropy", report.entropy)
    field("reward_mean", report.rewardMean)
    field("reward_std", report.rewardStd)
    field("success_rate", report.successRate)
    field("advantage_mean", report.advantageMean)
    field("advantage_variance", report.advantageVariance)
    field("frac_reward_zero_std", report.fracRewardZeroStd)
    field("completion_length", report.completionLength)
    field("tokens", report.tokens)
  }
}
