import Components
import Foundation
import LanguageModels
import RunStore
import Tensors
import Tokenizers

@testable import Training

/// A strategy made of closures: what each hook answers stands in the test.
final class FakeStrategy: MixingStrategy {
  let identity = ComponentIdentity(id: "org.example.fake", version: "1.0.0", digest: "0")
  var requirements: StrategyRequirements
  var begin: (StepContext) throws -> StepPlan
  var shape: (RolloutShapeRequest) -> RolloutShape? = { _ in nil }
  var routes: (RouteRequest) -> [PromptRoute]? = { _ in nil }
  var advantage: (AdvantageRequest) -> [Double]? = { _ in nil }
  var weights: (StepStatistics) -> StepWeights? = { _ in nil }
  var tokens: (TokenWeightRequest) -> [Float]? = { _ in nil }
  var load: ([UInt8]) throws -> Void = { _ in }
  var end: (StepReport) throws -> Void = { _ in }
  var reports: [StepReport] = []

  init(
    _ requirements: StrategyRequirements = [],
    _ begin: @escaping (StepContext) throws -> StepPlan
  ) {
    self.requirements = requirements
    self.begin = begin
  }

  func beginStep(_ context: StepContext) throws -> StepPlan { try begin(context) }
  func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape? { shape(request) }
  func route(_ request: RouteRequest) throws -> [PromptRoute]? { routes(request) }
  func advantages(_ request: AdvantageRequest) throws -> [Double]? { advantage(request) }
  func stepWeights(_ statistics: StepStatistics) throws -> StepWeights? { weights(statistics) }
  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? { tokens(request) }
  func endStep(_ report: StepReport) throws {
    try end(report)
    reports.append(report)
  }
  func saveState() throws -> [UInt8] { [UInt8(reports.count % 251)] }
  func loadState(_ bytes: [UInt8]) throws { try load(bytes) }
}

/// Rows held in memory.
final class ArrayDataset: Dataset {
  let identity = ComponentIdentity(id: "org.example.array", version: "1.0.0", digest: "0")
  let rows: [Example]

  init(_ rows: [Example]) { self.rows = rows }

  var count: Int? { rows.count }
  func examples(in range: Range<Int>) throws -> [Example] { Array(rows[range]) }
}

/// A reward made of a closure.
final class FakeReward: RewardFunction {
  let identity = ComponentIdentity(id: "org.example.reward", version: "1.0.0", digest: "0")
  let description: RewardDescription
  var isReproducible = true
  let judge: (RewardBatch, RewardItem) throws -> RewardOutcome

  convenience init(
    _ name: String = "fake",
    threshold: Double? = 1,
    _ judge: @escaping (RewardItem) -> RewardOutcome
  ) {
    self.init(name, threshold: threshold) { _, item in judge(item) }
  }

  init(
    _ name: String = "fake",
    threshold: Double? = 1,
    _ judge: @escaping (RewardBatch, RewardItem) throws -> RewardOutcome
  ) {
    description = RewardDescription(name: name, successThreshold: threshold)
    self.judge = judge
  }

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    try batch.items.map { try judge(batch, $0) }
  }
}

/// A tiny run in a scratch directory: words `a`...`h`, rows `x y` -> `y x`.
struct TinyRun {
  var configuration = TrainingConfiguration()
  var strategy: FakeStrategy
  var rows: [Example] = TinyRun.examples(24)
  /// Rows of the prompts where they are not those of the demonstrations.
  var promptRows: [Example]?
  var reward = FakeReward { item in .score(Double(item.completionIDs.filter { $0 % 2 == 1 }.count))
  }
  var onFailure = RewardFailurePolicy.stop
  /// Beside `reward`.
  var moreRewards: [WeightedReward] = []
  var evaluation: ArrayDataset?
  var threads = 1
  /// Trains an adapter over the model in place of it.
  var lora: LoRAConfiguration?
  let directory: URL

  static let words = ["a", "b", "c", "d", "e", "f", "g", "h"]

  init(_ strategy: FakeStrategy) {
    self.strategy = strategy
    directory = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-training-\(UUID().uuidString)")
    configuration.maxSteps = 4
    configuration.saveSteps = 0
    configuration.loggingSteps = 1
    configuration.sft.perDeviceTrainBatchSize = 4
    configuration.sft.learningRate = 1e-2
    configuration.grpo.perDeviceTrainBatchSize = 4
    configuration.grpo.numGenerations = 4
    configuration.grpo.maxCompletionLength = 6
    configuration.grpo.learningRate = 1e-2
    configuration.lrSchedulerType = .constant
  }

  static func examples(_ count: Int) -> [Example] {
    (0..<count).map { index in
      let (x, y) = (words[index % 8], words[(index * 3 + 1) % 8])
      return Example(
        id: UInt64(1_000 + index),
        prompt: .text("\(x) \(y)"),
        completion: .text("\(y) \(x)"),
        difficulty: Double(index % 3),
        stepBoundaries: [0, 2]
      )
    }
  }

  static func model(_ backend: any Backend, trainable: Bool = true) throws -> DecoderModel {
    let json = """
      {"model_type": "qwen3", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
       "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "vocab_size": 11,
       "max_position_embeddings": 64, "rope_theta": 10000.0, "rms_norm_eps": 1e-6,
       "tie_word_embeddings": true, "eos_token_id": 1, "pad_token_id": 0, "initializer_range": 0.3}
      """
    return try DecoderModel(
      configuration: DecoderConfiguration(json: Data(json.utf8), source: "test"),
      backend: backend,
      seed: 7,
      trainable: trainable
    )
  }

  /// The model with a fresh adapter.
  static func model(_ backend: any Backend, _ lora: LoRAConfiguration) throws -> DecoderModel {
    let model = try model(backend, trainable: false)
    model.attach(
      try LoRAAdapter(
        lora,
        model: model.configuration,
        source: "test",
        backend: backend,
        seed: 7
      )
    )
    return model
  }

  /// A trainer; with `resume` it goes on from the directory's last checkpoint.
  func trainer(
    resume: Bool = false,
    observer: (any TrainingObserver)? = nil
  ) throws -> (Trainer, DecoderModel) {
    let backend = try CPUBackend(threads: threads)
    let model = try lora.map { try Self.model(backend, $0) } ?? Self.model(backend)
    let run =
      try resume ? RunDirectory.open(at: directory) : RunDirectory.create(at: directory)
    if !resume { try run.writeConfiguration("seed: 42\n") }
    try Trainer.identifyBase(of: model, directory: nil, run: run)
    let trainer = try Trainer(
      configuration: configuration,
      model: model,
      tokenizer: .wordLevel(vocabulary: Self.words),
      chat: nil,
      endOfSequence: [1],
      parts: TrainingParts(
        strategy: strategy,
        prompts: ArrayDataset(promptRows ?? rows),
        demonstrations: ArrayDataset(rows),
        evaluation: evaluation,
        rewards: [WeightedReward(reward, onFailure: onFailure)] + moreRewards
      ),
      backend: backend,
      run: run,
      observer: observer
    )
    if resume, let checkpoint = try run.latestGoodCheckpoint() {
      try run.rewind(to: checkpoint)
      try trainer.resume(from: checkpoint)
    }
    return (trainer, model)
  }

  /// Trains to the end in one go and gives the weights.
  func weights() throws -> [Float] {
    let (trainer, model) = try trainer()
    _ = try trainer.train()
    return values(of: model)
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }
}

/// Every weight of a model that is trained, in the store's order.
func values(of model: DecoderModel) -> [Float] {
  model.trained.backend.read(model.trained.valueBuffer)
}
