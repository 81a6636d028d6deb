import BenchmarkFigures
import Components
import Foundation
import LanguageModels
import RunStore
import Tensors
import Tokenizers
import Training

/// A run of the real trainer whose steps are timed by their phases.
///
/// Prompts are words of a word-level vocabulary as large as the model's, so that every prompt has exactly the length asked
/// for; no token ends a completion, so that every completion has, too.
struct GRPORun {
  /// Wall-clock seconds of a step and of its phases.
  struct Step {
    var seconds = 0.0
    var generate = 0.0
    var reference = 0.0
    var update = 0.0
    /// In calls of strategy, dataset and reward.
    var plugins = 0.0
  }

  /// What came out.
  struct Result {
    var steps: [Step]
    var parameters: Int
  }

  var shape: BenchmarkShape
  var prompts: Int
  var group: Int
  var prompt: Int
  var new: Int
  var beta = 0.04
  /// What is trained with; those compiled in by default.
  var parts: CompiledParts?

  init(shape: BenchmarkShape, prompts: Int, group: Int, prompt: Int, new: Int) {
    self.shape = shape
    self.prompts = prompts
    self.group = group
    self.prompt = prompt
    self.new = new
  }

  /// The words, in the order of their ids after the three special tokens.
  private var words: [String] { (0..<shape.vocabulary - 3).map { "w\($0)" } }

  /// Sixty-four prompts; each has a column `answer` for rewards that want one.
  var rows: [Example] {
    let words = words
    return RandomTokens(vocabulary: words.count, seed: 4).rows(64, of: prompt)
      .enumerated().map { index, tokens in
        Example(
          id: UInt64(index),
          prompt: .text(tokens.map { words[Int($0)] }.joined(separator: " ")),
          columns: [Column("answer", .text("#### \(index)"))]
        )
      }
  }

  private func configuration(steps: Int) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.maxSteps = steps
    configuration.saveSteps = 0
    configuration.loggingSteps = 1
    configuration.lrSchedulerType = .constant
    configuration.grpo.learningRate = 1e-5
    configuration.grpo.perDeviceTrainBatchSize = prompts * group
    configuration.grpo.numGenerations = group
    configuration.grpo.maxCompletionLength = new
    configuration.grpo.beta = beta
    return configuration
  }

  /// Trains for the warm-up and the timed steps.
  func train(_ work: WorkParts, _ pace: Pace) throws -> Result {
    let timed = work.backend.timed ?? TimedBackend(work.backend.backend)
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let model = try shape.model(backend: timed, models: work.models, trainable: true)
    let clock = PhaseClock(timed, modelSize: model.store.valueBuffer.count, pace: pace)
    let parts = self.parts ?? CompiledParts(rows: rows)
    let run = try RunDirectory.create(at: directory)
    try run.writeConfiguration("seed: 42\n")
    let trainer = try Trainer(
      configuration: configuration(steps: pace.warmUp + pace.repetitions),
      model: model,
      tokenizer: .wordLevel(vocabulary: words),
      chat: nil,
      endOfSequence: [Int32(shape.vocabulary)],
      parts: TrainingParts(
        strategy: TimedStrategy(parts.strategy, clock),
        prompts: TimedDataset(parts.dataset, clock),
        rewards: [WeightedReward(TimedReward(parts.reward, clock))]
      ),
      backend: timed,
      run: run,
      observer: clock
    )
    _ = try trainer.train()
    return Result(
      steps: Array(clock.steps.dropFirst(pace.warmUp)),
      parameters: model.parameterCount
    )
  }
}

/// Takes the times at which a step goes from one phase to the next: generation begins with the step and ends where rewards are
/// asked, the reference follows until the model's gradient is set to zero, the update until the step is told of.
final class PhaseClock: TrainingObserver {
  private(set) var steps: [GRPORun.Step] = []
  private let backend: TimedBackend
  private let pace: Pace
  private var current = GRPORun.Step()
  private var began = 0.0
  private var scored = 0.0
  private var cleared = 0.0

  init(_ backend: TimedBackend, modelSize: Int, pace: Pace) {
    self.backend = backend
    self.pace = pace
    backend.onLargeFill = { [weak self] count in
      guard count == modelSize, let self, cleared == 0, scored > 0 else { return }
      cleared = Stopwatch.now
    }
  }

  func stepBegins() { (began, scored, cleared, current) = (Stopwatch.now, 0, 0, .init()) }

  func scoringBegins() { current.generate = Stopwatch.now - began }

  func scoringEnds() { scored = Stopwatch.now }

  /// Books a call of a plugin.
  func plugin<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = Stopwatch.now
    defer { current.plugins += Stopwatch.now - start }
    return try backend.ledger.time(.plugins, body)
  }

  func observe(_ event: TrainingEvent) {
    guard case .step(let record) = event else { return }
    current.seconds = record.seconds
    if cleared > 0 {
      current.reference = cleared - scored
      current.update = Stopwatch.now - cleared
    }
    steps.append(current)
    if steps.count == pace.warmUp { pace.onWarm() }
  }
}
