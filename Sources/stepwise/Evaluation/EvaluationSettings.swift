import Components
import Foundation
import PluginHost
import RunStore
import Training

extension EvaluationParts.PluginRecord {
  /// A dataset with the part of its rows that is evaluated.
  init(_ plugin: LoadedPlugin, split: DatasetSplit.Rule?) {
    self.init(plugin)
    guard let split else { return }
    fields.append(
      RecordField(
        "split",
        [
          "test_size": .double(split.testSize), "seed": .int(Int64(clamping: split.seed)),
          "part": .string(split.part.rawValue),
        ]
      )
    )
  }

  init(_ plugin: LoadedPlugin) {
    fields = [
      RecordField("label", .string(plugin.label)), RecordField("id", .string(plugin.identity.id)),
      RecordField("version", .string(plugin.identity.version)),
      RecordField("digest", .string(plugin.identity.digest)),
      RecordField("manifest_digest", .string(plugin.manifestDigest)),
      RecordField("parameters", plugin.parameters.record),
    ]
  }
}

extension EvaluationParts.PluginRecord {
  /// Entries of a reward's table that its scores do not depend on, or that stand elsewhere in the record.
  private static let others: Set<String> = [
    "plugin", "name", "parameters", "isolation", "timeout", "workers",
  ]

  /// A plugin with everything else that its table in the configuration says.
  init(_ plugin: LoadedPlugin, entries: ParameterValue) {
    self.init(plugin)
    guard case .object(let entries) = entries else { return }
    fields += entries.filter { !Self.others.contains($0.key) }
      .map { RecordField($0.key, $0.value.record) }
  }
}

extension ParameterValue {
  /// The value as a record has it.
  fileprivate var record: RecordValue {
    switch self {
    case .null: .null
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .double(let value): .double(value)
    case .string(let value): .string(value)
    case .array(let values): .array(values.map(\.record))
    case .object(let entries): .object(entries.map { RecordField($0.key, $0.value.record) })
    }
  }
}

/// What identifies an evaluation: everything that its completions and scores depend on. Two evaluations with equal settings end at
/// equal bits; one directory has one of them.
struct EvaluationSettings {
  let record: Record

  init(_ target: EvaluationTarget, _ parts: EvaluationParts, modes: [Evaluation.Mode]) throws {
    let configuration = target.loaded.configuration
    let settings = configuration.training.evaluation
    var numerics = parts.numerics
    // Bits do not depend on it.
    numerics["threads"] = nil
    let template = try configuration.chatTemplatePath.map {
      SHA256.hexDigest(of: try InputFile.bytes($0))
    }
    record = [
      "stepwise": .string(StepwiseVersion.current),
      "model": [
        "path": .string(target.modelPath),
        "step": target.step.map { RecordValue($0) } ?? .null,
        "sha256": .string(try target.modelDigest()),
        "adapter_sha256": RecordValue(try target.adapterDigest()),
      ],
      "tokenizer": RecordValue(try target.tokenizerDigest()),
      "chat_template": RecordValue(template),
      "seed": .int(Int64(clamping: configuration.training.seed)),
      "numerics": .object(
        numerics.sorted { $0.key < $1.key }.map { RecordField($0.key, .string($0.value)) }
      ),
      "modes": .array(
        modes.map { mode in
          [
            "name": .string(mode.name), "num_generations": RecordValue(mode.numGenerations),
            "temperature": .double(mode.temperature),
          ]
        }
      ),
      "top_p": .double(settings.topP), "top_k": RecordValue(settings.topK),
      "min_p": RecordValue(settings.minP),
      "repetition_penalty": .double(settings.repetitionPenalty),
      "max_completion_length": RecordValue(
        settings.maxCompletionLength ?? configuration.training.grpo.maxCompletionLength
      ),
      "per_device_eval_batch_size": RecordValue(settings.perDeviceEvalBatchSize),
      "sets": .array(
        parts.sets.map { set in
          .object(
            [
              RecordField("name", .string(set.name)), RecordField("count", RecordValue(set.count)),
              RecordField("clean", RecordValue(set.clean)),
              RecordField("pair_by", RecordValue(set.pairBy)),
            ] + set.plugin.fields
          )
        }
      ),
      "rewards": .array(
        zip(parts.rewardNames, parts.rewardPlugins).map { name, plugin in
          .object([RecordField("name", .string(name))] + plugin.fields)
        }
      ),
    ]
  }

  /// Settings whose values may differ: where a model lies says nothing of what it is.
  private static let places: Set<String> = ["model.path", "model.step"]

  /// Where stored settings are others; empty when the evaluation can be gone on with.
  func differences(from stored: Record) -> [EvaluationDirectoryError.SettingDifference] {
    let (old, new) = (Self.leaves(stored), Self.leaves(record))
    let keys = old.map(\.key) + new.map(\.key).filter { key in !old.contains { $0.key == key } }
    return keys.compactMap { key in
      let (was, isNow) = (old.first { $0.key == key }?.value, new.first { $0.key == key }?.value)
      return was == isNow || Self.places.contains(key)
        ? nil : EvaluationDirectoryError.SettingDifference(key: key, stored: was, wanted: isNow)
    }
  }

  /// Every value that is no table, by its path, as JSON.
  private static func leaves(_ record: Record) -> [(key: String, value: String)] {
    func walk(_ value: RecordValue, _ path: String) -> [(key: String, value: String)] {
      switch value {
      case .object(let fields) where !fields.isEmpty:
        return fields.flatMap { walk($0.value, path.isEmpty ? $0.name : "\(path).\($0.name)") }
      case .array(let values) where !values.isEmpty:
        return values.enumerated().flatMap { walk($1, "\(path).\($0)") }
      default: return [(path, value.json)]
      }
    }
    return walk(.object(record.fields), "")
  }
}
