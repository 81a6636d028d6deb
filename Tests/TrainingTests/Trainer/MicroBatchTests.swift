import Components
import LanguageModels
import Tensors
import Testing

@testable import Training

/// Sequences that begin with the same prompt: computed once, with the numbers of each by itself.
@Suite("Micro-batches")
struct MicroBatchTests {
  private static func sequence(_ prompt: [Int32], _ completion: [Int32]) -> TrainingSequence {
    TrainingSequence(
      kind: .rollout,
      exampleID: 0,
      group: 0,
      prompt: prompt,
      completion: completion
    )
  }

  /// A prompt of several completions that are not neighbours, one of them a single token; a prompt of
  /// one token; a prompt that occurs once; two sequences without a prompt.
  private static let sequences = [
    sequence([3, 4, 5], [6, 7, 1]), sequence([8], [9, 1]), sequence([3, 4, 5], [2]),
    sequence([], [5, 6, 1]), sequence([9, 4], [3, 3, 1]), sequence([8], [4, 4, 4, 1]),
    sequence([3, 4, 5], [6, 7, 2, 2, 1]), sequence([], [5, 6, 1]), sequence([8], [2, 10]),
  ]

  /// The same without sharing: each sequence whole.
  private static func repeated(
    _ sequences: [TrainingSequence]
  ) -> (packed: PackedBatch, rows: [Int32]) {
    let packed = PackedBatch(sequences.map { $0.prompt + $0.completion })
    let rows = sequences.enumerated().flatMap { index, sequence -> [Int32] in
      let first = packed.range(of: index).lowerBound + max(sequence.prompt.count - 1, 0)
      return (first..<(first + sequence.trainedTokens)).map { Int32($0) }
    }
    return (packed, rows)
  }

