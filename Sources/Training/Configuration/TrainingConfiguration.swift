/// Everything that decides a run, in TRL's words: what two runs share, they reproduce.
///
/// Defaults are TRL's where TRL has the key (`GRPOConfig`, `SFTConfig`, `TrainingArguments`).
public struct TrainingConfiguration: Sendable, Equatable {
  /// Seed of everything random in the run.
  public var seed: UInt64 = 42
  /// Optimizer steps, or -1 to train for `numTrainEpochs` over the demonstrations.
  public var maxSteps = -1
  /// Passes over the demonstrations when `maxSteps` is -1.
  public var numTrainEpochs = 3.0
  /// Shape of the learning rate over the run.
  public var lrSchedulerType = LRSchedulerType.linear
  /// Optimizer steps in which the learning rate rises from 0.
  public var warmupSteps = 0
  /// AdamW's decay of the first moment.
  public var adamBeta1 = 0.9
  /// AdamW's decay of the second moment.
  public var adamBeta2 = 0.999
  /// Added to the root of the second moment.
  public var adamEpsilon = 1e-8
  /// Decoupled weight decay; not applied to norms and biases.
  public var weightDecay = 0.0
  /// Global-norm clip of the gradient; 0 clips nothing.
  public var maxGradNorm = 1.0
  /// Whether activations are kept at the blocks' borders alone and the rest is computed again in the backward: TRL's key, whose
  /// default is true; here it is a matter of memory alone, and small models do not need it.
  public var gradientCheckpointing = false
  /// Metrics are averaged and written every so many optimizer steps.
  public var loggingSteps = 10
  /// Whether the gradients of the SFT loss, the surrogate and the KL term are measured apart at each logged step.
  public var logGradientParts = false
  /// A checkpoint every so many optimizer steps; 0 for the end only.
  public var saveSteps = 500
  /// How many checkpoints are kept.
  public var saveTotalLimit = 2
  /// Whether the rows are shuffled.
  public var shuffleDataset = true
  /// The SFT part.
  public var sft = SFTConfiguration()
  /// The RL part.
  public var grpo = GRPOConfiguration()
  /// Periodic evaluation.
  public var evaluation = EvaluationConfiguration()
  /// Held-out demonstrations in the fixed probe of strategies that measure.
  public var probeSize = 64

  /// Creates a configuration with every default.
  public init() {}
}

/// How the learning rate moves over the run, as in transformers.
public enum LRSchedulerType: String, Sendable, CaseIterable {
  /// Falls in a line to 0.
  case linear
  /// Falls by half a cosine to 0.
  case cosine
  /// Stays.
  case constant
  /// Rises over the warm-up, then stays.
  case constantWithWarmup = "constant_with_warmup"
}

/// The SFT part, as TRL's `SFTConfig`.
public struct SFTConfiguration: Sendable, Equatable {
  /// The token loss.
  public enum LossType: String, Sendable, CaseIterable {
    /// Negative log-likelihood.
    case nll
    /// Dynamic fine-tuning: -sg(p) log p.
    case dft
  }
  /// What becomes of a row of more than `maxLength` tokens.
  public enum OverlongRowPolicy: String, Sendable, CaseIterable {
    /// Its end is cut off: TRL's `truncation_mode: keep_start`.
    case truncate
    /// It is left out.
    case skip
    /// The run does not train on it, but stops.
    case error
  }
  /// Which rows make up a sequence.
  public enum PackingStrategy: String, Sendable, CaseIterable {
    /// Best fit decreasing: the longest row first, each into the fullest sequence that it fits into.
    case bfd
  }
  /// Peak learning rate of SFT steps.
  public var learningRate = 2e-5
  /// Rows in a micro-batch.
  public var perDeviceTrainBatchSize = 8
  /// Micro-batches in an optimizer step.
  public var gradientAccumulationSteps = 1
  /// Longest row in tokens.
  public var maxLength = 1024
  /// What becomes of longer rows. TRL knows cutting alone, so that is the default; here it is counted and said.
  public var onOverlongRow = OverlongRowPolicy.truncate
  /// The token loss.
  public var lossType = LossType.nll
  /// Whether only the completion is trained; `nil`: yes for rows with a prompt.
  public var completionOnlyLoss: Bool?
  /// Whether only the assistant's turns of a conversation are trained, all of them.
  public var assistantOnlyLoss = false
  /// Whether several rows make up a sequence of `maxLength` tokens; attention stays inside a row.
  public var packing = false
  /// Which rows go together.
  public var packingStrategy = PackingStrategy.bfd

  /// Creates a configuration with every default.
  public init() {}
}

