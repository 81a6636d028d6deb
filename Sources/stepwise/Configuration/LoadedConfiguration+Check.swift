import Tensors
import Training

extension LoadedConfiguration {
  /// What a configuration is read for.
  enum Purpose: Sendable {
    /// A run: everything must be there.
    case training
    /// An evaluation of a model that is named elsewhere: held-out rows and rewards are enough.
    case evaluation
    /// A look at the rows: datasets are enough.
    case data
  }

  /// Refuses settings that do not fit together, and offers the nearest that do.
  func check(for purpose: Purpose) throws(ConfigurationError) {
    switch purpose {
    case .data: return
    case .training:
      try checkModel()
      try checkAdapter()
      try checkParts()
      try checkGenerationBatch()
    case .evaluation:
      guard configuration.evaluationPrompts != nil else {
        throw failure(
          "evaluation.prompts",
          "there is nothing to evaluate on",
          cure: "Name a dataset plugin"
        )
      }
    }
    try checkRewards()
    try checkEvaluationSets()
    try checkNumerics()
  }

  private func failure(_ key: String, _ problem: String, cure: String) -> ConfigurationError {
    ConfigurationError(place(of: key), key: key, problem: problem, cure: cure)
  }

  private func checkModel() throws(ConfigurationError) {
    switch (configuration.modelNameOrPath, configuration.modelConfig) {
    case (nil, nil):
      throw failure(
        "model_name_or_path",
        "no model is named",
        cure: "Set model_name_or_path to a directory, or model.config for random weights"
      )
    case (.some, .some):
      throw failure(
        "model.config",
        "model_name_or_path is set too, and a run has one model",
        cure: "Remove one of the two"
      )
    default: break
    }
  }

  private func checkAdapter() throws(ConfigurationError) {
    if let path = configuration.adapter.path, !configuration.adapter.usePeft {
      throw failure(
        "adapter_name_or_path",
        "\(path) is not used: without use_peft all parameters are trained",
        cure: "Set use_peft to true, or remove the key"
      )
    }
  }

  private func checkParts() throws(ConfigurationError) {
    guard configuration.strategy != nil else {
      throw failure(
        "strategy",
        "no strategy is named",
        cure: "Name one; `stepwise plugin list` shows what there is"
      )
    }
    if configuration.prompts == nil, configuration.demonstrations == nil {
      throw failure(
        "prompts",
        "there is neither a prompts: nor a demonstrations: section",
        cure: "Add at least one with a dataset plugin"
      )
    }
  }

  private func checkRewards() throws(ConfigurationError) {
    if configuration.evaluationPrompts != nil, configuration.rewards.isEmpty {
      throw failure(
        "evaluation.prompts",
        "nothing can be evaluated without a reward",
        cure: "Add a rewards: list"
      )
    }
  }

  private func checkNumerics() throws(ConfigurationError) {
    if configuration.numerics.bf16, configuration.numerics.matrixProvider != .builtin {
      throw failure(
        "bf16",
        "the matrix provider \(configuration.numerics.matrixProvider.rawValue) multiplies in FP32 only",
        cure: "Set numerics.matrix_provider to builtin, or bf16 to false"
      )
    }
    if let type = configuration.numerics.openblasCoretype,
      configuration.numerics.matrixProvider != .openBLAS
    {
      throw failure(
        "numerics.openblas_coretype",
        "\(type) has no effect with matrix_provider "
          + configuration.numerics.matrixProvider.rawValue,
        cure: "Set numerics.matrix_provider to openblas, or remove the key"
      )
    }
  }

  private func checkGenerationBatch() throws(ConfigurationError) {
    let grpo = configuration.training.grpo
    let micro = grpo.perDeviceTrainBatchSize
    if let size = grpo.generationBatchSize {
      let key = "grpo.generation_batch_size"
      if let steps = grpo.stepsPerGeneration {
        throw failure(
          key,
          "\(size) is set together with steps_per_generation \(steps), which decides the same",
          cure: "Remove one of the two"
        )
      }
      if size % micro != 0 {
        throw failure(
          key,
          "\(size) does not divide by per_device_train_batch_size \(micro)",
          cure: "Set it to \(Self.nearestMultiples(of: micro, to: size))"
        )
      }
    }
    let batch = grpo.resolvedGenerationBatchSize
    let group = grpo.numGenerations
    guard batch % group != 0 else { return }
    let groups = Self.nearestDivisors(of: batch, to: group)
    let steps = grpo.resolvedStepsPerGeneration
    let micros = Self.nearestSolutions(to: micro) { $0 * steps % group == 0 }
    let sizes =
      grpo.generationBatchSize == nil
      ? "grpo.per_device_train_batch_size to \(micros)"
      : "grpo.generation_batch_size to \(Self.nearestMultiples(of: Self.lcm(group, micro), to: batch))"
    throw failure(
      "grpo.num_generations",
      "\(group) completions for each prompt do not divide the generation batch of \(batch)"
        + (grpo.generationBatchSize == nil
          ? " (per_device_train_batch_size \(micro) times steps_per_generation \(steps))" : ""),
      cure: groups.isEmpty ? "Set \(sizes)" : "Set it to \(groups), or \(sizes)"
    )
  }

  private static func nearestMultiples(of unit: Int, to value: Int) -> String {
    nearestSolutions(to: value) { $0 % unit == 0 }
  }

  private static func nearestDivisors(of batch: Int, to value: Int) -> String {
    let isDivisor = { batch % $0 == 0 }
    let below = stride(from: min(value - 1, batch), through: 2, by: -1).first(where: isDivisor)
    // Groups far beyond what was asked for help nobody, and a huge batch would be searched for long.
    let above = stride(from: value + 1, through: min(batch, 64 * value), by: 1)
      .first(where: isDivisor)
    return [below, above].compactMap { $0.map(String.init) }.joined(separator: " or ")
  }

  /// The nearest positive values below and above for which `isValid` holds.
  private static func nearestSolutions(to value: Int, _ isValid: (Int) -> Bool) -> String {
    let below = stride(from: value - 1, through: 1, by: -1).first(where: isValid)
    var above = value + 1
    while !isValid(above) { above += 1 }
    return [below, above].compactMap { $0.map(String.init) }.joined(separator: " or ")
  }

  private static func lcm(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    return a / x * b
  }
}
