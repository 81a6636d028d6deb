public import Components

/// Whoever steers a run while it goes: asked at every step boundary, on the training thread.
public protocol TrainerControl: AnyObject {
  /// The boundary before the step that `trainer.completedSteps` numbers. It may exchange parts and settings, write a checkpoint,
  /// and take its time (a paused run waits in here).
  ///
  /// - Returns: whether the run goes on.
  func boundary(_ trainer: Trainer) throws -> BoundaryAnswer

  /// A generation batch was scored, before anything is made of the scores: `[reward][item]`, `nil` where it abstained.
  func scored(_ batch: RewardBatch, _ scores: [[Double?]])

  /// A step failed, and nothing of it is kept yet. Where the cause is a newcomer, the control takes the trainer back to the moment
  /// before it came.
  ///
  /// - Returns: whether it did, so that the run goes on from there.
  func recovers(_ trainer: Trainer, from error: any Error) throws -> Bool

  /// What a resume needs to know of it, byte-deterministic; part of every checkpoint.
  func saveState() throws -> [UInt8]
}

extension TrainerControl {
  /// Looks at nothing.
  public func scored(_ batch: RewardBatch, _ scores: [[Double?]]) {}

  /// Recovers from nothing.
  public func recovers(_ trainer: Trainer, from error: any Error) throws -> Bool { false }
}

/// What becomes of a run at a step boundary.
public enum BoundaryAnswer: Sendable {
  /// The next step runs.
  case goOn
  /// The run ends here, with a checkpoint.
  case stop
}
