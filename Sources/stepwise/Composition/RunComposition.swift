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
  /// The plugins as they were loaded.
  let plugins: LoadedParts
  let tokenizer: Tokenizer
  let model: DecoderModel
  let chat: ChatRenderer?
  let endOfSequence: [Int32]
  /// Which bytes each slot was pinned to.
  let pins: PluginPins
  /// What plugins are given.
  let hostServices: HostServices
  private let services = RunServices()
  private let evaluationSets: [EvaluationSetConfiguration]

  static let tokenizerName = "tokenizer"

  /// - Parameters:
  ///   - run: on resume, the run's directory.
  ///   - checkpoint: on resume, the checkpoint's directory.
  init(
    _ loaded: LoadedConfiguration,
    notices: NoticeBoard,
    run: URL? = nil,
    checkpoint: URL? = nil,
    pins: PluginPins = PluginPins()
  ) throws {
    self.loaded = loaded
    self.pins = pins
    if checkpoint == nil { try ModelComposer.checkDirectory(loaded) }
    backend = try loaded.configuration.numerics.makeBackend()
    hostServices = services.host(notices)
    let loader = PartsLoader(loaded, services: hostServices, pins: pins)
    plugins = try loader.loadRun()
    evaluationSets = try loader.resolvedEvaluationSets()
    tokenizer = try TokenizerComposer.make(
      loaded,
      datasets: [plugins.demonstrations?.part, plugins.prompts?.part],
      saved: run?.appending(path: Self.tokenizerName)
    )
    services.tokenizer.set(tokenizer)
    model = try ModelComposer.make(
      loaded,
      tokenizer: tokenizer,
      backend: backend,
      run: run,
      checkpoint: checkpoint
    )
    if let note = ModelComposer.note(model) { notices.post(note) }
    if run == nil, let note = ModelComposer.tokenizerNote(loaded.configuration) {
      notices.post(note)
    }
    chat = try tokenizer.chatRenderer()
    endOfSequence = ModelComposer.endOfSequence(tokenizer, model.generation)
  }

  /// The name of the strategy for people.
  var strategyName: String {
    let id = plugins.strategy.plugin.identity.id
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
      plugins: plugins.records
    )
  }

  /// The configuration with every plugin's complete parameters, and what an adapter to start from decided.
  var resolved: RunConfiguration {
    var resolved = plugins.resolved(loaded.configuration)
    resolved.evaluationSets = evaluationSets
    if let adapter = model.adapter { resolved.adapter.take(adapter.configuration) }
    return resolved
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
    for plugin in plugins.plugins { try run.archive(plugin) }
  }

  /// What the trainer would refuse, for a dry run.
  func checkParts() throws {
    try loaded.configuration.training.check()
  }

  func makeTrainer(run: RunDirectory, observer: any TrainingObserver) throws -> Trainer {
    var parts = plugins.parts
    parts.ownMetrics = services.metrics.drain
    try Trainer.identifyBase(
      of: model,
      directory: loaded.configuration.modelNameOrPath.map {
        URL(filePath: $0, directoryHint: .isDirectory)
      },
      run: run
    )
    let trainer = try Trainer(
      configuration: loaded.configuration.training,
      model: model,
      tokenizer: tokenizer,
      chat: chat,
      endOfSequence: endOfSequence,
      parts: parts,
      backend: backend,
      run: run,
      observer: observer
    )
    services.models.set(trainer)
    return trainer
  }
}

extension RunDirectory {
  /// Keeps a plugin's image and manifest.
  func archive(_ plugin: LoadedPlugin) throws {
    // Every intervention asks for all of them, and reading them takes longer than a step.
    if !hasImage(plugin.identity.digest) { _ = try archive(URL(filePath: plugin.imageFile)) }
    if !hasImage(plugin.manifestDigest) { _ = try archive(URL(filePath: plugin.manifestFile)) }
  }
}
