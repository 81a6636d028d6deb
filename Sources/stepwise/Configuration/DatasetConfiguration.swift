import Components
import Training

/// The rows of a slot: one dataset, or several that are mixed.
struct DatasetConfiguration: Sendable, Equatable {
  /// In the order of the list.
  var sources: [DatasetSource]

  init(sources: [DatasetSource]) { self.sources = sources }

  /// One dataset.
  init(_ component: ComponentConfiguration) { sources = [DatasetSource(component: component)] }

  /// The plugin of the only dataset; `nil` for a mixture.
  var single: ComponentConfiguration? { sources.count == 1 ? sources[0].component : nil }

  /// What the slots of its plugins are called: `prompts`, or `prompts.0`, `prompts.1` for a mixture.
  func slots(_ slot: String) -> [String] {
    sources.count == 1 ? [slot] : sources.indices.map { "\(slot).\($0)" }
  }
}

extension RunConfiguration {
  /// The rows of `prompts`, `demonstrations` or `evaluation.prompts`.
  func dataset(_ slot: String) -> DatasetConfiguration? {
    switch slot {
    case "prompts": prompts
    case "demonstrations": demonstrations
    default: evaluationPrompts
    }
  }
}

/// A dataset of a slot.
struct DatasetSource: Sendable, Equatable {
  /// The plugin and its parameters.
  var component: ComponentConfiguration
  /// What metrics call it in a mixture; `nil` for the plugin's own name.
  var name: String?
  /// Its share of a mixture is this, divided by the sum of the weights.
  var weight = 1.0
  /// Which part of the dataset's rows; `nil` for all.
  var split: DatasetSplit.Rule?

  /// The keys of a dataset's table; a list's tables have `weight` and `name` too.
  static let keys = ComponentConfiguration.keys + ["split"]
  /// The keys of the tables of a list.
  static let listKeys = keys + ["weight", "name"]
  /// The keys of `split`.
  static let splitKeys = ["test_size", "seed", "part"]
}
