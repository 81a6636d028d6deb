package import Components
import PluginHost

/// Scores the subject's batch file in a process of its own.
package struct ScoreJob {
  /// What came of the batches.
  package struct Answer: Sendable {
    /// An outcome for each item, batch after batch; `nil` where the batches could not all be scored.
    package var outcomes: [RewardOutcome]?
    /// The answer of each item, for votes.
    package var answers: [String?] = []
    /// Why they could not be scored: the plugin's error, or how its process ended.
    package var failure: String?
  }

  init(_ job: ParameterValue) {}

  func run(_ subject: CheckSubject, _ board: ReportBoard) throws -> ParameterValue {
    let component = try CheckedComponent(subject, board: board)
    guard let file = subject.batchFile else {
      throw CheckChild.Misunderstanding(description: "the job names no batch file")
    }
    var batches = try BatchFile.read(file)
    // A bundle of an empty batch has a file without lines.
    if batches.isEmpty { batches = [RewardBatch(step: 0, seed: 0, items: [])] }
    var outcomes: [ParameterValue] = []
    var answers: [ParameterValue] = []
    do {
      component.note("bringing the component to life")
      let reward = try component.reward().part
      for batch in batches {
        component.note("scoring \(batch.items.count) items")
        outcomes += try reward.score(batch).map { outcome in
          if case .score(let score) = outcome { return .double(score) }
          return .null
        }
        component.note("reading the answers of \(batch.items.count) items")
        answers += try reward.answers(batch).map { $0.map { .string($0) } ?? .null }
      }
    } catch let error as PluginError {
      return .object([ParameterEntry("failure", .string(error.description))])
    }
    return .object([
      ParameterEntry("outcomes", .array(outcomes)), ParameterEntry("answers", .array(answers)),
    ])
  }

  /// Runs the job.
  ///
  /// - Parameter limit: seconds that it may take.
  package static func run(
    _ subject: CheckSubject,
    on host: CheckHost,
    limit: Double = 30
  ) throws -> Answer {
    let job = ParameterValue.object([
      ParameterEntry("job", .string("score")), ParameterEntry("subject", subject.json),
    ])
    let outcome = try host.run(job, limit: limit)
    guard outcome.exit == .exited(0), let answer = outcome.answer else {
      return Answer(failure: try outcome.words(limit: limit * host.slowness))
    }
    if let failure = answer.text("failure") { return Answer(failure: failure) }
    guard case .array(let scores)? = answer["outcomes"],
      case .array(let answers)? = answer["answers"]
    else { return Answer(failure: "its process gave no outcomes") }
    return Answer(
      outcomes: scores.map { $0.number.map { .score($0) } ?? .abstained },
      answers: answers.map {
        if case .string(let text) = $0 { return text }
        return nil
      }
    )
  }
}

extension CheckHost.Outcome {
  /// How a process that gave no answer ended, in words.
  ///
  /// - Throws: where the fault is not the plugin's, but between the two processes.
  func words(limit: Double) throws -> String {
    let place = stage.isEmpty ? "" : " while \(stage)"
    guard let exit else { return "it did not come back within \(limit.shortest) s\(place)" }
    let words = CrashWords(errorOutput).text
    if exit == .exited(64) { throw CheckChild.Misunderstanding(description: words) }
    return "it ended the process with \(exit)\(place)"
      + (words.isEmpty ? "" : "; standard error says: \(words)")
  }
}
