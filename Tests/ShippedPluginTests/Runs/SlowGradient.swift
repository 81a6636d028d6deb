import Components
import LanguageModels
import Tensors

@testable import Training

/// The gradient of a step, made one sequence at a time from coefficients that a test computed: what the trainer must come to,
/// however it packs, cuts and weighs.
struct SlowGradient {
  let model: DecoderModel

  /// The untrained model of every `StrategyRun`.
  init() throws {
    model = try StrategyRun.model()
    model.store.zeroGrad()
  }

  /// log p and entropy of each trained token of a sequence.
  func measure(_ sequence: TrainingSequence) -> (logProbs: [Float], entropies: [Float]) {
    let batch = MicroBatch([sequence])
    let tokens = model.tokenLogProbs(
      tape: Tape(backend: model.store.backend, recording: false),
      batch: batch.packed,
      rows: batch.rows,
      targets: batch.targets,
      temperature: 1,
      entropy: true
    )
    return (tokens.logProbs.array, tokens.entropy)
  }

  /// Adds the gradient of sum over tokens of coefficient * log p.
  func add(_ sequence: TrainingSequence, _ coefficients: [Double]) {
    let batch = MicroBatch([sequence])
    let tape = Tape(backend: model.store.backend, recording: true)
    let tokens = model.tokenLogProbs(
      tape: tape,
      batch: batch.packed,
      rows: batch.rows,
      targets: batch.targets,
      temperature: 1,
      entropy: false
    )
    tape.backward(tokens.logProbs, gradient: coefficients.map { Float($0) })
  }

  /// The same coefficient at each trained token.
  func add(_ sequence: TrainingSequence, all coefficient: Double) {
    add(sequence, Array(repeating: coefficient, count: sequence.trainedTokens))
  }

  var gradient: [Float] { ShippedPluginTests.gradient(of: model) }
}

/// Every gradient of a model, in the store's order.
func gradient(of model: DecoderModel) -> [Float] {
  model.store.backend.read(model.store.gradBuffer)
}

/// Every weight of a model, in the store's order.
func weights(of model: DecoderModel) -> [Float] {
  model.store.backend.read(model.store.valueBuffer)
}

/// The norm of the difference over the norm of the second.
func relativeDifference(_ a: [Float], _ b: [Float]) -> Double {
  var (difference, norm) = (0.0, 0.0)
  for (x, y) in zip(a, b) {
    difference += Double(x - y) * Double(x - y)
    norm += Double(y) * Double(y)
  }
  guard norm > 0 else { return difference == 0 ? 0 : .infinity }
  return (difference / norm).squareRoot()
}
