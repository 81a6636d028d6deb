import Components
import FoundationEssentials
import RunStore
import Training

/// What a run's streams say about its past.
enum RunHistory {
  /// Kinds of the steps so far, from decisions.jsonl.
  static func kinds(_ url: URL) throws -> [StepKind] {
    try RunDirectory.records(in: .decisions, of: url).compactMap { record in
      guard let name = record["kind"]?.text else { return nil }
      return StepKind.allCases.first { $0.name == name && $0 != .measure }
    }
  }

  /// Evaluations so far, from evaluations.jsonl.
  static func evaluations(_ url: URL) throws -> [HeldOutResult] {
    try RunDirectory.records(in: .evaluations, of: url).compactMap(HeldOutResult.init)
  }
}
