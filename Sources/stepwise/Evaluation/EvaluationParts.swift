import Components
import Foundation
import LanguageModels
import PluginHost
import RunStore
import Tensors
import Tokenizers
import Training

/// Everything that an evaluation works with, loaded and checked.
struct EvaluationParts {
  /// Rows that are evaluated together.
  struct Rows {
    /// What results call them.
    var name: String
    var dataset: any Dataset
    /// How many there are, from the front.
    var count: Int
    /// The set that they are perturbations of.
    var clean: String?
    /// The column that pairs them with it; `nil` for the ids.
    var pairBy: String?
    var plugin: PluginRecord
  }

  /// A plugin, as settings.json has it.
  struct PluginRecord {
    var fields: [RecordField]
  }

  let sets: [Rows]
  let rewards: [WeightedReward]
  let rewardPlugins: [PluginRecord]
  let evaluation: Evaluation
  let numerics: [String: String]

  /// The names of the rewards, in the order of their scores.
  var rewardNames: [String] { rewards.map(\.function.description.name) }

  /// Columns that pair rows of a set with those of another.
  func pairingColumns(of set: Rows) -> Set<String> {
    let partners = sets.filter { $0.clean == set.name }
    return Set((partners + [set]).compactMap(\.pairBy))
  }

  init(_ target: EvaluationTarget, notices: NoticeBoard) throws {
    let configuration = target.loaded.configuration
    let backend = try configuration.numerics.makeBackend()
    let model = try target.model.openForGeneration(backend: backend)
    let tokenizer = try Tokenizer(contentsOf: target.tokenizer)
    try ModelComposer.check(
      tokenizer,
      fits: model.configuration,
      at: target.model.directory.path
    )
    let services = RunServices()
    services.tokenizer.set(tokenizer)
    let loader = PartsLoader(target.loaded, services: services.host(notices))
    let slots = try loader.loadEvaluationSets()
    let rewardSlots = try loader.loadRewards()
    numerics = backend.numerics.dictionary
    rewards = rewardSlots.map(\.part)
    rewardPlugins = zip(rewardSlots, configuration.rewards).map { slot, configured in
      PluginRecord(slot.plugin, entries: configured.encoded)
    }
    sets = try slots.enumerated().map { index, slot in
      let set = index == 0 ? nil : configuration.evaluationSets[index - 1]
      let limit = configuration.training.evaluation.maxPrompts
      let name = set?.name ?? EvaluationSetConfiguration.promptsName
      let count = min(limit, slot.part.count ?? limit)
      guard count > 0 else {
        throw InputError(
          target.loaded.place(of: index == 0 ? "evaluation.prompts" : "evaluation.sets"),
          "set \(name)",
          "the dataset \(slot.plugin.identity.id) has no rows, so there is nothing to evaluate",
          cure: "Give a file or parameters with at least one row"
        )
      }
      return Rows(
        name: name,
        dataset: slot.part,
        count: count,
        clean: set?.clean,
        pairBy: set?.pairBy,
        plugin: PluginRecord(
          slot.plugin,
          split: index == 0 ? configuration.evaluationPrompts?.sources.first?.split : nil
        )
      )
    }
    evaluation = try Evaluation(
      configuration: configuration.training,
      generator: Generator(model: model),
      tokenizer: tokenizer,
      chat: try tokenizer.chatRenderer(path: configuration.chatTemplatePath),
      endOfSequence: ModelComposer.endOfSequence(tokenizer, model.generation),
      rewards: rewards,
      onWarning: notices.post
    )
    try checkCategories(configuration.evaluationCategories ?? [], target.loaded)
  }

  /// Rows that a check looks at.
  private static let rowsToCheck = 64

  /// Refuses a category that no row has, before hours of generation.
  private func checkCategories(_ names: [String], _ loaded: LoadedConfiguration) throws {
    guard !names.isEmpty, let set = sets.first else { return }
    let rows = try set.dataset.examples(in: 0..<min(set.count, Self.rowsToCheck))
    var known: [String] = []
    for column in rows.flatMap({ $0.evaluationColumns() }) where !known.contains(column.name) {
      known.append(column.name)
    }
    for name in names where !known.contains(name) {
      let near = nearestName(to: name, among: known)
      throw ConfigurationError(
        loaded.place(of: "evaluation.categories"),
        key: "evaluation.categories",
        problem:
          "none of the first \(rows.count) rows of set \(set.name) has a number or a short text in a column \(name)",
        cure: near.map { "Did you mean \($0)?" }
          ?? (known.isEmpty
            ? "The rows have no such column" : "Use one of: \(known.joined(separator: ", "))")
      )
    }
  }
}
