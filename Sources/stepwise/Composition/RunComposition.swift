import Components
import Foundation
import LanguageModels
import PluginHost
import RunStore
import Tensors
import Tokenizers
import Training

/// All parts of a run, made from its configuration.
struct RunComposition {
  let loaded: LoadedConfiguration
  let backend: CPUBackend
  let parts: LoadedParts
  let tokenizer: Tokenizer
  let model: DecoderModel
  let chat: ChatRenderer?
  let endOfSequence: [Int32]
  private let services = RunServices()

  static let tokenizerName = "tokenizer"

  /// - Parameters:
  ///   - run: on resume, the run's directory.
  ///   - checkpoint: on resume, the checkpoint's directory.
  init(
    _ loaded: LoadedConfiguration,
    notices: NoticeBoard,
    run: URL? = nil,
    checkpoint: URL? = nil
  ) throws {
    self.loaded = loaded
    if checkpoint == nil { try ModelComposer.checkDirectory(loaded) }
    backend = try loaded.configuration.numerics.makeBackend()
    var parts = try PartsLoader(loaded, services: services.host(notices)).loadRun()
    parts.parts.ownMetrics = services.metrics.drain
    self.parts = parts
    tokenizer = try TokenizerComposer.make(
      loaded,
      parts: parts.parts,
      saved: run?.appending(path: Self.tokenizerName)
    )
    services.tokenizer.set(tokenizer)
    model = try ModelComposer.make(
      loaded,
      tokenizer: tokenizer,
      backend: backend,
      checkpoint: checkpoint
    )
    chat = try tokenizer.chatRenderer(path: loaded.configuration.chatTemplatePath)
    endOfSequence = ModelComposer.endOfSequence(tokenizer, model)
  }

  /// The name of the strategy for people.
  var strategyName: String {
    let id = parts.parts.strategy.identity.id
    return id.lastIndex(of: ".").map { String(id[id.index(after: $0)...]) } ?? id
  }

  /// Where the run's numbers come from.
  var provenance: Provenance {
    Provenance(
      stepwise: StepwiseVersion.current,
      startedAt: Date.now.ISO8601Format(),
      commandLine: CommandLine.arguments,
      workingDirectory: ProcessPaths.workingDirectory,
      seed: loaded.configuration.training.seed,
      numerics: backend.numerics.dictionary,
      host: .current(),
      plugins: parts.records
    )
  }

  /// The configuration with every plugin's complete parameters: defaults filled in, paths absolute, so that a resume finds the
  /// same files from anywhere.
  private var resolved: RunConfiguration {
    var configuration = loaded.configuration
    var rewards = 0
    for (slot, plugin) in parts.plugins {
      switch slot {
      case "strategy": configuration.strategy?.parameters = plugin.parameters
      case "prompts": configuration.prompts?.parameters = plugin.parameters
      case "demonstrations": configuration.demonstrations?.parameters = plugin.parameters
      case "evaluation.prompts": configuration.evaluationPrompts?.parameters = plugin.parameters
      default:
        configuration.rewards[rewards].component.parameters = plugin.parameters
        rewards += 1
      }
    }
    return configuration
  }

  /// Writes what a run holds before its first step.
  func record(into run: RunDirectory) throws {
    try run.writeConfiguration(resolved.yaml)
    try run.write(provenance)
    try tokenizer.save(to: run.url.appending(path: Self.tokenizerName))
    try archive(into: run)
  }

  /// Copies the plugins' images and manifests into the run.
  func archive(into run: RunDirectory) throws {
    for (_, plugin) in parts.plugins {
      _ = try run.archive(URL(filePath: plugin.imageFile))
      _ = try run.archive(URL(filePath: plugin.manifestFile))
    }
  }

  /// What the trainer would refuse, for a dry run.
  func checkParts() throws {
    try loaded.configuration.training.check()
  }

  func makeTrainer(run: RunDirectory, observer: any TrainingObserver) throws -> Trainer {
    let trainer = try Trainer(
      configuration: loaded.configuration.training,
      model: model,
      tokenizer: tokenizer,
      chat: chat,
      endOfSequence: endOfSequence,
      parts: parts.parts,
      backend: backend,
      run: run,
      observer: observer
    )
    services.models.set(trainer)
    return trainer
  }
}
