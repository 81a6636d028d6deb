import Components
import Foundation
import LanguageModels
import Tensors
import Tokenizers
import Training

/// Loads or makes the model of a run.
enum ModelComposer {
  /// - Parameters:
  ///   - run: on resume, the run's directory.
  ///   - checkpoint: on resume, the checkpoint's directory: it holds the whole model, or its adapter.
  static func make(
    _ loaded: LoadedConfiguration,
    tokenizer: Tokenizer,
    backend: any Backend,
    run: URL? = nil,
    checkpoint: URL?
  ) throws -> DecoderModel {
    let configuration = loaded.configuration
    let adapts = configuration.adapter.usePeft
    let model: DecoderModel
    let source: String
    if let whole = adapts ? ownBase(of: run) : checkpoint {
      try MemoryNeed.check(DecoderConfiguration(directory: whole), adapts: adapts, at: whole.path)
      model = try load(whole, backend: backend, trainable: !adapts, keepsBF16: adapts)
      source = whole.path
    } else if let path = configuration.modelNameOrPath {
      let directory = URL(filePath: path, directoryHint: .isDirectory)
      try MemoryNeed.check(DecoderConfiguration(directory: directory), adapts: adapts, at: path)
      model = try load(
        directory,
        backend: backend,
        trainable: !adapts,
        keepsBF16: adapts
      )
      source = path
    } else {
      source = loaded.place(of: "model.config")
      let shape = try shape(configuration.modelConfig ?? .object([]), tokenizer, at: source)
      try MemoryNeed.check(shape, adapts: adapts, at: source)
      model = DecoderModel(
        configuration: shape,
        backend: backend,
        seed: configuration.training.seed,
        trainable: !adapts
      )
    }
    try check(tokenizer, fits: model.configuration, at: source)
    if adapts {
      let isNew = run == nil && checkpoint == nil
      try attachAdapter(loaded, to: model, checkpoint: checkpoint, isNew: isNew)
    }
    return model
  }

  /// Loads a model's directory, and says on a terminal how far it is.
  ///
  /// - Parameter keepsBF16: whether a model without gradients keeps its files' BF16 matrices as they are.
  static func load(
    _ directory: URL,
    backend: any Backend,
    trainable: Bool = true,
    keepsBF16: Bool = false
  ) throws -> DecoderModel {
    let line = LoadingLine()
    defer { line.clear() }
    return try DecoderModel(
      directory: directory,
      backend: backend,
      trainable: trainable,
      keepsBF16: keepsBF16,
      progress: line.show
    )
  }

  /// As `load`, of a model that only generates.
  static func loadForGeneration(
    _ directory: URL,
    adapter: AdapterDirectory? = nil,
    backend: any Backend
  ) throws -> GenerationModel {
    let line = LoadingLine()
    defer { line.clear() }
    return try GenerationModel(
      directory: directory,
      backend: backend,
      adapter: adapter,
      progress: line.show
    )
  }

  /// Fails where the tokenizer has ids without a row in the embedding.
  ///
  /// - Parameter place: The model's directory, or where its shape was written.
  static func check(
    _ tokenizer: Tokenizer,
    fits model: DecoderConfiguration,
    at place: String
  ) throws {
    guard tokenizer.vocabularySize <= model.vocabSize else {
      throw InputError(
        place,
        "vocab_size",
        "\(model.vocabSize) is less than the tokenizer's \(tokenizer.vocabularySize) tokens",
        cure: "Use the tokenizer that belongs to the model, or a larger vocab_size"
      )
    }
  }

  /// The shape of a hand-written config.
  private static func shape(
    _ config: ParameterValue,
    _ tokenizer: Tokenizer,
    at place: String
  ) throws -> DecoderConfiguration {
    do {
      return try DecoderConfiguration(
        json: Data(completed(config, tokenizer).json.utf8),
        source: "\(place): model.config",
        refusingUnknownKeys: true
      )
    } catch {
      throw UsageError(error: error)
    }
  }

  /// Fails early, and about the model, where there is none.
  static func checkDirectory(_ loaded: LoadedConfiguration) throws {
    guard let path = loaded.configuration.modelNameOrPath else { return }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    else {
      throw ConfigurationError(
        loaded.place(of: "model_name_or_path"),
        key: "model_name_or_path",
        problem: "\(path) is not a directory",
        cure: "Give a model's directory in Hugging Face's form; nothing is downloaded"
      )
    }
    if AdapterDirectory.isAdapter(URL(filePath: path, directoryHint: .isDirectory)) {
      throw ConfigurationError(
        loaded.place(of: "model_name_or_path"),
        key: "model_name_or_path",
        problem: "\(path) holds an adapter and no model",
        cure: "Name its base here, and the adapter in adapter_name_or_path with use_peft: true"
      )
    }
  }

  /// Ids that end a completion: the tokenizer's, which demonstrations end with, then those of the generation config.
  static func endOfSequence(
    _ tokenizer: Tokenizer,
    _ generation: GenerationConfiguration
  ) -> [Int32] {
    var ids: [Int32] = tokenizer.eosID.map { [$0] } ?? []
    for id in generation.eosTokenIDs where !ids.contains(id) { ids.append(id) }
    return ids
  }

  /// A line for people about a checkpoint that transformers would read otherwise than it was written: since 5.0 it takes the tokenizer of
  /// any `qwen2` for Qwen2's own, whatever `tokenizer_config.json` says.
  static func tokenizerNote(_ configuration: RunConfiguration) -> String? {
    guard case .string("qwen2")? = configuration.modelConfig?["model_type"],
      let tokenizer = configuration.tokenizer, RunConfiguration.madeTokenizers.contains(tokenizer)
    else { return nil }
    return "transformers takes the tokenizer of every qwen2 model for Qwen2's own: with tokenizer "
      + "\(tokenizer), set model_type to qwen3 or llama, or open it there with PreTrainedTokenizerFast"
  }

  /// A hand-written config with what the tokenizer decides: the size of the vocabulary and the special tokens.
  static func completed(_ config: ParameterValue, _ tokenizer: Tokenizer) -> ParameterValue {
    guard case .object(var entries) = config else { return config }
    for (key, value) in [
      ("vocab_size", Int64(tokenizer.vocabularySize)),
      ("eos_token_id", tokenizer.eosID.map(Int64.init)),
      ("pad_token_id", tokenizer.padID.map(Int64.init)),
      ("bos_token_id", tokenizer.bosID.map(Int64.init)),
    ] as [(String, Int64?)] where config[key] == nil {
      // An explicit null keeps the family's default, such as Qwen's own ids, away from a small vocabulary.
      entries.append(ParameterEntry(key, value.map(ParameterValue.int) ?? .null))
    }
    return .object(entries)
  }
}
