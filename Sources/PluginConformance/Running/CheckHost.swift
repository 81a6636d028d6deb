package import Components
package import PluginHost

/// Starts the processes in which plugins are tried.
public struct CheckHost: Sendable {
  /// The program that calls `CheckChild.run`.
  public var executable: String
  /// Its arguments; the job, as JSON, comes after them.
  public var arguments: [String]
  /// Variables beside those of this process.
  public var environment: [String: String]
  /// How much slower than usual a child may be.
  public var slowness: Double

  /// Creates a host.
  public init(
    executable: String,
    arguments: [String],
    environment: [String: String] = [:],
    slowness: Double = 1
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.slowness = slowness
  }

  /// How a job ended.
  package struct Outcome: Sendable {
    /// How its process ended; `nil`: it was killed when its time was over.
    package var exit: ChildProcess.Exit?
    /// What it was about to do when it last said so.
    package var stage: String
    /// Its answer; `nil` where it did not get that far.
    package var answer: ParameterValue?
    /// What it wrote to standard error.
    package var errorOutput: String
    /// How long it ran, in seconds.
    package var seconds: Double
  }

  /// Runs one job in a process of its own, and leaves nothing of it behind.
  ///
  /// - Parameter limit: seconds on a machine of usual speed.
  package func run(_ job: ParameterValue, limit: Double) throws -> Outcome {
    let board = try ReportBoard()
    let (output, errors) = (try CapturedStream(), try CapturedStream())
    var variables = ChildProcess.hostEnvironment
    variables.merge(environment) { $1 }
    let clock = ContinuousClock()
    let start = clock.now
    let child = try ChildProcess(
      ChildProcess.Launch(
        executable: executable,
        arguments: arguments + [job.json],
        environment: variables,
        descriptors: [1: output.descriptor, 2: errors.descriptor, 3: board.descriptor]
      )
    )
    let exit = child.wait(timeout: .seconds(limit * slowness))
    child.kill()
    let duration = start.duration(to: clock.now).components
    let answer = board.answer
    return Outcome(
      exit: exit,
      stage: board.stage,
      answer: answer.isEmpty ? nil : try? ParameterValue(json: Array(answer.utf8)),
      errorOutput: errors.text,
      seconds: Double(duration.seconds) + Double(duration.attoseconds) * 1e-18
    )
  }
}
