import BenchmarkFigures
import Foundation

/// From the start of `stepwise train` to the end of its first step.
struct StartUp: Codable {
  var name: String
  /// Median, least and most of the seconds.
  var seconds: Contestant.Spread

  /// What tiny runs look like: a model of 0.2 M parameters on generated puzzles.
  private static let model = """
    model:
      config: {model_type: qwen3, hidden_size: 64, intermediate_size: 176, num_hidden_layers: 2,
        num_attention_heads: 2, num_key_value_heads: 2, head_dim: 32, tie_word_embeddings: true}
    tokenizer: word_level
    max_steps: 1
    save_steps: 0
    logging_steps: 1

    """
  private static let puzzles = """
      plugin: knights-and-knaves
      parameters: {people: 3, form: terse, size: 64, names: 4}

    """
  static let configurations = [
    (
      name: "first SFT step",
      yaml: model + "strategy: {plugin: sft}\ndemonstrations:\n" + puzzles
        + "sft: {per_device_train_batch_size: 8, max_length: 128}\n"
    ),
    (
      name: "first GRPO step",
      yaml: model + "strategy: {plugin: grpo}\nprompts:\n" + puzzles
        + "rewards:\n  - plugin: knights-and-knaves\n"
        + "grpo: {per_device_train_batch_size: 8, num_generations: 8, max_completion_length: 12}\n"
    ),
  ]

  /// Starts a run several times.
  static func measure(
    _ configuration: (name: String, yaml: String),
    times: Int,
    threads: Int
  ) throws -> StartUp {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "tiny.yaml")
    try Data(configuration.yaml.utf8).write(to: file)
    let program = URL(filePath: CommandLine.ownPath).deletingLastPathComponent()
      .appending(path: "stepwise").path
    // The first start reads files from disk that the others find in memory.
    let seconds = try (0...times).map { round in
      let child = ChildProcess(
        program: program,
        arguments: [
          "train", file.path, "--json", "numerics.threads=\(threads)",
          "output_dir=\(folder.path)/run-\(round)",
        ]
      )
      let start = Stopwatch.now
      var first: Double?
      let result = try child.run { line in
        if first == nil, line.contains("\"event\":\"step\"") { first = Stopwatch.now - start }
      }
      guard let first else {
        throw ChildProcess.Failure.status(
          program: "stepwise train",
          status: result.status,
          complaint: result.complaint
        )
      }
      return first
    }
    guard let spread = Contestant.Spread(Array(seconds.dropFirst())) else {
      preconditionFailure("a start-up is measured at least once")
    }
    return StartUp(name: configuration.name, seconds: spread)
  }

  /// The same time of a rival: what it takes to import it.
  static func rival(_ folder: RivalFolder, times: Int) throws -> StartUp? {
    guard let python = folder.python else { return nil }
    let code = "import torch, transformers, trl; from trl import GRPOTrainer, SFTTrainer"
    let seconds = try (0...times).map { _ in
      try ChildProcess(program: python, arguments: ["-c", code]).run().seconds
    }
    return Contestant.Spread(Array(seconds.dropFirst())).map {
      StartUp(name: "import of torch, transformers and trl", seconds: $0)
    }
  }
}
