extension TrainingConfiguration {
  /// Fails with key, value and cure where settings do not fit together.
  public func check() throws {
    let grpo = self.grpo
    if grpo.numGenerations < 2 {
      throw TrainingError.configuration(
        key: "grpo.num_generations",
        value: String(grpo.numGenerations),
        problem: "is too few: an advantage compares the completions of a group",
        cure: "Set it to 2 or more"
      )
    }
    let batch = grpo.resolvedGenerationBatchSize
    if batch % grpo.numGenerations != 0 {
      let below = batch / grpo.numGenerations * grpo.numGenerations
      let above = below + grpo.numGenerations
      throw TrainingError.configuration(
        key: "grpo.generation_batch_size",
        value: String(batch),
        problem: "does not divide by num_generations \(grpo.numGenerations)",
        cure: "Set it to \(below > 0 ? "\(below) or " : "")\(above), "
          + "or change per_device_train_batch_size and steps_per_generation, whose product it is"
      )
    }
    if batch % grpo.perDeviceTrainBatchSize != 0 {
      throw TrainingError.configuration(
        key: "grpo.generation_batch_size",
        value: String(batch),
        problem:
          "does not divide by per_device_train_batch_size \(grpo.perDeviceTrainBatchSize)",
        cure: "Make it a multiple"
      )
    }
    if let given = grpo.generationBatchSize, let steps = grpo.stepsPerGeneration,
      given != steps * grpo.perDeviceTrainBatchSize
    {
      throw TrainingError.configuration(
        key: "grpo.generation_batch_size",
        value: String(given),
        problem: "is not steps_per_generation \(steps) times per_device_train_batch_size",
        cure: "Set one of generation_batch_size and steps_per_generation, not both"
      )
    }
  }
}
