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

  /// The run before something that has not proven itself yet. A checkpoint at this boundary is one of that moment, so that a resume
  /// tries again and can go back as this process can; `nil` for the run as it stands.
  var unproven: TrainerMoment? { get }

  /// What a resume needs to know of it as it is now, byte-deterministic; part of every checkpoint.
  ///
  /// - Returns: makes the bytes. A state is taken before every step, and written once in a while.
  func saveState() throws -> ControlState
}

extension TrainerControl {
  /// Nothing is unproven.
  public var unproven: TrainerMoment? { nil }

  /// Looks at nothing.
  public func scored(_ batch: RewardBatch, _ scores: [[Double?]]) {}

  /// Recovers from nothing.
  public func recovers(_ trainer: Trainer, from error: any Error) throws -> Bool { false }
}

/// Makes the bytes of a state that was taken earlier.
public typealias ControlState = () throws -> [UInt8]

/// What becomes of a run at a step boundary.
public enum BoundaryAnswer: Sendable {
  /// The next step runs.
  case goOn
  /// The run ends here, with a checkpoint.
  case stop
}
