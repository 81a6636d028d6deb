import Glibc

/// The learning rate over a run, as transformers' `get_scheduler` computes it.
///
/// The optimizer step `t` (0-based) uses `peak * factor(at: t)`. So with a warm-up the first step has learning rate 0, and the
/// last step of a linear schedule has a little more than 0: both are transformers' `LambdaLR`.
public struct LearningRateSchedule: Sendable, Equatable {
  /// The shape.
  public var type: LRSchedulerType
  /// Steps in which the rate rises in a line from 0; without effect on `constant`.
  public var warmupSteps: Int
  /// Steps of the run.
  public var totalSteps: Int

  /// Creates a schedule.
  public init(_ type: LRSchedulerType, warmupSteps: Int = 0, totalSteps: Int) {
    self.type = type
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
  }

  /// The multiple of the peak learning rate that a step uses.
  ///
  /// - Parameter step: the optimizer step, 0-based.
  public func factor(at step: Int) -> Double {
    if type == .constant { return 1 }
    if step < warmupSteps { return Double(step) / Double(max(1, warmupSteps)) }
    let remaining = Double(max(1, totalSteps - warmupSteps))
    switch type {
    case .constant, .constantWithWarmup:
      return 1
    case .linear:
      return max(0, Double(totalSteps - step) / remaining)
    case .cosine:
      return max(0, 0.5 * (1 + cos(.pi * (Double(step - warmupSteps) / remaining))))
    }
  }
}
