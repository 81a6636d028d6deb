import ArgumentParser
import Components
import Foundation
import RunStore
import Training

/// `stepwise eval run`, the default: evaluates.
struct EvalRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Evaluate; the default, so that the word can be left out.",
    discussion: """
      Evaluates on the rows of evaluation.prompts, judged by the rewards. The model is the run's newest \
      checkpoint, or the one that --model names. key=value arguments go over the configuration, and the options \
      below over them. With --output-dir every completion is kept, and an evaluation that was stopped or killed goes on \
      with the same command.
      """
  )

  @Argument(help: "CONFIG.yaml or the directory of a run, then key=value ...")
  var arguments: [String]

  @Option(help: "The model's directory: a Hugging Face directory or a checkpoint of a run.")
  var model: String?

  @Option(help: "An adapter in PEFT's form; without --model, with the base that it names.")
  var adapter: String?

  @Flag(help: "Decode greedily; with --temperature, beside the sampled completions.")
  var greedy = false

  @Option(help: "Completions for each prompt, sampled (evaluation.num_generations).")
  var numGenerations: Int?

  @Option(help: "Sampling temperature; 0 is greedy (evaluation.temperature).")
  var temperature: Double?

  @Option(help: "Nucleus sampling (evaluation.top_p).")
  var topP: Double?

  @Option(help: "Sample among the k likeliest; 0 for all (evaluation.top_k).")
  var topK: Int?

  @Option(
    help:
      "Sample among tokens with at least this share of the likeliest's probability (evaluation.min_p)."
  )
  var minP: Double?

  @Option(help: "Divides the logits of tokens that occurred (evaluation.repetition_penalty).")
  var repetitionPenalty: Double?

  @Option(help: "Longest completion in tokens (evaluation.max_completion_length).")
  var maxCompletionLength: Int?

  @Option(help: "Rows from the front of each set (evaluation.max_prompts).")
  var maxPrompts: Int?

  @Option(help: "The same seed gives the same completions.")
  var seed: UInt64?

  @Option(
    name: .customLong("by"),
    help:
      "Split results by a column of the rows (evaluation.categories). May be given several times."
  )
  var categories: [String] = []

  @Option(
    name: .customLong("perturbed"),
    help:
      "Evaluate the rows of evaluation.prompts with KEY=VALUE[,KEY=VALUE] in its parameters, too, and the drop. May be given several times."
  )
  var perturbations: [String] = []

  @Option(
    name: .customLong("pass-at"),
    help:
      "Report pass@k and maj@k for this k (default: 1, 2, 4 ... and --num-generations). May be given several times."
  )
  var counts: [Int] = []

  @Option(help: "Keep settings, completions and results here, and go on with what is there.")
  var outputDir: String?

  @Flag(help: "Write the results as JSON.")
  var json = false

  func run() throws {
    guard let first = arguments.first, !first.contains("=") else {
      throw ValidationError("Name a CONFIG.yaml or the directory of a run first.")
    }
    let target = try EvaluationTarget(
      first,
      model: model,
      adapter: adapter,
      overrides: Array(arguments.dropFirst()) + overrides,
      perturbations: perturbations
    )
    let modes = try modes(target.loaded)
    try checkCounts(modes)
    let notices = NoticeBoard()
    let session = EvaluationSession(
      target: target,
      parts: try EvaluationParts(target, notices: notices),
      modes: modes,
      counts: Array(Set(counts)).sorted(),
      notices: notices
    )
    let results =
      try outputDir.map { try session.run(into: URL(filePath: $0, directoryHint: .isDirectory)) }
      ?? session.run()
    if json { return try StandardOutput.write(results.record.json + "\n") }
    let device = TerminalDevice()
    let lines = EvaluationReport(results: results, glyphs: device.glyphs).lines
    try StandardOutput.write(lines.shown(device))
    if let outputDir {
      try StandardOutput.write(
        "\n\(ProcessPaths.program) eval show \(outputDir)   reads the completions\n"
      )
    }
  }

  /// The options as arguments of the configuration, which checks them.
  private var overrides: [String] {
    func override(_ key: String, _ value: (some CustomStringConvertible)?) -> [String] {
      value.map { ["\(key)=\($0)"] } ?? []
    }
    let columns = categories.map { ParameterValue.string($0).json }.joined(separator: ", ")
    return override("evaluation.num_generations", numGenerations)
      + override("evaluation.temperature", temperature) + override("evaluation.top_p", topP)
      + override("evaluation.top_k", topK) + override("evaluation.min_p", minP)
      + override("evaluation.repetition_penalty", repetitionPenalty)
      + override("evaluation.max_completion_length", maxCompletionLength)
      + override("evaluation.max_prompts", maxPrompts) + override("seed", seed)
      + (categories.isEmpty ? [] : ["evaluation.categories=[\(columns)]"])
  }

  private func modes(_ loaded: LoadedConfiguration) throws -> [Evaluation.Mode] {
    let settings = loaded.configuration.training.evaluation
    guard settings.temperature > 0 else {
      guard settings.numGenerations == 1 else {
        throw ConfigurationError(
          loaded.place(of: "evaluation.num_generations"),
          key: "evaluation.num_generations",
          problem:
            "\(settings.numGenerations) greedy completions of a prompt (evaluation.temperature is 0) are all the same",
          cure: "Sample them with --temperature 1, or set num_generations to 1"
        )
      }
      return [.greedy]
    }
    let sampled = Evaluation.Mode.sampled(
      settings.numGenerations,
      temperature: settings.temperature
    )
    return greedy ? [.greedy, sampled] : [sampled]
  }

  private func checkCounts(_ modes: [Evaluation.Mode]) throws {
    let most = modes.map(\.numGenerations).max() ?? 1
    for k in counts where !(1...most ~= k) {
      throw UsageError(
        error: ValidationError(
          "--pass-at: pass@\(k) needs \(k) or more completions of each prompt, and there are \(most). "
            + (k < 1 ? "Use 1 or more." : "Raise --num-generations to \(k), or lower --pass-at.")
        )
      )
    }
  }
}
