public import Components

/// Runs the call of a bundle again.
public enum Reproduction {
  /// How it went this time.
  public struct Result: Sendable {
    /// What happened; `nil`: all items got an outcome.
    public var failure: String?
    /// The outcomes, where there are some.
    public var outcomes: [RewardOutcome]
  }

  /// Scores the bundle's batch with its parameters and its deadline, in a process of its own.
  ///
  /// - Parameters:
  ///   - folder: the bundle's.
  ///   - manifestFile: of the plugin as it is now.
  public static func run(
    _ bundle: CallBundle,
    in folder: String,
    manifestFile: String,
    libraryDirectories: [String],
    on host: CheckHost
  ) throws -> Result {
    let subject = CheckSubject(
      manifestFile: manifestFile,
      kind: .reward,
      component: bundle.plugin,
      parameters: bundle.parameters,
      batchFile: "\(folder)/\(CallBundle.batchFile)",
      libraryDirectories: libraryDirectories
    )
    let answer = try ScoreJob.run(subject, on: host, limit: bundle.deadline)
    return Result(failure: answer.failure, outcomes: answer.outcomes ?? [])
  }
}
