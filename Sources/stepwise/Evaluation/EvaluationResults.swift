import RunStore
import Training

/// The figures of an evaluation: each set in each mode, and how much is lost under perturbations.
struct EvaluationResults {
  /// A set of rows by its name, with its partner.
  struct Rows {
    var name: String
    var clean: String?
    var pairBy: String?
  }

  /// A mode by its name.
  struct Mode {
    var name: String
    /// Completions for each prompt.
    var k: Int
  }

  /// A perturbed set beside its clean one, in one mode.
  struct Perturbation {
    var set: String
    var clean: String
    var mode: String
    /// First the clean side, then the perturbed one.
    var paired: PairedScores
  }

  let model: String
  let step: Int?
  let seed: UInt64
  let scores: [EvaluationScores]
  let perturbations: [Perturbation]

  /// - Parameters:
  ///   - prompts: of all sets and modes.
  ///   - counts: for which k pass@k and maj@k are reported; empty for the usual ones.
  ///   - categories: columns by which they are split; `nil` for difficulty.
  /// - Throws: `TrainingError` where a column does not pair rows.
  init(
    _ prompts: [EvaluatedPrompt],
    model: String,
    step: Int?,
    seed: UInt64,
    sets: [Rows],
    modes: [Mode],
    rewards: [String],
    counts: [Int],
    categories: [String]?
  ) throws {
    self.model = model
    self.step = step
    self.seed = seed
    func of(_ set: String, _ mode: Mode) -> [EvaluatedPrompt] {
      prompts.filter { $0.set == set && $0.mode == mode.name }
    }
    let votes = prompts.contains { $0.completions.contains { $0.answer != nil } }
    func metrics(_ mode: Mode) -> [PromptMetric] {
      let wanted = counts.filter { $0 <= mode.k }
      // Accuracy is always among them.
      return PromptMetric.all(
        k: mode.k,
        counts: wanted.isEmpty
          ? PromptMetric.usualCounts(upTo: mode.k) : Set([1] + wanted).sorted(),
        rewards: rewards,
        votes: votes
      )
    }
    scores = sets.flatMap { set in
      modes.map { mode in
        EvaluationScores(of(set.name, mode), metrics: metrics(mode), columns: categories)
      }
    }
    var perturbations: [Perturbation] = []
    for set in sets {
      guard let clean = set.clean else { continue }
      for mode in modes {
        let paired = try PairedScores(
          first: of(clean, mode),
          second: of(set.name, mode),
          by: { $0.key(by: set.pairBy) },
          metrics: metrics(mode),
          columns: categories
        )
        guard let paired else {
          throw TrainingError.configuration(
            key: "evaluation.sets",
            value: set.name,
            problem: "has no row with the \(set.pairBy ?? "id") of a row of its clean set \(clean)",
            cure:
              "Set pair_by to a column that partners have in common, or raise evaluation.max_prompts"
          )
        }
        perturbations.append(
          Perturbation(set: set.name, clean: clean, mode: mode.name, paired: paired)
        )
      }
    }
    self.perturbations = perturbations
  }

  /// The figures for programs. Nothing in it depends on how long it took or how often it was interrupted.
  var record: Record {
    [
      "stepwise": .string(StepwiseVersion.current), "model": .string(model),
      "step": step.map { RecordValue($0) } ?? .null, "seed": .int(Int64(clamping: seed)),
      "results": .array(scores.map(\.record)),
      "perturbations": .array(perturbations.map(\.record)),
    ]
  }
}

extension Estimate {
  /// The same with the other sign: what a difference loses.
  var negated: Estimate { Estimate(value: 0 - value, low: 0 - high, high: 0 - low) }
}

extension EvaluationResults.Perturbation {
  fileprivate var record: RecordValue {
    [
      "set": .string(set), "clean": .string(clean), "mode": .string(mode),
      "pairs": RecordValue(paired.count), "unpaired_clean": RecordValue(paired.unpairedFirst),
      "unpaired": RecordValue(paired.unpairedSecond),
      "still_solved": paired.stillSolved?.record ?? .null, "metrics": Self.record(paired.scores),
      "categories": .array(
        paired.categories.map {
          [
            "column": .string($0.column), "value": RecordValue($0.value),
            "pairs": RecordValue($0.count),
            "metrics": Self.record($0.scores),
          ]
        }
      ),
    ]
  }

  private static func record(_ scores: [PairedScore]) -> RecordValue {
    .object(
      scores.map { score in
        guard case .object(let fields) = score.record(sides: ("clean", "perturbed")) else {
          preconditionFailure("a paired score is an object")
        }
        var record = Record(fields.filter { $0.name != "difference" })
        record["drop"] = score.difference.negated.record
        return RecordField(score.name, .object(record.fields))
      }
    )
  }
}
