import ArgumentParser
import RunControl

/// `stepwise ctl RUN status`.
struct ControlStatusCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Where the run stands; fails where it is not going."
  )

  @OptionGroup var options: ControlOptions

  func perform(on run: RunReference) throws {
    // Answered at once, whatever the run is doing: one that does not answer is suspended or stuck.
    try ControlExchange(run, options, patience: .seconds(30)).perform(ControlRequest("status"))
  }
}

/// `stepwise ctl RUN pause`.
struct ControlPauseCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Hold the run after the current step.",
    discussion: "The process stays, with all it holds in memory; `resume` lets it go on."
  )

  @OptionGroup var options: ControlOptions
}

/// `stepwise ctl RUN resume`.
struct ControlResumeCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Let a paused run go on.",
    discussion: "A run whose process has ended is gone on with by `stepwise train --resume RUN`."
  )

  @OptionGroup var options: ControlOptions
}

/// `stepwise ctl RUN stop`.
struct ControlStopCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "End the run after the current step, with a checkpoint.",
    discussion:
      "As Ctrl-C does where the run was begun. `stepwise train --resume RUN` goes on with it."
  )

  @OptionGroup var options: ControlOptions
}

/// `stepwise ctl RUN checkpoint`.
struct ControlCheckpointCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Write a checkpoint after the current step."
  )

  @OptionGroup var options: ControlOptions
}

/// `stepwise ctl RUN rollback`.
struct ControlRollbackCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Undo the last intervention.",
    discussion: """
      What the last swap or set put in place is exchanged for what was there before, at the next step \
      boundary. Steps are not undone: `stepwise runs branch` starts from an earlier checkpoint.
      """
  )

  @OptionGroup var options: ControlOptions
}

/// `stepwise ctl RUN drop`.
struct ControlDropCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "drop",
    abstract: "End a shadow; what runs alongside leaves, and nothing changes."
  )

  @OptionGroup var options: ControlOptions
}
