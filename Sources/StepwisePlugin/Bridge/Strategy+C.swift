import CStepwisePlugin

/// The functions of a strategy.
func strategyTable() -> stepwise_strategy {
  var table = stepwise_strategy()
  table.struct_size = sizeOf(stepwise_strategy.self)
  table.requirements = { handle, needs, error in
    guarded(error) {
      needs!.pointee = instance(handle, as: StrategyInstance.self).strategy.requirements.rawValue
      return Status.ok
    }
  }
  table.begin_step = { handle, context, plan, error in
    guarded(error) {
      let instance = instance(handle, as: StrategyInstance.self)
      try instance.strategy.beginStep(StepContext(context!)).write(to: plan!)
      return Status.ok
    }
  }
  table.shape_rollout = { handle, request, shape, error in
    guarded(error) {
      let instance = instance(handle, as: StrategyInstance.self)
      let answer = try instance.strategy.shapeRollout(RolloutShapeRequest(request!))
      guard let lengths = answer?.prefixLengths else { return Status.useDefault }
      let output = shape!.pointee
      guard lengths.count <= output.capacity, lengths.allSatisfy({ $0 >= 0 }) else {
        throw PluginFailure(
          "shapeRollout gave the prefix lengths \(lengths); \(output.capacity) samples are left"
        )
      }
      for (index, length) in lengths.enumerated() {
        output.prefix_lengths[index] = UInt64(length)
      }
      shape!.pointee.count = UInt64(lengths.count)
      return Status.ok
    }
  }
  table.route = { handle, request, routes, error in
    guarded(error) {
      let instance = instance(handle, as: StrategyInstance.self)
      guard let answer = try instance.strategy.route(RouteRequest(request!)) else {
        return Status.useDefault
      }
      try write(answer, to: routes!)
      return Status.ok
    }
  }
  table.advantages = { handle, request, output, error in
    guarded(error) {
      let instance = instance(handle, as: StrategyInstance.self)
      guard let answer = try instance.strategy.advantages(AdvantageRequest(request!)) else {
        return Status.useDefault
      }
      try expect(answer.count, output!.pointee.capacity, "advantages")
      output!.pointee.values?.update(from: answer, count: answer.count)
      output!.pointee.count = UInt64(answer.count)
      return Status.ok
    }
  }
  table.step_weights = { handle, statistics, weights, error in
    guarded(error) {
      let instance = instance(handle, as: StrategyInstance.self)
      guard let answer = try instance.strategy.stepWeights(StepStatistics(statistics!)) else {
        return Status.useDefault
      }
      weights!.pointee.sft_weight = answer.sftWeight
      weights!.pointee.rl_weight = answer.rlWeight
      let factors = answer.sequenceWeights
      if !factors.isEmpty {
        try expect(factors.count, weights!.pointee.capacity, "stepWeights")
        weights!.pointee.sequence_weights.update(from: factors, count: factors.count)
      }
      weights!.pointee.count = UInt64(factors.count)
      return Status.ok
    }
  }
  table.token_weights = { handle, request, output, error in
    guarded(error) {
      let instance = instance(handle, as: StrategyInstance.self)
      guard let answer = try instance.strategy.tokenWeights(TokenWeightRequest(request!)) else {
        return Status.useDefault
      }
      try expect(answer.count, output!.pointee.capacity, "tokenWeights")
      output!.pointee.values?.update(from: answer, count: answer.count)
      output!.pointee.count = UInt64(answer.count)
      return Status.ok
    }
  }
  table.end_step = { handle, report, error in
    guarded(error) {
      let instance = instance(handle, as: StrategyInstance.self)
      try instance.strategy.endStep(StepReport(report!))
      return Status.ok
    }
  }
  return table
}

private func expect(_ count: Int, _ capacity: UInt64, _ hook: String) throws {
  guard UInt64(count) == capacity else {
    throw PluginFailure("\(hook) gave \(count) numbers where \(capacity) are needed")
  }
}

private func write(
  _ answer: [PromptRoute],
  to routes: UnsafeMutablePointer<stepwise_routes>
) throws {
  try expect(answer.count, routes.pointee.capacity, "route")
  for (index, route) in answer.enumerated() {
    let slot = stepwise_prompt_route_at(routes, UInt64(index))!
    slot.pointee.keep_rollouts = route.keepRollouts ? 1 : 0
    slot.pointee.demonstration = route.demonstration.rawValue
    slot.pointee.demonstration_reward = route.demonstrationReward ?? .nan
    slot.pointee.weight = route.weight
  }
  routes.pointee.count = UInt64(answer.count)
}

extension StepPlan {
  fileprivate func write(to plan: UnsafeMutablePointer<stepwise_step_plan>) throws {
    guard let samples = UInt32(exactly: samplesPerPrompt ?? 0),
      let slot = UInt32(exactly: optimizerSlot)
    else {
      throw PluginFailure(
        "beginStep gave samplesPerPrompt \(samplesPerPrompt ?? 0), optimizerSlot \(optimizerSlot)"
      )
    }
    plan.pointee.kind = kind.rawValue
    plan.pointee.sft_weight = sftWeight
    plan.pointee.rl_weight = rlWeight
    plan.pointee.learning_rate_factor = learningRateFactor
    plan.pointee.samples_per_prompt = samples
    plan.pointee.optimizer_slot = slot
    plan.pointee.max_grad_norm = maxGradNorm ?? .nan
    plan.pointee.difficulty_low = difficulty?.lowerBound ?? .nan
    plan.pointee.difficulty_high = difficulty?.upperBound ?? .nan
    plan.pointee.snapshot_reference = snapshotReference ? 1 : 0
    try writeLater(to: plan)
    if !exampleIDs.isEmpty {
      plan.pointee.add_example_ids(plan, exampleIDs, UInt64(exampleIDs.count))
    }
    if !reason.isEmpty { withText(reason) { plan.pointee.set_reason(plan, $0) } }
    for diagnostic in diagnostics {
      withText(diagnostic.name) { plan.pointee.add_diagnostic(plan, $0, diagnostic.value) }
    }
  }

  /// What a plan had no room for in the first headers: a host of that time cannot do it.
  private func writeLater(to plan: UnsafeMutablePointer<stepwise_step_plan>) throws {
    guard plan.pointee.struct_size >= sizeOf(stepwise_step_plan.self) else {
      if exampleSlot == .demonstrations, groupDemonstrations == 0, skipAboveGradNorm == nil {
        return
      }
      throw PluginFailure(
        .unsupported,
        "this host is too old for exampleSlot, groupDemonstrations and skipAboveGradNorm: "
          + "update Stepwise"
      )
    }
    guard let demonstrations = UInt32(exactly: groupDemonstrations) else {
      throw PluginFailure("beginStep gave groupDemonstrations \(groupDemonstrations)")
    }
    plan.pointee.example_slot = exampleSlot.rawValue
    plan.pointee.group_demonstrations = demonstrations
    plan.pointee.skip_above_grad_norm = skipAboveGradNorm ?? .nan
  }
}
