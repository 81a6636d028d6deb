import Components

// What a strategy's answers must be, whichever process they come from.
extension ComponentRequest {
  /// The sizes and prefixes of a micro-group.
  func check(_ shape: RolloutShape, for request: RolloutShapeRequest) throws(PluginError) {
    let left = request.groupSize - request.rewards.count
    guard 1...left ~= shape.prefixLengths.count else {
      throw error(
        .output,
        hook: "shape_rollout",
        "the micro-group has \(shape.prefixLengths.count) samples, \(left) are left",
        cure: "set shape->count to 1 to shape->capacity"
      )
    }
    let limit = request.demonstration.count
    for (index, length) in shape.prefixLengths.enumerated() where !(0...limit ~= length) {
      throw error(
        .output,
        hook: "shape_rollout",
        "sample \(index) starts with \(length) tokens of a demonstration of \(limit)",
        cure: "give each sample at most demonstration_count"
      )
    }
  }

  /// One route for each prompt, with numbers that can be used.
  func check(_ routes: [PromptRoute], for request: RouteRequest) throws(PluginError) {
    try requireCount(UInt64(routes.count), request.prompts.count, "route")
    for (index, (route, prompt)) in zip(routes, request.prompts).enumerated() {
      let place = "the route of prompt \(index) (row \(prompt.exampleID))"
      guard route.demonstration == .none || prompt.hasDemonstration else {
        throw error(
          .output,
          hook: "route",
          "\(place) uses a demonstration, and the row has none",
          cure: "look at has_demonstration, or declare STEPWISE_NEEDS_PROMPT_DEMONSTRATIONS"
        )
      }
      guard route.weight.isFinite, route.weight >= 0, route.demonstrationReward?.isFinite ?? true
      else {
        throw error(
          .output,
          hook: "route",
          "\(place) has the weight \(route.weight), the reward \(route.demonstrationReward ?? .nan)",
          cure:
            "give finite numbers, the weight not below 0; a reward of NaN asks the run's rewards"
        )
      }
    }
  }

  /// One advantage for each sample, finite.
  func check(
    advantages values: [Double],
    for request: AdvantageRequest
  ) throws(PluginError) {
    try requireCount(UInt64(values.count), request.rewards.count, "advantages")
    try requireFinite(values, "advantages", "sample")
  }

  /// Two weights, and none or one for each sequence.
  func check(_ weights: StepWeights, for statistics: StepStatistics) throws(PluginError) {
    try requireWeights([weights.sftWeight, weights.rlWeight], "part")
    if weights.sequenceWeights.isEmpty { return }
    let count = UInt64(weights.sequenceWeights.count)
    try requireCount(count, statistics.sequences.count, "step_weights")
    try requireWeights(weights.sequenceWeights, "sequence")
  }

  /// One coefficient for each token, finite.
  func check(
    tokenWeights values: [Float],
    for request: TokenWeightRequest
  ) throws(PluginError) {
    try requireCount(UInt64(values.count), request.logProbs.count, "token_weights")
    try requireFinite(values, "token_weights", "token")
  }

  /// What a strategy needs must be known here and promised by the manifest.
  func check(_ needs: StrategyRequirements) throws(PluginError) {
    let unknown = needs.subtracting(.known)
    guard unknown.isEmpty else {
      throw error(
        .output,
        hook: "requirements",
        "it needs the bits 0x\(String(unknown.rawValue, radix: 16)), which this host does not know",
        cure: "update Stepwise"
      )
    }
    // The manifest says what it may need at most, whatever its parameters; what it needs with these, it says itself.
    let promised = component.needs
    let extra = needs.subtracting(promised)
    guard promised.isEmpty || extra.isEmpty else {
      let names = StrategyRequirements.names.filter { extra.contains($0.value) }.map(\.name)
      throw error(
        .output,
        hook: "requirements",
        "it needs \(names.joined(separator: ", ")), which the manifest's needs do not list",
        cure: "add it to the manifest"
      )
    }
  }

  // MARK: - Checks that hooks share

  func requireCount(_ found: UInt64, _ expected: Int, _ hook: String) throws(PluginError) {
    guard found == UInt64(expected) else {
      throw error(
        .output,
        hook: hook,
        "it gave \(found) values where \(expected) are needed",
        cure: "set `count` to the number asked for, or return STEPWISE_USE_DEFAULT"
      )
    }
  }

  private func requireFinite<T: BinaryFloatingPoint>(
    _ values: [T],
    _ hook: String,
    _ unit: String
  ) throws(PluginError) {
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw error(
        .output,
        hook: hook,
        "the value of \(unit) \(index) is \(values[index])",
        cure: "give finite numbers"
      )
    }
  }

  private func requireWeights(_ weights: [Double], _ unit: String) throws(PluginError) {
    if let index = weights.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
      throw error(
        .output,
        hook: "step_weights",
        "the weight of \(unit) \(index) is \(weights[index])",
        cure: "give finite numbers of at least 0"
      )
    }
  }
}
