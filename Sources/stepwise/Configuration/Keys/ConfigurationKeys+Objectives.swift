import Training

/// The sections `sft:` and `grpo:`, which have keys of the same name.
extension ConfigurationKeys {
  static let sft = [
    ConfigurationKey(
      "sft.learning_rate",
      \.training.sft.learningRate,
      .notNegative,
      "Peak learning rate of SFT steps."
    ),
    ConfigurationKey(
      "sft.per_device_train_batch_size",
      \.training.sft.perDeviceTrainBatchSize,
      .whole(1),
      "Rows in a micro-batch."
    ),
    ConfigurationKey(
      "sft.gradient_accumulation_steps",
      \.training.sft.gradientAccumulationSteps,
      .whole(1),
      "Micro-batches in an optimizer step."
    ),
    ConfigurationKey(
      "sft.max_length",
      \.training.sft.maxLength,
      .whole(2),
      "Longest row in tokens; on_overlong_row says what becomes of longer ones."
    ),
    ConfigurationKey(
      "sft.on_overlong_row",
      \.training.sft.onOverlongRow,
      .choice(),
      "What becomes of a longer row: truncate cuts its end off, as in TRL, skip leaves it out, error stops the run. Cut and left-out rows are counted in sft/overlong_rows."
    ),
    ConfigurationKey(
      "sft.loss_type",
      \.training.sft.lossType,
      .choice(later: ["chunked_nll"]),
      "The token loss."
    ),
    ConfigurationKey(
      "sft.completion_only_loss",
      \.training.sft.completionOnlyLoss,
      .flag,
      null: "true where rows have a prompt",
      "Whether only the completion is trained."
    ),
  ]

  static let sftRows = [
    ConfigurationKey(
      "sft.assistant_only_loss",
      \.training.sft.assistantOnlyLoss,
      .flag,
      "Whether only the assistant's turns of conversations are trained, all of them; with completion_only_loss: true those of the completion."
    ),
    ConfigurationKey(
      "sft.packing",
      \.training.sft.packing,
      .flag,
      "Whether several rows make up a sequence of max_length tokens, which the batch size then counts; attention stays inside a row."
    ),
    ConfigurationKey(
      "sft.packing_strategy",
      \.training.sft.packingStrategy,
      .choice(later: ["bfd_split", "wrapped"]),
      "Which rows go together: the longest first, each into the fullest sequence that it fits into."
    ),
  ]

  static let grpo = grpoBatches + grpoSampling + grpoLoss

  private static let grpoBatches = [
    ConfigurationKey(
      "grpo.learning_rate",
      \.training.grpo.learningRate,
      .notNegative,
      "Peak learning rate of RL steps."
    ),
    ConfigurationKey(
      "grpo.per_device_train_batch_size",
      \.training.grpo.perDeviceTrainBatchSize,
      .whole(1),
      "Completions in a micro-batch."
    ),
    ConfigurationKey(
      "grpo.gradient_accumulation_steps",
      \.training.grpo.gradientAccumulationSteps,
      .whole(1),
      "Micro-batches in an optimizer step."
    ),
    ConfigurationKey(
      "grpo.num_generations",
      \.training.grpo.numGenerations,
      .whole(2),
      "Completions for each prompt."
    ),
    ConfigurationKey(
      "grpo.steps_per_generation",
      \.training.grpo.stepsPerGeneration,
      .whole(1),
      null: "gradient_accumulation_steps",
      "Micro-batches in a generation batch."
    ),
    ConfigurationKey(
      "grpo.generation_batch_size",
      \.training.grpo.generationBatchSize,
      .whole(1),
      null: "per_device_train_batch_size times steps_per_generation",
      "Completions in a generation batch."
    ),
    ConfigurationKey(
      "grpo.num_iterations",
      \.training.grpo.numIterations,
      .whole(1),
      "How often a generation batch is trained on."
    ),
  ]

  private static let grpoSampling = [
    ConfigurationKey(
      "grpo.max_completion_length",
      \.training.grpo.maxCompletionLength,
      .whole(1),
      "Longest completion in tokens."
    ),
    ConfigurationKey(
      "grpo.temperature",
      \.training.grpo.temperature,
      .positive,
      "Sampling temperature; log-probabilities in the loss are divided by it too."
    ),
    ConfigurationKey("grpo.top_p", \.training.grpo.topP, .positiveShare, "Nucleus sampling."),
    ConfigurationKey(
      "grpo.top_k",
      \.training.grpo.topK,
      .whole(0),
      "Sample among the k likeliest; 0 for all."
    ),
    ConfigurationKey(
      "grpo.min_p",
      \.training.grpo.minP,
      .share,
      null: "all",
      "Sample among tokens with at least this share of the likeliest's probability."
    ),
    ConfigurationKey(
      "grpo.repetition_penalty",
      \.training.grpo.repetitionPenalty,
      .positive,
      "Divides the logits of tokens that occurred."
    ),
  ]

  private static let grpoLoss = [
    ConfigurationKey(
      "grpo.beta",
      \.training.grpo.beta,
      .notNegative,
      "Weight of the KL term; 0 means no reference model and no kl."
    ),
    ConfigurationKey(
      "grpo.ref_model_dtype",
      \.training.grpo.refModelDtype,
      .choice(),
      "How the reference keeps its matrices: auto takes bfloat16 where that loses nothing, as for a BF16 checkpoint, and else float32."
    ),
    ConfigurationKey("grpo.epsilon", \.training.grpo.epsilon, .notNegative, "Clip below."),
    ConfigurationKey(
      "grpo.epsilon_high",
      \.training.grpo.epsilonHigh,
      .notNegative,
      null: "epsilon",
      "Clip above."
    ),
    ConfigurationKey(
      "grpo.delta",
      \.training.grpo.delta,
      .positive,
      null: "none",
      "Upper bound of the unclipped ratio."
    ),
    ConfigurationKey(
      "grpo.loss_type",
      \.training.grpo.lossType,
      .choice(later: ["sapo", "luspo", "vespo"]),
      "How per-token losses become one number."
    ),
    ConfigurationKey(
      "grpo.importance_sampling_level",
      \.training.grpo.importanceSamplingLevel,
      .choice(),
      "Where importance ratios are formed."
    ),
    ConfigurationKey(
      "grpo.scale_rewards",
      \.training.grpo.scaleRewards,
      .choice(),
      "What advantages are divided by."
    ),
    ConfigurationKey(
      "grpo.multi_objective_aggregation",
      \.training.grpo.multiObjectiveAggregation,
      .choice(),
      "How several rewards become one advantage."
    ),
    ConfigurationKey(
      "grpo.mask_truncated_completions",
      \.training.grpo.maskTruncatedCompletions,
      .flag,
      "Whether truncated completions leave the loss."
    ),
    ConfigurationKey(
      "grpo.use_bias_correction_kl",
      \.training.grpo.useBiasCorrectionKL,
      .flag,
      "Whether the KL term is multiplied by the importance ratio."
    ),
    ConfigurationKey(
      "grpo.log_completions",
      \.training.grpo.logCompletions,
      .flag,
      "Whether every completion is kept in rollouts.jsonl. On, unlike in TRL, which prints them: `stepwise runs rescore` reads them."
    ),
  ]
}
