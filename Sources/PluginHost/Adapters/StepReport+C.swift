import CStepwisePlugin
import Components

extension StepReport {
  /// The report's C view; lives as long as the arena.
  func view(in arena: CallArena) -> stepwise_step_report {
    var view = stepwise_step_report()
    view.struct_size = sizeOf(stepwise_step_report.self)
    view.kind = kind.rawValue
    view.step = UInt64(step)
    view.sft = sft.map { arena.value($0.view) }
    view.rl = rl.map { arena.value($0.view) }
    view.probe = probe.map { arena.value($0.view) }
    view.grad_norm = gradNorm
    view.gradient_cosine = gradientCosine
    view.learning_rate = learningRate
    view.total_tokens = UInt64(totalTokens)
    view.evaluation = evaluation.map { arena.value($0.view) }
    return view
  }
}

extension SFTReport {
  fileprivate var view: stepwise_sft_report {
    var view = stepwise_sft_report()
    view.struct_size = sizeOf(stepwise_sft_report.self)
    view.loss = loss
    view.nll = nll
    view.nll_variance = nllVariance
    view.grad_norm = gradNorm
    view.entropy = entropy
    view.mean_token_accuracy = meanTokenAccuracy
    view.tokens = UInt64(tokens)
    return view
  }
}

extension RLReport {
  fileprivate var view: stepwise_rl_report {
    var view = stepwise_rl_report()
    view.struct_size = sizeOf(stepwise_rl_report.self)
    view.loss = loss
    view.grad_norm = gradNorm
    view.kl = kl
    view.entropy = entropy
    view.reward_mean = rewardMean
    view.reward_std = rewardStd
    view.success_rate = successRate
    view.advantage_mean = advantageMean
    view.advantage_variance = advantageVariance
    view.frac_reward_zero_std = fracRewardZeroStd
    view.completion_length = completionLength
    view.tokens = UInt64(tokens)
    return view
  }
}

extension EvaluationSummary {
  fileprivate var view: stepwise_evaluation {
    var view = stepwise_evaluation()
    view.struct_size = sizeOf(stepwise_evaluation.self)
    view.step = UInt64(step)
    view.accuracy = accuracy
    view.low = low
    view.high = high
    view.count = UInt64(count)
    return view
  }
}
