import Foundation
import Testing

/// A folder of its own for one test, with a small configuration to start from.
final class Workshop: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-e2e-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try write("tiny.yaml", Self.tiny)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Two-person puzzles, both parts in every step, generation batches that are trained on twice.
  static let tiny = """
    model:
      config: {model_type: qwen2, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, \
    num_attention_heads: 2, num_key_value_heads: 1, tie_word_embeddings: true}
    tokenizer: word_level
    seed: 3
    max_steps: 12
    save_steps: 3
    logging_steps: 2
    strategy: {plugin: static, parameters: {mu: 0.3}}
    demonstrations: {plugin: knights-and-knaves, parameters: {people: 2, form: terse, size: 60, names: 4}}
    prompts:
      plugin: knights-and-knaves
      parameters: {people: 2, form: terse, size: 40, names: 4, seed: 7, demonstrations: none}
    rewards: [knights-and-knaves]
    sft: {learning_rate: 1e-3, per_device_train_batch_size: 4}
    grpo:
      learning_rate: 1e-3
      per_device_train_batch_size: 8
      num_generations: 4
      max_completion_length: 24
      num_iterations: 2
      beta: 0.01

    """

  func file(_ name: String) -> URL { url.appending(path: name) }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: file(name))
  }

  func text(_ name: String) throws -> String {
    try String(contentsOf: file(name), encoding: .utf8)
  }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name).path) }

  func copy(_ source: String, to target: String) throws {
    try FileManager.default.copyItem(at: file(source), to: file(target))
  }

  func stepwise(
    _ arguments: String...,
    environment: [String: String] = [:],
    fileSizeLimit: Int? = nil
  ) throws -> Stepwise.Answer {
    try Stepwise.run(
      arguments,
      in: url,
      environment: environment,
      fileSizeLimit: fileSizeLimit
    )
  }

  func start(
    _ arguments: String...,
    environment: [String: String] = [:]
  ) throws
    -> Stepwise.Running
  {
    try Stepwise.Running(arguments, in: url, environment: environment)
  }

  /// A short run whose last checkpoint is a model to work with: `model/`.
  func makeModel() throws {
    let answer = try stepwise("train", "tiny.yaml", "output_dir=made", "max_steps=2")
    #expect(answer.code == 0, "\(answer.error)")
    try copy("made/checkpoints/step-00000002", to: "model")
    try write(
      "sft.yaml",
      """
      model_name_or_path: model
      max_steps: 4
      strategy: sft
      demonstrations: {plugin: knights-and-knaves, parameters: {people: 2, form: terse, size: 60, names: 4}}

      """
    )
  }

  /// Bytes of every file of a checkpoint but its manifest and the lengths of streams, by name.
  func weights(_ run: String) throws -> [String: Data] {
    let folder = file("\(run)/checkpoints")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let newest = try #require(names.last)
    return try ["model.safetensors", "optimizer.safetensors"].reduce(into: [:]) { files, name in
      files[name] = try Data(contentsOf: folder.appending(path: "\(newest)/\(name)"))
    }
  }
}
