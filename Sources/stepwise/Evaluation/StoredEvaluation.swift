import Foundation
import RunStore
import Training

/// An evaluation on disk, finished or not.
struct StoredEvaluation {
  let url: URL
  let settings: Record
  /// The names of the rewards, in the order of their scores.
  let rewards: [String]
  let prompts: [EvaluatedPrompt]

  /// The directory as people would type it.
  var shown: String { ProcessPaths.shown(url) }

  /// The sets of rows by their names, in order.
  var sets: [String] { names("sets") }

  /// The modes by their names, in order.
  var modes: [String] { names("modes") }

  /// The model's path at the time.
  var model: String {
    guard case .object(let fields)? = settings["model"] else { return "" }
    return Record(fields)["path"]?.text ?? ""
  }

  /// - Throws: `EvaluationDirectoryError` where there is none, `RunStoreError` where it is damaged.
  init(_ path: String) throws {
    url = URL(filePath: path, directoryHint: .isDirectory)
    settings = try EvaluationDirectory.settings(of: url)
    rewards = Self.names(settings["rewards"])
    prompts = try Self.prompts(of: url, rewards: rewards)
  }

  private func names(_ key: String) -> [String] { Self.names(settings[key]) }

  private static func names(_ list: RecordValue?) -> [String] {
    (list?.array ?? []).compactMap { value in
      guard case .object(let fields) = value else { return nil }
      return Record(fields)["name"]?.text
    }
  }

  /// The prompts of a directory, in order.
  static func prompts(of url: URL, rewards: [String]) throws -> [EvaluatedPrompt] {
    try EvaluationDirectory.records(of: url).enumerated().map { index, record in
      guard let prompt = EvaluatedPrompt(record, rewards: rewards) else {
        throw EvaluationDirectoryError.strange(
          path: "\(ProcessPaths.shown(url))/\(EvaluationDirectory.generationsName)",
          line: index + 1,
          problem: "not a judged prompt with the rewards \(rewards.joined(separator: ", "))"
        )
      }
      return prompt
    }
  }

  /// The prompts of one set in one mode.
  func prompts(set: String, mode: String) -> [EvaluatedPrompt] {
    prompts.filter { $0.set == set && $0.mode == mode }
  }
}
