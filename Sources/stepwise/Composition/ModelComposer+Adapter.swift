import Components
import Foundation
import LanguageModels
import Tensors
import Training

/// The adapter of a run with `use_peft`.
extension ModelComposer {
  /// Where the base lies that a run keeps itself, if it does: that of a model with random weights.
  static func ownBase(of run: URL?) -> URL? {
    guard let base = run?.appending(path: Trainer.baseName, directoryHint: .isDirectory),
      FileManager.default.fileExists(atPath: base.appending(path: "config.json").path)
    else { return nil }
    return base
  }

  /// Gives a frozen model the run's adapter: that of a checkpoint, the one to start from, or a fresh one.
  ///
  /// - Parameters:
  ///   - checkpoint: on resume, the checkpoint's directory.
  ///   - isNew: whether the run begins, so that what the file says can be held against an adapter to start from.
  static func attachAdapter(
    _ loaded: LoadedConfiguration,
    to model: DecoderModel,
    checkpoint: URL?,
    isNew: Bool
  ) throws {
    do {
      let adapter = try makeAdapter(loaded, for: model, checkpoint: checkpoint, isNew: isNew)
      // Which base the run itself has is found out when it begins.
      adapter.base = nil
      model.attach(adapter)
    } catch let error as AdapterError {
      throw UsageError(error: error)
    } catch let error as ModelConfigurationError {
      throw UsageError(error: error)
    }
  }

  private static func makeAdapter(
    _ loaded: LoadedConfiguration,
    for model: DecoderModel,
    checkpoint: URL?,
    isNew: Bool
  ) throws -> LoRAAdapter {
    let settings = loaded.configuration.adapter
    guard let path = checkpoint?.path ?? settings.path else {
      return try LoRAAdapter(
        settings.lora,
        model: model.configuration,
        source: loaded.place(of: "lora_target_modules"),
        backend: model.backend,
        seed: loaded.configuration.training.seed
      )
    }
    let directory = try AdapterDirectory(URL(filePath: path, directoryHint: .isDirectory))
    if isNew {
      try checkKeys(loaded, against: directory.configuration, path: path)
      if let base = loaded.configuration.modelNameOrPath {
        try directory.checkBase(URL(filePath: base, directoryHint: .isDirectory))
      }
    }
    return try directory.load(
      for: model.configuration,
      backend: model.backend,
      trainable: true
    )
  }

  /// An adapter to start from decides its own shape; a key that says another is a mistake.
  private static func checkKeys(
    _ loaded: LoadedConfiguration,
    against lora: LoRAConfiguration,
    path: String
  ) throws {
    var other = loaded.configuration
    other.adapter.take(lora)
    for key in ConfigurationKeys.adapterShape where loaded.origins[key] != nil {
      guard let entry = ConfigurationKeys.byPath[key] else { continue }
      let (written, its) = (entry.encode(loaded.configuration), entry.encode(other))
      if written != its, !written.isSameList(as: its) {
        throw ConfigurationError(
          loaded.place(of: key),
          key: key,
          problem: "\(written.shown) is not what the adapter \(path) has: \(its.shown)",
          cure: "Remove the key: the adapter decides it"
        )
      }
    }
  }

  /// A line for people about what is trained.
  static func note(_ model: DecoderModel) -> String? {
    guard let adapter = model.adapter else { return nil }
    let lora = adapter.configuration
    let (own, base) = (adapter.store.parameterCount, model.store.parameterCount)
    return "\(lora.isRankStabilized ? "rsLoRA" : "LoRA") of rank \(lora.rank): "
      + "\(NumberText.grouped(own)) parameters are trained beside \(NumberText.grouped(base)) frozen ones"
  }
}

extension ParameterValue {
  /// Whether two lists hold the same, in whatever order.
  fileprivate func isSameList(as other: ParameterValue) -> Bool {
    guard case .array(let a) = self, case .array(let b) = other, a.count == b.count else {
      return false
    }
    return a.allSatisfy(b.contains) && b.allSatisfy(a.contains)
  }
}
