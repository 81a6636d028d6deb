import Components
import LanguageModels
import Tensors
import Testing

@testable import Training

/// The cosine of two policy gradients against gradients of single sequences, added up by hand.
@Suite("Gradient agreement")
struct GradientAgreementTests {
  private static let sequences = [
    ([3, 4], [5, 6, 1]), ([3, 4], [7, 1]), ([8, 9], [4, 4, 4, 1]), ([8, 9], [10, 3]),
  ].map { prompt, completion in
    TrainingSequence(
      kind: .rollout,
      exampleID: 0,
      group: 0,
      prompt: prompt.map { Int32($0) },
      completion: completion.map { Int32($0) }
    )
  }

  /// d(sum of log p)/d(weights) of one sequence alone, in Double.
  private func gradient(
    _ sequence: TrainingSequence,
    _ model: DecoderModel,
    temperature: Float
  ) -> [Double] {
    let tape = Tape(backend: model.backend, recording: true)
    let ids = sequence.prompt + sequence.completion
    let rows = (sequence.prompt.count - 1..<ids.count - 1).map { Int32($0) }
    model.store.zeroGrad()
    let tokens = model.tokenLogProbs(
      tape: tape,
      batch: PackedBatch([ids]),
      rows: rows,
      targets: sequence.completion,
      temperature: temperature
    )
    tape.backward(tokens.logProbs, gradient: Array(repeating: 1, count: rows.count))
    return model.store.backend.read(model.store.gradBuffer).map(Double.init)
  }

  private func cosine(_ a: [Double], _ b: [Double]) -> Double {
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
  }

  /// The gradient of -sum over sequences of share * A * sum of log p.
  private func byHand(_ gradients: [[Double]], _ factors: [Double]) -> [Double] {
    gradients[0].indices.map { index in
      zip(gradients, factors).reduce(0) { $0 - $1.1 * $1.0[index] }
    }
  }

  @Test(arguments: [GRPOConfiguration.LossType.dapo, .grpo, .bnpo, .drGRPO, .cispo], [1, 3, 4])
  func isThatOfTheSum(loss: GRPOConfiguration.LossType, batchSize: Int) throws {
    let backend = try CPUBackend(threads: 1)
    let model = try TinyRun.model(backend)
    var grpo = GRPOConfiguration()
    grpo.lossType = loss
    grpo.temperature = 0.8
    // Neither may reach the answer: KL does not depend on advantages.
    grpo.beta = 0.5
    let (a, b) = ([1.2, -0.7, 0.3, -0.8], [0.4, 0.9, -1.1, 0.1])
    let gradients = Self.sequences.map { gradient($0, model, temperature: 0.8) }
    // `grpo` takes each sequence's mean over its tokens; the others divide all by one number.
    let shares = Self.sequences.map { loss == .grpo ? 1 / Double($0.completion.count) : 1 }
    let expected = cosine(
      byHand(gradients, zip(a, shares).map(*)),
      byHand(gradients, zip(b, shares).map(*))
    )
    let found = Objective(model: model, backend: backend).gradientAgreement(
      Self.sequences,
      advantages: (a, b),
      configuration: grpo,
      batchSize: batchSize
    )
    #expect(abs(found.cosine - expected) < 1e-5)
    #expect(abs(expected) < 0.99, "the test must see a difference")
  }

  @Test func theNormIsThatOfTheLossWithoutKL() throws {
    let backend = try CPUBackend(threads: 1)
    let model = try TinyRun.model(backend)
    let a = [1.2, -0.7, 0.3, -0.8]
    let gradients = Self.sequences.map { gradient($0, model, temperature: 1) }
    // dapo: every token of the batch weighs the same.
    let items = Double(Self.sequences.reduce(0) { $0 + $1.completion.count })
    let norm = byHand(gradients, a.map { $0 / items }).reduce(0) { $0 + $1 * $1 }.squareRoot()
    let found = Objective(model: model, backend: backend).gradientAgreement(
      Self.sequences,
      advantages: (a, a.map { -2 * $0 }),
      configuration: GRPOConfiguration(),
      batchSize: 2
    )
    #expect(abs(found.firstNorm - norm) < 1e-5 * norm)
    #expect(abs(found.secondNorm - 2 * norm) < 1e-5 * norm)
    #expect(abs(found.cosine + 1) < 1e-6)
  }

  @Test func hintsAndMaskedCompletionsPullNowhere() throws {
    let backend = try CPUBackend(threads: 1)
    let model = try TinyRun.model(backend)
    var grpo = GRPOConfiguration()
    grpo.maskTruncatedCompletions = true
    var sequences = Self.sequences
    sequences[3].truncated = true
    sequences[0].hintLength = 3
    let found = Objective(model: model, backend: backend).gradientAgreement(
      sequences,
      advantages: ([5, 1, 1, 7], [-9, 1, 1, -3]),
      configuration: grpo,
      batchSize: 4
    )
    #expect(abs(found.cosine - 1) < 1e-6)
  }

  @Test func aVanishingGradientHasNoAngle() throws {
    let backend = try CPUBackend(threads: 1)
    let model = try TinyRun.model(backend)
    let found = Objective(model: model, backend: backend).gradientAgreement(
      Self.sequences,
      advantages: ([1, -1, 1, -1], [0, 0, 0, 0]),
      configuration: GRPOConfiguration(),
      batchSize: 4
    )
    #expect(found.cosine.isNaN && found.secondNorm == 0 && found.firstNorm > 0)
  }
}
