import CStepwisePlugin

/// A pointer that a closure of a request takes along. Unchecked because it is used on the calling thread, during the call.
private struct CallPointer<T>: @unchecked Sendable {
  let pointer: UnsafePointer<T>
}

extension StepContext {
  init(_ pointer: UnsafePointer<stepwise_step_context>) {
    let context = growable(pointer)
    let call = CallPointer(pointer: pointer)
    self.init(
      step: Int(context.step),
      horizon: Int(context.horizon),
      measurements: Int(context.measurements),
      seed: context.seed,
      uniform: { call.pointer.pointee.uniform(call.pointer, $0) },
      sftSteps: Int(context.sft_steps),
      rlSteps: Int(context.rl_steps),
      history: growables(
        context.history,
        count: context.history_count,
        stride: context.history_stride
      )
      .map { StepReport($0) }
    )
  }
}

extension StepReport {
  init(_ pointer: UnsafePointer<stepwise_step_report>) { self.init(growable(pointer)) }

  fileprivate init(_ report: stepwise_step_report) {
    self.init(
      step: Int(report.step),
      kind: StepKind(rawValue: report.kind) ?? .measure,
      sft: report.sft.map { SFTReport(growable($0)) },
      rl: report.rl.map { RLReport(growable($0)) },
      probe: report.probe.map { SFTReport(growable($0)) },
      gradNorm: report.grad_norm,
      gradientCosine: report.gradient_cosine,
      learningRate: report.learning_rate,
      totalTokens: Int(report.total_tokens),
      evaluation: report.evaluation.map { EvaluationSummary(growable($0)) }
    )
  }
}

extension SFTReport {
  fileprivate init(_ report: stepwise_sft_report) {
    self.init(
      loss: report.loss,
      nll: report.nll,
      nllVariance: report.nll_variance,
      gradNorm: report.grad_norm,
      entropy: report.entropy,
      meanTokenAccuracy: report.mean_token_accuracy,
      tokens: Int(report.tokens)
    )
  }
}

extension RLReport {
  fileprivate init(_ report: stepwise_rl_report) {
    self.init(
      loss: report.loss,
      gradNorm: report.grad_norm,
      kl: report.kl,
      entropy: report.entropy,
      rewardMean: report.reward_mean,
      rewardStd: report.reward_std,
      successRate: report.success_rate,
      advantageMean: report.advantage_mean,
      advantageVariance: report.advantage_variance,
      fracRewardZeroStd: report.frac_reward_zero_std,
      completionLength: report.completion_length,
      tokens: Int(report.tokens)
    )
  }
}

extension EvaluationSummary {
  fileprivate init(_ evaluation: stepwise_evaluation) {
    self.init(
      step: Int(evaluation.step),
      accuracy: evaluation.accuracy,
      low: evaluation.low,
      high: evaluation.high,
      count: Int(evaluation.count)
    )
  }
}

extension RolloutShapeRequest {
  init(_ pointer: UnsafePointer<stepwise_rollout_request>) {
    let request = growable(pointer)
    let call = CallPointer(pointer: pointer)
    self.init(
      step: Int(request.step),
      prompt: Int(request.prompt),
      exampleID: request.example_id,
      groupSize: Int(request.group_size),
      demonstration: array(request.demonstration, request.demonstration_count),
      stepBoundaries: array(request.step_boundaries, request.step_boundary_count).map { Int($0) },
      rewards: optionals(request.rewards, request.reward_count),
      uniform: { call.pointer.pointee.uniform(call.pointer, $0) }
    )
  }
}

extension RouteRequest {
  init(_ pointer: UnsafePointer<stepwise_route_request>) {
    let request = growable(pointer)
    let groups = growables(
      request.prompts,
      count: request.prompt_count,
      stride: request.prompt_stride
    )
    self.init(
      step: Int(request.step),
      prompts: groups.map {
        PromptGroup(
          exampleID: $0.example_id,
          rewards: optionals($0.rewards, $0.count),
          succeeded: array($0.succeeded, $0.count).map { $0 != 0 },
          hasDemonstration: $0.has_demonstration != 0
        )
      }
    )
  }
}

extension AdvantageRequest {
  init(_ pointer: UnsafePointer<stepwise_advantage_request>) {
    let request = growable(pointer)
    self.init(
      step: Int(request.step),
      rewards: optionals(request.rewards, request.count),
      group: array(request.groups, request.count).map { Int($0) },
      isDemonstration: array(request.is_demonstration, request.count).map { $0 != 0 }
    )
  }
}

extension StepStatistics {
  init(_ pointer: UnsafePointer<stepwise_step_statistics>) {
    let statistics = growable(pointer)
    let sequences = growables(
      statistics.sequences,
      count: statistics.sequence_count,
      stride: statistics.sequence_stride
    )
    self.init(
      step: Int(statistics.step),
      sequences: sequences.map {
        SequenceStatistics(
          kind: SequenceKind(rawValue: $0.kind) ?? .rollout,
          group: Int($0.group),
          tokens: Int($0.tokens),
          nll: $0.nll,
          entropy: $0.entropy,
          advantage: $0.advantage
        )
      }
    )
  }
}

extension TokenWeightRequest {
  init(_ pointer: UnsafePointer<stepwise_token_request>) {
    let request = growable(pointer)
    let tokens = request.token_count
    self.init(
      step: Int(request.step),
      sequenceStarts: array(request.sequence_starts, request.sequence_count + 1).map { Int($0) },
      sequenceKinds: array(request.sequence_kinds, request.sequence_count).map {
        SequenceKind(rawValue: $0) ?? .rollout
      },
      logProbs: array(request.log_probs, tokens),
      oldLogProbs: array(request.old_log_probs, tokens),
      entropies: array(request.entropies, tokens),
      advantages: array(request.advantages, tokens),
      kinds: array(request.kinds, tokens).map { TokenKind(rawValue: $0) ?? .rollout },
      coefficients: array(request.coefficients, tokens),
      scales: array(request.scales, tokens),
      klCoefficients: array(request.kl_coefficients, tokens)
    )
  }
}

/// Rewards as the ABI gives them: NaN is an abstained one.
private func optionals(_ base: UnsafePointer<Double>?, _ count: UInt64) -> [Double?] {
  array(base, count).map { $0.isNaN ? nil : $0 }
}
