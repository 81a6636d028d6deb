import Components
import Tokenizers
import Training

/// The datasets of a configuration, or one that the command line names, with the tokenizer that a run would have.
struct DataSelection {
  let loaded: LoadedConfiguration
  /// `demonstrations`, `prompts`, `evaluation.prompts`, as far as they are there.
  let slots: [LoadedDataset]
  private let notices: NoticeBoard

  /// - Parameters:
  ///   - slot: the only slot that is wanted; `nil` for all.
  init(_ loaded: LoadedConfiguration, slot: String?, notices: NoticeBoard) throws {
    self.loaded = loaded
    self.notices = notices
    let loader = PartsLoader(loaded, services: RunServices().host(notices))
    let wanted = slot.map { [$0] } ?? Self.names
    slots = try wanted.compactMap { try loader.loadDataset($0) }
    guard !slots.isEmpty else {
      throw ConfigurationError(
        loaded.file,
        key: slot ?? "prompts",
        problem: "the configuration has no such section",
        cure: "Name a slot that it has: \(Self.names.joined(separator: ", "))"
      )
    }
  }

  /// The slots, as the configuration calls them.
  static let names = ["demonstrations", "prompts", "evaluation.prompts"]

  /// What would be made of the rows; `nil` where there is no tokenizer to do it with.
  func inspector() throws -> (inspector: RowInspector, tokenizer: Tokenizer)? {
    let configuration = loaded.configuration
    guard configuration.tokenizer != nil || configuration.modelNameOrPath != nil else { return nil }
    let tokenizer = try TokenizerComposer.make(
      loaded,
      datasets: slots.map(\.part),
      saved: nil
    )
    let inspector = RowInspector(
      configuration: configuration.training,
      tokenizer: tokenizer,
      chat: try tokenizer.chatRenderer(),
      eosID: tokenizer.eosID ?? -1
    )
    return (inspector, tokenizer)
  }
}

extension LoadedConfiguration {
  /// Keys without a section that are the run's own beside a plugin on the command line.
  private static let settings = ["chat_template_path", "tokenizer_vocab_size"]

  /// A configuration of one dataset that the command line names.
  static func plugin(
    _ plugin: String,
    arguments: [String],
    tokenizer: String?
  ) throws -> LoadedConfiguration {
    var lines = ["demonstrations:", "  plugin: \(ParameterValue.string(plugin).json)"]
    if let tokenizer { lines.append("tokenizer: \(ParameterValue.string(tokenizer).json)") }
    return try RunConfiguration.load(
      yaml: lines.joined(separator: "\n") + "\n",
      file: "command line",
      overrides: arguments.map {
        // Keys of a section are the run's own, as `sft.max_length`; all others are the plugin's
        // parameters, also where a run has a key of that name, as `seed`, but for `settings`.
        let key = String($0.prefix { $0 != "=" })
        let isSetting =
          Self.settings.contains(key) || key.hasPrefix("demonstrations.")
          || key.contains(".") && ConfigurationKeys.byPath[key] != nil
        return isSetting ? $0 : "demonstrations.parameters.\($0)"
      },
      purpose: .data
    )
  }
}