/// The RL part, as TRL's `GRPOConfig`.
public struct GRPOConfiguration: Sendable, Equatable {
  /// How per-token losses become one number.
  public enum LossType: String, Sendable, CaseIterable {
    /// Mean over sequences of token means.
    case grpo
    /// Sum over the micro-batch's tokens, divided by their number.
    case bnpo
    /// Sum divided by batch size times `max_completion_length`.
    case drGRPO = "dr_grpo"
    /// Sum divided by the tokens of the whole generation batch.
    case dapo
    /// Clipped importance weights, detached.
    case cispo
  }
  /// Where importance ratios are formed.
  public enum ImportanceSamplingLevel: String, Sendable, CaseIterable {
    /// One ratio for each token.
    case token
    /// One ratio for each sequence (GSPO).
    case sequence
  }
  /// What advantages are divided by.
  public enum ScaleRewards: String, Sendable, CaseIterable {
    /// The group's standard deviation.
    case group
    /// The batch's standard deviation.
    case batch
    /// Nothing.
    case none
  }
  /// How several rewards become one advantage.
  public enum MultiObjectiveAggregation: String, Sendable, CaseIterable {
    /// Weighted sum first.
    case sumThenNormalize = "sum_then_normalize"
    /// Each reward normalised in its group first.
    case normalizeThenSum = "normalize_then_sum"
  }
  /// How the reference keeps its matrices; norms and biases stay FP32.
  public enum ReferenceDtype: String, Sendable, CaseIterable {
    /// BF16 where that loses nothing, as at the start from a BF16 checkpoint, and else FP32.
    case auto
    /// FP32.
    case float32
    /// BF16, rounded where need be.
    case bfloat16
  }
  /// Peak learning rate of RL steps.
  public var learningRate = 1e-6
  /// Completions in a micro-batch.
  public var perDeviceTrainBatchSize = 8
  /// Micro-batches in an optimizer step.
  public var gradientAccumulationSteps = 1
  /// Completions for each prompt.
  public var numGenerations = 8
  /// Micro-batches in a generation batch; `nil`: `gradientAccumulationSteps`.
  public var stepsPerGeneration: Int?
  /// Completions in a generation batch; `nil`: `perDeviceTrainBatchSize` times `stepsPerGeneration`.
  public var generationBatchSize: Int?
  /// How often a generation batch is trained on.
  public var numIterations = 1
  /// Longest completion in tokens.
  public var maxCompletionLength = 512
  /// Sampling temperature; log-probabilities in the loss are divided by it too.
  public var temperature = 1.0
  /// Nucleus sampling.
  public var topP = 1.0
  /// Sample among the k likeliest; 0 for all.
  public var topK = 0
  /// Sample among tokens with at least this share of the likeliest's probability; `nil` for all.
  public var minP: Double?
  /// Divides the logits of tokens that occurred.
  public var repetitionPenalty = 1.0
  /// Weight of the KL term; 0 means no reference and no `kl`.
  public var beta = 0.0
  /// How the reference keeps its matrices.
  public var refModelDtype = ReferenceDtype.auto
  /// Clip below.
  public var epsilon = 0.2
  /// Clip above; `nil`: `epsilon`.
  public var epsilonHigh: Double?
  /// Upper bound of the unclipped ratio; `nil` for none.
  public var delta: Double?
  /// How per-token losses become one number.
  public var lossType = LossType.dapo
  /// Where importance ratios are formed.
  public var importanceSamplingLevel = ImportanceSamplingLevel.token
  /// What advantages are divided by.
  public var scaleRewards = ScaleRewards.group
  /// How several rewards become one advantage.
  public var multiObjectiveAggregation = MultiObjectiveAggregation.sumThenNormalize
  /// Whether truncated completions leave the loss.
  public var maskTruncatedCompletions = false
  /// Whether KL is multiplied by the importance ratio.
  public var useBiasCorrectionKL = true
  /// Whether every completion is kept in `rollouts.jsonl`. TRL's default is false, since it prints them; here a run is studied
  /// afterwards, and what is not kept cannot be.
  public var logCompletions = true

  /// Creates a configuration with every default.
  public init() {}

  /// Micro-batches in a generation batch.
  public var resolvedStepsPerGeneration: Int {
    if let stepsPerGeneration { return stepsPerGeneration }
    if let generationBatchSize { return max(1, generationBatchSize / perDeviceTrainBatchSize) }
    return gradientAccumulationSteps
  }
  /// Completions in a generation batch.
  public var resolvedGenerationBatchSize: Int {
    generationBatchSize ?? perDeviceTrainBatchSize * resolvedStepsPerGeneration
  }
}

/// Periodic evaluation on held-out prompts.
public struct EvaluationConfiguration: Sendable, Equatable {
  /// Evaluate every so many optimizer steps; 0 for the end only.
  public var evalSteps = 0
  /// Whether the untrained model is evaluated first.
  public var evalOnStart = false
  /// How many prompts, from the front of the evaluation dataset.
  public var maxPrompts = 256
  /// Completions for each prompt: k of pass@k and maj@k.
  public var numGenerations = 1
  /// 0 is greedy.
  public var temperature = 0.0
  /// Nucleus sampling.
  public var topP = 1.0
  /// Sample among the k likeliest; 0 for all.
  public var topK = 0
  /// Sample among tokens with at least this share of the likeliest's probability; `nil` for all.
  public var minP: Double?
  /// Divides the logits of tokens that occurred.
  public var repetitionPenalty = 1.0
  /// Completions that are generated and scored together, rounded down to whole prompts: bounds memory, and what an interrupted
  /// `stepwise eval` does again.
  public var perDeviceEvalBatchSize = 256
  /// Longest completion in tokens; `nil`: the RL part's.
  public var maxCompletionLength: Int?
  /// Sample generations kept for reading.
  public var sampleCount = 4

  /// Creates a configuration with every default.
  public init() {}
}
