import Components
import Foundation
import LanguageModels
import RunStore
import Tensors
import Tokenizers
import Training

/// A tiny run under a loaded strategy that keeps each step's gradient. The learning rate is 0: every step is taken from the same
/// weights, so that two runs differ in nothing but how their steps are cut into micro-batches.
struct GradientRun {
  /// One optimizer step: what was reported, and its whole gradient, unclipped.
  struct Step {
    var report: StepReport
    var gradient: [Float]
  }

  var configuration = TrainingConfiguration()
  /// Rows of every optimizer step, and samples.
  static let batch = 16

  /// - Parameter pieces: how many micro-batches a step has.
  init(steps: Int, pieces: Int) {
    configuration.maxSteps = steps
    configuration.saveSteps = 0
    configuration.lrSchedulerType = .constant
    configuration.probeSize = 8
    configuration.sft.learningRate = 0
    configuration.sft.perDeviceTrainBatchSize = Self.batch / pieces
    configuration.sft.gradientAccumulationSteps = pieces
    configuration.grpo.learningRate = 0
    configuration.grpo.perDeviceTrainBatchSize = Self.batch / pieces
    configuration.grpo.gradientAccumulationSteps = pieces
    configuration.grpo.numGenerations = 4
    configuration.grpo.maxCompletionLength = 6
  }

  func steps(under strategy: any MixingStrategy) throws -> [Step] {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-gradients-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let backend = try CPUBackend(threads: 1)
    let model = try Self.model(backend)
    let run = try RunDirectory.create(at: directory)
    try run.writeConfiguration("seed: 42\n")
    let recorder = GradientRecorder(model.store)
    let trainer = try Trainer(
      configuration: configuration,
      model: model,
      tokenizer: .wordLevel(vocabulary: Self.words),
      chat: nil,
      endOfSequence: [1],
      parts: TrainingParts(
        strategy: strategy,
        prompts: MemoryDataset(Self.rows),
        demonstrations: MemoryDataset(Self.rows),
        rewards: [WeightedReward(OddTokens())]
      ),
      backend: backend,
      run: run,
      observer: recorder
    )
    _ = try trainer.train()
    return recorder.steps
  }

  private static let words = ["a", "b", "c", "d", "e", "f", "g", "h"]

  /// `x y` -> one to four words, so that micro-batches differ in their number of tokens.
  private static let rows = (0..<64).map { index in
    let (x, y) = (words[index % 8], words[(index * 3 + 1) % 8])
    return Example(
      id: UInt64(1_000 + index),
      prompt: .text("\(x) \(y)"),
      completion: .text(([y, x, x, y].prefix(1 + index % 4)).joined(separator: " "))
    )
  }

  private static func model(_ backend: any Backend) throws -> DecoderModel {
    let json = """
      {"model_type": "qwen3", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
       "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "vocab_size": 11,
       "max_position_embeddings": 64, "rope_theta": 10000.0, "rms_norm_eps": 1e-6,
       "tie_word_embeddings": true, "eos_token_id": 1, "pad_token_id": 0, "initializer_range": 0.3}
      """
    return try DecoderModel(
      configuration: DecoderConfiguration(json: Data(json.utf8), source: "test"),
      backend: backend,
      seed: 7
    )
  }
}

/// Reads the gradient when a step is told of: it stands until the next step begins.
private final class GradientRecorder: TrainingObserver {
  private let store: ParameterStore
  private(set) var steps: [GradientRun.Step] = []

  init(_ store: ParameterStore) { self.store = store }

  func observe(_ event: TrainingEvent) {
    guard case .step(let record) = event else { return }
    let gradient = store.backend.read(store.gradBuffer)
    steps.append(GradientRun.Step(report: record.report, gradient: gradient))
  }
}

/// Rows held in memory.
private final class MemoryDataset: Dataset {
  let identity = ComponentIdentity(id: "org.example.memory", version: "1.0.0", digest: "0")
  private let rows: [Example]

  init(_ rows: [Example]) { self.rows = rows }

  var count: Int? { rows.count }
  func examples(in range: Range<Int>) throws -> [Example] { Array(rows[range]) }
}

/// The share of odd token ids; solved from a half on.
private final class OddTokens: RewardFunction {
  let identity = ComponentIdentity(id: "org.example.odd", version: "1.0.0", digest: "0")
  let description = RewardDescription(name: "odd", minimum: 0, maximum: 1, successThreshold: 0.5)
  let isReproducible = true

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    batch.items.map { item in
      let odd = item.completionIDs.count { $0 % 2 == 1 }
      return .score(Double(odd) / Double(max(item.completionIDs.count, 1)))
    }
  }
}
