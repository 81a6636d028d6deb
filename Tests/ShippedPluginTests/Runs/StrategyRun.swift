import Components
import Foundation
import LanguageModels
import RunStore
import Tensors
import Tokenizers

@testable import Training

/// A tiny run of a shipped strategy: words `a`...`h`, rows whose demonstrations are six words and EOS, rewards by row and text.
struct StrategyRun {
  var configuration = TrainingConfiguration()
  var strategy: ObservedStrategy
  var rows = StrategyRun.rows(24)
  var reward: @Sendable (RewardItem) -> Double? = { item in
    Double(item.completionIDs.count { $0 % 2 == 1 }) / 8
  }
  /// A sample is solved from this reward on.
  var threshold = 0.5
  /// Whether the run has a `demonstrations` slot.
  var hasDemonstrations = false
  let directory = FileManager.default.temporaryDirectory
    .appending(path: "stepwise-strategies-\(UUID().uuidString)")

  static let words = ["a", "b", "c", "d", "e", "f", "g", "h"]

  init(_ name: String, _ parameters: ParameterValue) throws {
    strategy = try ObservedStrategy(name, parameters)
    configuration.maxSteps = 1
    configuration.saveSteps = 0
    configuration.loggingSteps = 1
    configuration.lrSchedulerType = .constant
    configuration.sft.perDeviceTrainBatchSize = 4
    configuration.sft.learningRate = 1e-2
    configuration.grpo.perDeviceTrainBatchSize = 16
    configuration.grpo.numGenerations = 4
    configuration.grpo.maxCompletionLength = 10
    configuration.grpo.learningRate = 1e-2
  }

  static func rows(_ count: Int) -> [Example] {
    (0..<count).map { index in
      let demonstration = (0..<6).map { words[(index * (3 + $0) + $0) % 8] }
      return Example(
        id: UInt64(1_000 + index),
        prompt: .text("\(words[index % 8]) \(words[(index * 3 + 1) % 8])"),
        completion: .text(demonstration.joined(separator: " ")),
        stepBoundaries: [0, 4, 8]
      )
    }
  }

  static func model() throws -> DecoderModel {
    let json = """
      {"model_type": "qwen3", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
       "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "vocab_size": 11,
       "max_position_embeddings": 64, "rope_theta": 10000.0, "rms_norm_eps": 1e-6,
       "tie_word_embeddings": true, "eos_token_id": 1, "pad_token_id": 0, "initializer_range": 0.3}
      """
    return try DecoderModel(
      configuration: DecoderConfiguration(json: Data(json.utf8), source: "test"),
      backend: CPUBackend(threads: 1),
      seed: 7
    )
  }

  /// A trainer; with `resume` it goes on from the directory's last checkpoint.
  func trainer(resume: Bool = false) throws -> Trainer {
    let model = try Self.model()
    let run = try resume ? RunDirectory.open(at: directory) : RunDirectory.create(at: directory)
    if !resume { try run.writeConfiguration("seed: 42\n") }
    let trainer = try Trainer(
      configuration: configuration,
      model: model,
      tokenizer: .wordLevel(vocabulary: Self.words),
      chat: nil,
      endOfSequence: [1],
      parts: TrainingParts(
        strategy: strategy,
        prompts: Rows(rows),
        demonstrations: hasDemonstrations ? Rows(rows) : nil,
        rewards: [WeightedReward(ClosureReward(threshold: threshold, reward))]
      ),
      backend: model.store.backend,
      run: run
    )
    if resume, let checkpoint = try run.latestGoodCheckpoint() {
      try run.rewind(to: checkpoint)
      try trainer.resume(from: checkpoint)
    }
    return trainer
  }

  /// Trains to the end; the trainer's model still has the last step's whole, unclipped gradient.
  func trained() throws -> Trainer {
    let trainer = try trainer()
    _ = try trainer.train()
    return trainer
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }
}

/// Rows held in memory.
final class Rows: Dataset {
  let identity = ComponentIdentity(id: "org.example.rows", version: "1.0.0", digest: "0")
  let rows: [Example]

  init(_ rows: [Example]) { self.rows = rows }

  var count: Int? { rows.count }
  func examples(in range: Range<Int>) throws -> [Example] { Array(rows[range]) }
}

/// A reward made of a closure.
final class ClosureReward: RewardFunction {
  let identity = ComponentIdentity(id: "org.example.reward", version: "1.0.0", digest: "0")
  let description: RewardDescription
  let isReproducible = true
  private let judge: @Sendable (RewardItem) -> Double?

  init(threshold: Double, _ judge: @escaping @Sendable (RewardItem) -> Double?) {
    description = RewardDescription(name: "closure", successThreshold: threshold)
    self.judge = judge
  }

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    batch.items.map { judge($0).map { .score($0) } ?? .abstained }
  }
}
