import ArgumentParser
import Foundation
import LanguageModels
import RunStore
import Tensors
import Tokenizers

/// A model as a command names it: a Hugging Face directory, an adapter's directory, or both.
struct ModelSource {
  /// The model, or the adapter's base.
  let directory: URL
  let adapter: AdapterDirectory?

  /// - Parameters:
  ///   - model: a model's directory, or that of an adapter, whose base then comes along.
  ///   - adapter: an adapter for it.
  init(model: String?, adapter: String?) throws {
    let url = model.map { URL(filePath: $0, directoryHint: .isDirectory) }
    let named = adapter.map { URL(filePath: $0, directoryHint: .isDirectory) }
    do {
      if let url, AdapterDirectory.isAdapter(url) {
        guard named == nil else {
          throw InputError(
            url.path,
            "",
            "is an adapter itself, and --adapter names another",
            cure: "Name the base with --model, and one adapter"
          )
        }
        self.adapter = try AdapterDirectory(url)
        directory = try self.adapter!.baseDirectory()
      } else {
        self.adapter = try named.map { try AdapterDirectory($0) }
        guard let found = try url ?? self.adapter?.baseDirectory() else {
          throw ValidationError("Name a model with --model, or an adapter with --adapter.")
        }
        directory = found
      }
    } catch let error as AdapterError {
      throw UsageError(error: error)
    }
  }

  /// Where the tokenizer is: an adapter that a run wrote has it.
  var tokenizer: URL {
    guard let adapter else { return directory }
    let file = adapter.url.appending(path: "tokenizer.json").path
    return FileManager.default.fileExists(atPath: file) ? adapter.url : directory
  }

  /// Loads the model, and its adapter beside it.
  ///
  /// - Parameter trainable: whether the model, or of a model with an adapter the adapter, has gradients.
  func open(backend: any Backend, trainable: Bool = false) throws -> DecoderModel {
    try adapter?.checkBase(directory)
    let model = try ModelComposer.load(
      directory,
      backend: backend,
      trainable: trainable && adapter == nil
    )
    guard let adapter else { return model }
    model.attach(
      try adapter.load(for: model.configuration, backend: backend, trainable: trainable)
    )
    return model
  }

  /// Loads the model for generation alone, its adapter merged.
  func openForGeneration(backend: any Backend) throws -> GenerationModel {
    try adapter?.checkBase(directory)
    return try ModelComposer.loadForGeneration(directory, adapter: adapter, backend: backend)
  }
}

extension AdapterDirectory {
  /// Refuses another base than the one that the adapter was trained on, where it knows that.
  func checkBase(_ directory: URL) throws {
    guard let base else { return }
    try base.requireSame(as: BaseIdentity(of: directory), adapter: url.path)
  }
}

extension BaseIdentity {
  /// Reads the weights of a model's directory, some three seconds for a GB.
  init(of directory: URL) throws {
    try self.init(directory: directory, digest: SHA256.hexDigest(ofFileAt:))
  }
}

/// `--model` and `--adapter`.
struct ModelOptions: ParsableArguments {
  @Option(
    help: "The model's directory: a Hugging Face directory, or a checkpoint or adapter of a run."
  )
  var model: String?

  @Option(help: "An adapter in PEFT's form; without --model, with the base that it names.")
  var adapter: String?

  func validate() throws {
    if model == nil, adapter == nil {
      throw ValidationError("Name a model with --model, or an adapter with --adapter.")
    }
  }

  /// The directories.
  func source() throws -> ModelSource { try ModelSource(model: model, adapter: adapter) }
}
