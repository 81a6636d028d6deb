import ArgumentParser
import Components
import Foundation
import LanguageModels
import PluginHost
import RunStore
import Tensors
import Tokenizers
import Training

/// `stepwise eval`: accuracy of a model on held-out prompts.
struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Accuracy of a model on held-out prompts.",
    discussion: """
      Evaluates as a run does: the dataset of evaluation.prompts, judged by the rewards. The model is the \
      run's newest checkpoint, or the one that --model names. key=value arguments go over the \
      configuration, for example evaluation.num_generations=8 evaluation.temperature=1 for pass@8.
      """
  )

  @Argument(help: "CONFIG.yaml or the directory of a run, then key=value ...")
  var arguments: [String]

  @Option(help: "The model's directory: a Hugging Face directory or a checkpoint of a run.")
  var model: String?

  @Option(help: "Write sample generations here, one JSON object a line.")
  var samples: String?

  @Flag(help: "JSON.")
  var json = false

  func run() throws {
    guard let first = arguments.first, !first.contains("=") else {
      throw ValidationError("Name a CONFIG.yaml or the directory of a run first.")
    }
    let target = try EvaluationTarget(
      first,
      model: model,
      overrides: Array(arguments.dropFirst())
    )
    let notices = NoticeBoard()
    let result = try target.evaluate(notices: notices)
    for notice in notices.drain() { StandardError.write(notice) }
    if let samples {
      let lines = result.samples.map { $0.json + "\n" }.joined()
      try Data(lines.utf8).write(to: URL(filePath: samples))
    }
    let value = JSONObserver.value(of: .evaluated(result.record))
    try StandardOutput.write(json ? value.json + "\n" : Self.text(result.record))
  }

  private static func text(_ record: EvaluationRecord) -> String {
    func line(_ label: String, _ estimate: Estimate) -> String {
      label.padding(toLength: 10, withPad: " ", startingAt: 0)
        + "\(NumberText.fixed(estimate.value, 3))  \(estimate.interval)\n"
    }
    var out = line("pass@1", record.passAt1)
    if record.k > 1 {
      out += line("pass@\(record.k)", record.passAtK)
      if let majority = record.majAtK { out += line("maj@\(record.k)", majority) }
    }
    out += "reward    \(NumberText.short(record.reward))\n"
    out += "length    \(NumberText.fixed(record.completionLength, 1)) tokens, "
    out += "\(NumberText.percent(record.clippedRatio)) cut at the limit\n"
    return out + "prompts   \(NumberText.grouped(record.count)) in "
      + "\(NumberText.duration(record.seconds))\n"
  }
}

/// A configuration and a model to evaluate under it.
private struct EvaluationTarget {
  private let loaded: LoadedConfiguration
  private let modelDirectory: URL
  private let tokenizer: String
  private let step: Int

  init(_ path: String, model: String?, overrides: [String]) throws {
    let url = URL(filePath: path)
    let isRun = FileManager.default.fileExists(atPath: url.appending(path: "config.yaml").path)
    let file = isRun ? "\(path)/config.yaml" : path
    loaded = try RunConfiguration.load(
      yaml: try InputFile.text(file),
      file: file,
      overrides: overrides,
      purpose: .evaluation
    )
    if let model {
      modelDirectory = URL(filePath: model, directoryHint: .isDirectory)
      step = 0
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
      modelDirectory = checkpoint.url
      step = checkpoint.step
    } else if let named = loaded.configuration.modelNameOrPath {
      try ModelComposer.checkDirectory(loaded)
      modelDirectory = URL(filePath: named, directoryHint: .isDirectory)
      step = 0
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
      model == nil || configured == nil || RunConfiguration.madeTokenizers.contains(configured!)
    tokenizer = isOwn ? modelDirectory.path : configured!
  }

  func evaluate(notices: NoticeBoard) throws -> Evaluation.Result {
    let backend = try loaded.configuration.numerics.makeBackend()
    let model = try DecoderModel(directory: modelDirectory, backend: backend, trainable: false)
    let tokenizer = try Tokenizer(contentsOf: tokenizer)
    let services = RunServices()
    services.tokenizer.set(tokenizer)
    let parts = try PartsLoader(loaded, services: services.host(notices))
      .loadEvaluation()
    return try Evaluation.run(
      configuration: loaded.configuration.training,
      model: model,
      tokenizer: tokenizer,
      chat: try tokenizer.chatRenderer(path: loaded.configuration.chatTemplatePath),
      endOfSequence: ModelComposer.endOfSequence(tokenizer, model),
      dataset: parts.dataset,
      rewards: parts.rewards,
      step: step,
      onWarning: notices.post
    )
  }
}
