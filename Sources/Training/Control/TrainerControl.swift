/// Whoever steers a run while it goes: asked at every step boundary, on the training thread.
public protocol TrainerControl: AnyObject {
  /// The boundary before the step that `trainer.completedSteps` numbers. It may exchange parts and settings, write a checkpoint,
  /// and take its time (a paused run waits in here).
  ///
  /// - Returns: whether the run goes on.
  func boundary(_ trainer: Trainer) throws -> BoundaryAnswer

  /// What a resume needs to know of it, byte-deterministic; part of every checkpoint.
  func saveState() throws -> [UInt8]
}

/// What becomes of a run at a step boundary.
public enum BoundaryAnswer: Sendable {
  /// The next step runs.
  case goOn
  /// The run ends here, with a checkpoint.
  case stop
}
