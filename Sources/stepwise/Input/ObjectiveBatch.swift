import Components
import Tokenizers
import Training

/// A batch for `stepwise objective`: rows of SFT, or micro-batches of GRPO with the settings of their loss.
enum ObjectiveBatch {
  /// Rows of one accumulation window.
  case supervised([Objective.Row], SFTConfiguration)
  /// Micro-batches of one accumulation window.
  case policy([Objective.MicroBatchInput], GRPOConfiguration)

  /// Reads the form of `sft` or of one entry of `grpo` in a golden file: `rows`, or `micro_batches`, each with an optional
  /// `config` of TRL's keys.
  init(_ input: JSONInput, vocabularySize: Int) throws {
    if let rows = try input.member("rows") {
      let configuration = try Self.configuration(input, section: "sft")
      self = .supervised(
        try rows.elements().map { row in
          Objective.Row(
            promptIDs: try row.member("prompt_ids")?.tokenIDs(vocabularySize: vocabularySize) ?? [],
            completionIDs: try row.required("completion_ids")
              .tokenIDs(vocabularySize: vocabularySize)
          )
        },
        configuration.sft
      )
    } else if let batches = try input.member("micro_batches") {
      let configuration = try Self.configuration(input, section: "grpo")
      let inputs = try batches.elements().map {
        try Self.microBatch(
          $0,
          vocabularySize: vocabularySize,
          accumulationSteps: configuration.grpo.gradientAccumulationSteps
        )
      }
      self = .policy(inputs, configuration.grpo)
    } else {
      throw input.failure(
        "neither rows nor micro_batches",
        cure:
          "Write {\"rows\": [...]} for SFT or {\"config\": {...}, \"micro_batches\": [...]} for GRPO"
      )
    }
  }

  /// The `config` table, read by the same keys as a run's configuration. Keys of the run that no loss depends on are taken.
  private static func configuration(
    _ input: JSONInput,
    section: String
  ) throws -> TrainingConfiguration {
    var configuration = RunConfiguration()
    guard let config = try input.member("config"), case .object(let object) = config.value else {
      return configuration.training
    }
    for (name, value) in object.members {
      let place = Origin.file(input.file, line: 1, column: 1)
      let located = LocatedValue(content: .scalar(value.parameter), origin: place)
      let keys = ConfigurationKeys.byPath
      guard let key = keys["\(section).\(name)"] ?? keys[name] else {
        let names = ConfigurationKeys.names(in: section) + ConfigurationKeys.names(in: "")
        let near = nearestName(to: name, among: names)
        throw InputError(
          input.file,
          "config.\(name)",
          "unknown key",
          cure: near.map { "Did you mean \($0)" } ?? "Use TRL's keys"
        )
      }
      try key.decode(located, &configuration)
    }
    return configuration.training
  }

  private static func microBatch(
    _ input: JSONInput,
    vocabularySize: Int,
    accumulationSteps: Int
  ) throws -> Objective.MicroBatchInput {
    let advantages = try input.required("advantages").reals()
    let prompts = try Padded(input, "prompt", vocabularySize)
    let completions = try Padded(input, "completion", vocabularySize)
    let old = try input.member("old_per_token_logps")?.elements()
    let reference = try input.member("ref_per_token_logps")?.elements()
    for (name, count) in [
      ("prompt_ids", prompts.rows.count), ("completion_ids", completions.rows.count),
      ("old_per_token_logps", old?.count ?? advantages.count),
      ("ref_per_token_logps", reference?.count ?? advantages.count),
    ] where count != advantages.count {
      throw input.failure(
        "\(name) has \(count) rows, and advantages has \(advantages.count)",
        cure: "Give one row for each advantage"
      )
    }
    let samples = try advantages.indices.map { index in
      let kept = try completions.keptPrefix(index)
      // TRL zeroes the whole mask of a completion that leaves the loss; its ids remain.
      let isMaskedOut = kept == 0
      let length = isMaskedOut ? completions.rows[index].count : kept
      return Objective.Sample(
        promptIDs: prompts.kept(index),
        completionIDs: Array(completions.rows[index].prefix(length)),
        advantage: advantages[index],
        oldLogProbs: try old.map { try Self.floats($0[index], count: length) },
        refLogProbs: try reference.map { try Self.floats($0[index], count: length) },
        isMaskedOut: isMaskedOut
      )
    }
    return Objective.MicroBatchInput(
      samples: samples,
      itemsInBatch: try input.member("num_items_in_batch")?.whole(),
      accumulationSteps: try input.member("accumulation_steps")?.whole() ?? accumulationSteps
    )
  }

  private static func floats(_ input: JSONInput, count: Int) throws -> [Float] {
    let values = try input.reals()
    guard values.count >= count else {
      throw input.failure(
        "\(values.count) values for \(count) completion tokens",
        cure: "Give one for each token"
      )
    }
    return values.prefix(count).map(Float.init)
  }

  /// Rows of ids with masks: 1 for a token, 0 for padding.
  private struct Padded {
    var rows: [[Int32]]
    private var masks: [[Bool]]
    private var inputs: [JSONInput]

    init(_ input: JSONInput, _ name: String, _ vocabularySize: Int) throws {
      inputs = try input.required("\(name)_ids").elements()
      rows = try inputs.map { try $0.tokenIDs(vocabularySize: vocabularySize) }
      if let given = try input.member("\(name)_mask") {
        masks = try given.elements().map { row in try row.elements().map { try $0.whole() != 0 } }
      } else {
        masks = rows.map { $0.map { _ in true } }
      }
      guard masks.count == rows.count,
        zip(rows, masks).allSatisfy({ $0.count == $1.count })
      else {
        throw input.failure(
          "\(name)_mask and \(name)_ids differ in shape",
          cure: "Give one mask value for each id"
        )
      }
    }

    /// The tokens of a row without its padding.
    func kept(_ index: Int) -> [Int32] {
      zip(rows[index], masks[index]).compactMap { $1 ? $0 : nil }
    }

    /// How many tokens a row has, which must stand before its padding.
    func keptPrefix(_ index: Int) throws -> Int {
      let count = masks[index].prefix { $0 }.count
      guard !masks[index][count...].contains(true) else {
        throw inputs[index].failure(
          "the mask is 1 again after a 0",
          cure: "Pad completions at the end only"
        )
      }
      return count
    }
  }
}
