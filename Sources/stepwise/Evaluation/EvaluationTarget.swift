import Components
import Foundation
import LanguageModels
import RunStore
import Tokenizers

/// A configuration and the model to evaluate under it.
struct EvaluationTarget {
  let loaded: LoadedConfiguration
  let model: ModelSource
  /// A tokenizer.json or its directory.
  let tokenizer: String
  /// The optimizer steps of a run's checkpoint; `nil` for any other model.
  let step: Int?

  /// - Parameters:
  ///   - path: a configuration's file or the directory of a run.
  ///   - model: a model's directory in place of the run's newest checkpoint.
  ///   - adapter: an adapter in PEFT's form, with the base that it names where no model is named.
  ///   - overrides: `key=value`, over the configuration.
  ///   - perturbations: `key=value,key=value`, each a set of the rows of `evaluation.prompts` with these parameters.
  init(
    _ path: String,
    model named: String?,
    adapter: String?,
    overrides: [String],
    perturbations: [String] = []
  ) throws {
    let url = URL(filePath: path)
    let isRun = FileManager.default.fileExists(atPath: url.appending(path: "config.yaml").path)
    let file = isRun ? "\(path)/config.yaml" : path
    var loaded = try RunConfiguration.load(
      yaml: try InputFile.text(file),
      file: file,
      overrides: overrides,
      purpose: .evaluation
    )
    for text in perturbations {
      let set = try EvaluationSetConfiguration(perturbation: text)
      loaded.configuration.evaluationSets.append(set)
    }
    try loaded.checkEvaluationSets()
    self.loaded = loaded
    let isNamed = named != nil || adapter != nil
    if isNamed {
      model = try ModelSource(model: named, adapter: adapter)
      step = nil
    } else if isRun {
      guard
        let checkpoint = try RunDirectory.latestGoodCheckpoint(
          of: url,
          onWarning: StandardError.write
        )
      else {
        throw InputError(
          path,
          "",
          "the run has no checkpoint yet",
          cure: "Name a model with --model"
        )
      }
      model = try ModelSource(model: checkpoint.url.path, adapter: nil)
      step = checkpoint.step
    } else if let configured = loaded.configuration.modelNameOrPath {
      try ModelComposer.checkDirectory(loaded)
      model = try ModelSource(model: configured, adapter: loaded.configuration.adapter.path)
      step = nil
    } else {
      throw InputError(
        path,
        "",
        "a model with random weights is not worth evaluating",
        cure: "Name a model with --model, or a run in place of the configuration"
      )
    }
    // A checkpoint brings its tokenizer; the configuration's goes before a foreign model's own.
    let configured = loaded.configuration.tokenizer
    let isOwn =
      !isNamed || configured == nil || RunConfiguration.madeTokenizers.contains(configured!)
    tokenizer = isOwn ? model.tokenizer.path : configured!
  }

  /// Files that decide what a model answers, by their names in Hugging Face's form.
  private static func isPartOfModel(_ name: String) -> Bool {
    let names = [
      "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
      "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
      "chat_template.jinja", "adapter_config.json",
    ]
    return names.contains(name) || name.hasSuffix(".safetensors.index.json")
      || name.hasSuffix(".safetensors") && name != "optimizer.safetensors"
  }

  /// SHA-256 over the names and digests of the model's files.
  func modelDigest() throws -> String { try Self.digest(of: model.directory) }

  /// The same of its adapter; `nil` where it has none.
  func adapterDigest() throws -> String? { try model.adapter.map { try Self.digest(of: $0.url) } }

  /// What the model is called: its directory, or that of its adapter.
  var modelPath: String { ProcessPaths.shown(model.adapter?.url ?? model.directory) }

  /// The same of a tokenizer of its own; `nil` where it is the model's.
  func tokenizerDigest() throws -> String? {
    guard tokenizer != model.tokenizer.path else { return nil }
    return try Self.digest(of: URL(filePath: tokenizer))
  }

  private static func digest(of url: URL) throws -> String {
    var isDirectory: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
    guard isDirectory.boolValue else { return try SHA256.hexDigest(ofFileAt: url) }
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
      .filter(isPartOfModel)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let lines = try names.map {
      "\($0) \(try SHA256.hexDigest(ofFileAt: url.appending(path: $0)))\n"
    }
    return SHA256.hexDigest(of: Array(lines.joined().utf8))
  }
}