  private func measure(
    _ model: DecoderModel,
    _ batch: PackedBatch,
    _ rows: [Int32],
    _ targets: [Int32],
    gradient: [Float]
  ) -> (logProbs: [Float], entropies: [Float], gradients: [(name: String, values: [Float])]) {
    model.store.zeroGrad()
    let tape = Tape(backend: model.backend, recording: true)
    let tokens = model.tokenLogProbs(
      tape: tape,
      batch: batch,
      rows: rows,
      targets: targets,
      temperature: 0.8,
      entropy: true
    )
    let values = tokens.logProbs.array
    tape.backward(tokens.logProbs, gradient: gradient)
    return (values, tokens.entropy, model.store.parameters.map { ($0.name, $0.grad.array) })
  }

  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let (a, b) = (a.map(Double.init), b.map(Double.init))
    return norm(zip(a, b).map { $0 - $1 }) / max(norm(b), 1e-6)
  }

  @Test func aPromptIsLaidOutOnce() {
    let batch = MicroBatch(Self.sequences)
    // Groups in the order of their first sequence; what they share comes before what they do not.
    let pieces: [[Int32]] = [
      [3, 4, 5], [6, 7], [6, 7, 2, 2], [8], [9], [4, 4, 4], [2], [5, 6, 1], [9, 4, 3, 3, 1],
      [5, 6, 1],
    ]
    #expect(batch.packed.tokens == pieces.flatMap { $0 })
    #expect(batch.packed.segments == [0, 3, 5, 9, 10, 11, 14, 15, 18, 23, 26])
    #expect(batch.packed.prefixes == [-1, 0, 0, -1, 3, 3, 3, -1, -1, -1])
    #expect(batch.packed.positions[3..<9] == [3, 4, 3, 4, 5, 6])
    #expect(
      batch.targets == [6, 7, 1, 9, 1, 2, 6, 1, 3, 3, 1, 4, 4, 4, 1, 6, 7, 2, 2, 1, 6, 1, 2, 10]
    )
    let rows: [[Int32]] = [
      [2, 3, 4], [9, 10], [2], [15, 16], [19, 20, 21], [9, 11, 12, 13], [2, 5, 6, 7, 8], [23, 24],
      [9, 14],
    ]
    #expect(batch.rows == rows.flatMap { $0 })
    #expect(batch.starts == [0, 3, 5, 6, 8, 11, 15, 20, 22, 24])
  }

  @Test func withoutEqualPromptsNothingChanges() {
    let sequences = [Self.sequences[0], Self.sequences[1], Self.sequences[3], Self.sequences[7]]
    let batch = MicroBatch(sequences)
    let plain = Self.repeated(sequences)
    #expect(batch.packed == plain.packed && batch.rows == plain.rows)
  }

  @Test(arguments: [1, 2, 3])
  func sharedPromptsGiveTheNumbersOfRepeatedOnes(_ threads: Int) throws {
    let model = try TinyRun.model(CPUBackend(threads: threads))
    // Prompts longer than a chunk of keys and completions longer than a block of queries, too.
    let long = (0..<Int32(300)).map { (index: Int32) -> Int32 in 2 + (index * 7 + index / 5) % 9 }
    let ends: [[Int32]] = [[4, 5], Array(long[20..<75]), [7], Array(long[100..<240])]
    let ofLong = ends.map { Self.sequence(long, $0) }
    for sequences in [Self.sequences, ofLong] {
      let batch = MicroBatch(sequences)
      let gradient = batch.targets.indices.map { Float($0 % 7) / 5 - 0.5 }
      let plain = Self.repeated(sequences)
      #expect(batch.packed.tokens.count < plain.packed.tokens.count)
      let shared = measure(model, batch.packed, batch.rows, batch.targets, gradient: gradient)
      let whole = measure(model, plain.packed, plain.rows, batch.targets, gradient: gradient)
      #expect(shared.logProbs == whole.logProbs && shared.entropies == whole.entropies)
      for (a, b) in zip(shared.gradients, whole.gradients) {
        #expect(b.values.contains { $0 != 0 }, "\(b.name) has no gradient")
        let difference = distance(a.values, b.values)
        #expect(difference < 1e-5, "\(a.name) is off by \(difference)")
      }
    }
  }

  /// The whole objective: two prompts of three completions in one micro-batch, against one micro-batch
  /// for each completion.
  @Test(arguments: [GRPOConfiguration.LossType.dapo, .cispo], [0, 0.1])
  func aPolicyStepIsTheSumOverItsCompletions(
    _ loss: GRPOConfiguration.LossType,
    _ beta: Double
  )
    throws
  {
    let backend = try CPUBackend(threads: 2)
    let model = try TinyRun.model(backend)
    let reference = DecoderModel(copying: model)
    let embedding = reference.store.parameters[0].value
    backend.write(embedding.array.map { 0.9 * $0 + 0.01 }, to: embedding.buffer)
    let completions: [[Int32]] = [
      [6, 7, 1], [2], [6, 7, 2, 2, 1], [9, 9, 1], [4, 1], [5, 5, 5, 1],
    ]
    let advantages = [1.2, -0.4, 0.3, 0.9, -1.1, -0.8]
    let samples = completions.enumerated().map { index, completion in
      Objective.Sample(
        promptIDs: index % 2 == 0 ? [3, 4, 5] : [8, 2],
        completionIDs: completion,
        advantage: advantages[index]
      )
    }
    var grpo = GRPOConfiguration()
    (grpo.lossType, grpo.beta, grpo.temperature) = (loss, beta, 0.8)
    let items = completions.reduce(0) { $0 + $1.count }
    let objective = Objective(model: model, backend: backend)
    func run(_ batches: [[Objective.Sample]]) throws -> (Objective.Result, [Float]) {
      let result = try objective.policy(
        batches.map { .init(samples: $0, itemsInBatch: items) },
        configuration: grpo,
        reference: beta > 0 ? reference : nil
      )
      return (result, backend.read(model.store.gradBuffer))
    }
    let (together, gradient) = try run([samples])
    let (apart, expected) = try run(samples.map { [$0] })
    #expect(abs(together.loss - apart.loss) < 1e-6 * max(1, abs(apart.loss)))
    #expect(apart.gradNorm > 1e-3)
    #expect(distance(gradient, expected) < 1e-5)
  }
}
