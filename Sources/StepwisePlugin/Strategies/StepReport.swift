/// What the SFT part of a step (or a probe) measured.
public struct SFTReport: Sendable, Equatable {
  /// The loss that was minimised, before its weight.
  public var loss: Double
  /// Mean negative log-likelihood per trained token, nats.
  public var nll: Double
  /// Variance of the tokens' negative log-likelihoods.
  public var nllVariance: Double
  /// L2 norm of this part's gradient over all trainable parameters, before weight, clipping and update.
  public var gradNorm: Double
  /// Mean token entropy, nats; NaN where it was not asked for.
  public var entropy: Double
  /// Share of tokens that the policy would have chosen greedily.
  public var meanTokenAccuracy: Double
  /// Trained tokens.
  public var tokens: Int

  /// Creates a report.
  public init(
    loss: Double,
    nll: Double,
    nllVariance: Double,
    gradNorm: Double,
    entropy: Double,
    meanTokenAccuracy: Double,
    tokens: Int
  ) {
    self.loss = loss
    self.nll = nll
    self.nllVariance = nllVariance
    self.gradNorm = gradNorm
    self.entropy = entropy
    self.meanTokenAccuracy = meanTokenAccuracy
    self.tokens = tokens
  }
}

/// What the RL part of a step measured.
public struct RLReport: Sendable, Equatable {
  /// The loss that was minimised, before its weight.
  public var loss: Double
  /// L2 norm of this part's gradient over all trainable parameters, before weight, clipping and update.
  public var gradNorm: Double
  /// KL(policy || reference), k3, nats per token; NaN without a reference.
  public var kl: Double
  /// Mean token entropy, nats; NaN where it was not asked for.
  public var entropy: Double
  /// Mean total reward.
  public var rewardMean: Double
  /// Standard deviation of the total reward over the step.
  public var rewardStd: Double
  /// Share of samples that count as solved.
  public var successRate: Double
  /// Mean advantage.
  public var advantageMean: Double
  /// Variance of the advantages.
  public var advantageVariance: Double
  /// Share of groups whose rewards are all equal.
  public var fracRewardZeroStd: Double
  /// Mean completion length, tokens.
  public var completionLength: Double
  /// Trained tokens.
  public var tokens: Int

  /// Creates a report.
  public init(
    loss: Double,
    gradNorm: Double,
    kl: Double,
    entropy: Double,
    rewardMean: Double,
    rewardStd: Double,
    successRate: Double,
    advantageMean: Double,
    advantageVariance: Double,
    fracRewardZeroStd: Double,
    completionLength: Double,
    tokens: Int
  ) {
    self.loss = loss
    self.gradNorm = gradNorm
    self.kl = kl
    self.entropy = entropy
    self.rewardMean = rewardMean
    self.rewardStd = rewardStd
    self.successRate = successRate
    self.advantageMean = advantageMean
    self.advantageVariance = advantageVariance
    self.fracRewardZeroStd = fracRewardZeroStd
    self.completionLength = completionLength
    self.tokens = tokens
  }
}

/// The latest periodic evaluation: the quiz of the paper's picture.
public struct EvaluationSummary: Sendable, Equatable {
  /// After how many optimizer steps it was made.
  public var step: Int
  /// Share of held-out prompts that were solved.
  public var accuracy: Double
  /// Lower end of the 95 % interval.
  public var low: Double
  /// Upper end of the 95 % interval.
  public var high: Double
  /// Prompts evaluated.
  public var count: Int

  /// Creates a summary.
  public init(step: Int, accuracy: Double, low: Double, high: Double, count: Int) {
    self.step = step
    self.accuracy = accuracy
    self.low = low
    self.high = high
    self.count = count
  }
}

/// What happened in a step: the strategy's only view of the run.
public struct StepReport: Sendable, Equatable {
  /// The optimizer step, 0-based.
  public var step: Int
  /// What it was.
  public var kind: StepKind
  /// The SFT part, where there was one.
  public var sft: SFTReport?
  /// The RL part, where there was one.
  public var rl: RLReport?
  /// The probe, after a `measure` plan.
  public var probe: SFTReport?
  /// Norm of the whole gradient before clipping; NaN after a `measure` plan.
  public var gradNorm: Double
  /// Cosine between the SFT and the RL gradient; NaN where it was not asked for.
  public var gradientCosine: Double
  /// The learning rate that was used.
  public var learningRate: Double
  /// Tokens trained so far in the run.
  public var totalTokens: Int
  /// The latest evaluation, where there was one.
  public var evaluation: EvaluationSummary?

  /// Creates a report.
  public init(
    step: Int,
    kind: StepKind,
    sft: SFTReport? = nil,
    rl: RLReport? = nil,
    probe: SFTReport? = nil,
    gradNorm: Double = .nan,
    gradientCosine: Double = .nan,
    learningRate: Double = 0,
    totalTokens: Int = 0,
    evaluation: EvaluationSummary? = nil
  ) {
    self.step = step
    self.kind = kind
    self.sft = sft
    self.rl = rl
    self.probe = probe
    self.gradNorm = gradNorm
    self.gradientCosine = gradientCosine
    self.learningRate = learningRate
    self.totalTokens = totalTokens
    self.evaluation = evaluation
  }
}
