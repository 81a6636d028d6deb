extension TrainingConfiguration {
  /// The learning-rate schedule over a run of `horizon` optimizer steps.
  func schedule(horizon: Int) -> LearningRateSchedule {
    LearningRateSchedule(lrSchedulerType, warmupSteps: warmupSteps, totalSteps: horizon)
  }
}
