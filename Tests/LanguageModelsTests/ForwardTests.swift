import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// The forward pass against transformers, and against itself in other batches.
@Suite struct ForwardTests {
  @Test(arguments: fixtureModels)
  func logProbsAreTransformers(_ name: String) throws {
    let model = try DecoderModel(
      directory: fixtures.appendingPathComponent(name),
      backend: makeBackend()
    )
    let expected = try Expected(name)
    let ours = model.nextTokenLogProbs(expected.input_ids)
    let delta = largestDifference(ours, expected.next_token_logprobs)
    #expect(delta <= 1e-5, "largest difference \(delta)")
    // All at once and one by one: attention stays in its segment.
    for (tokens, row) in zip(expected.input_ids, ours) {
      let alone = model.nextTokenLogProbs([tokens])[0]
      #expect(zip(alone, row).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test(
    .enabled(if: sharedModels != nil, "../shared/golden/models is not there"),
    arguments: ["qwen2", "qwen3"]
  )
  func sharedGoldenLogProbs(_ name: String) throws {
    struct Golden: Decodable {
      var forward: Forward
      struct Forward: Decodable {
        var input_ids: [[Int32]]
        var next_token_logprobs: [[Double]]
      }
    }
    let directory = try #require(sharedModels).appendingPathComponent(name)
    let bytes = try Data(contentsOf: directory.appendingPathComponent("golden.json"))
    let golden = try JSONDecoder().decode(Golden.self, from: bytes).forward
    for provider in CPUOptions.MatrixProvider.allCases {
      // Where OpenBLAS is not installed the own kernels are what there is.
      guard
        let backend = try? CPUBackend(threads: 2, options: CPUOptions(matrixProvider: provider))
      else { continue }
      let model = try DecoderModel(directory: directory, backend: backend)
      let ours = model.nextTokenLogProbs(golden.input_ids)
      let delta = largestDifference(ours, golden.next_token_logprobs)
      #expect(delta <= 1e-5, "\(provider): largest difference \(delta)")
    }
  }

  @Test(arguments: ModelFamily.allCases)
  func selectedRowsAreThoseOfTheWhole(_ family: ModelFamily) throws {
    let backend = try makeBackend()
    let model = DecoderModel(
      configuration: smallConfiguration(family, tied: family != .llama),
      backend: backend,
      seed: 3
    )
    let sequences = [someTokens(9, below: 61), someTokens(14, below: 61, salt: 2)]
    let all = model.nextTokenLogProbs(sequences, temperature: 0.7)
    let batch = PackedBatch(sequences)
    let rows: [Int32] = [3, 7, 9, 21]
    let scored = model.tokenLogProbs(
      tape: Tape(backend: backend),
      batch: batch,
      rows: rows,
      targets: rows.map { batch.tokens[Int($0) + 1] },
      temperature: 0.7,
      entropy: true
    )
    #expect(scored.logProbs.array == [all[0][3], all[0][7], all[1][0], all[1][12]])
    #expect(scored.entropy.count == 4)
    #expect(scored.entropy.allSatisfy { $0 > 0 && $0 < Float(61).logarithm })
  }

  @Test func sequencesOfOneTokenScoreNothing() throws {
    let model = DecoderModel(
      configuration: smallConfiguration(.qwen3),
      backend: try makeBackend(),
      seed: 1
    )
    #expect(model.nextTokenLogProbs([[5]]) == [[]])
    let mixed = model.nextTokenLogProbs([[5], [4, 9, 2], [7]])
    #expect(mixed.map(\.count) == [0, 2, 0])
    #expect(mixed[1] == model.nextTokenLogProbs([[4, 9, 2]])[0])
  }

  /// d(sum of log p) by each parameter against central differences, through the whole model.
  @Test(arguments: ModelFamily.allCases)
  func gradientsAreThoseOfFiniteDifferences(_ family: ModelFamily) throws {
    let backend = try makeBackend()
    var configuration = smallConfiguration(family, tied: family != .llama)
    configuration.layerCount = 2
    configuration.initializerRange = 0.15
    let model = DecoderModel(configuration: configuration, backend: backend, seed: 5)
    let batch = PackedBatch([someTokens(7, below: 61), someTokens(5, below: 61, salt: 1)])
    let (rows, targets) = batch.nextTokenTargets
    func score(_ tape: Tape) -> TokenLogProbs {
      model.tokenLogProbs(tape: tape, batch: batch, rows: rows, targets: targets)
    }
    let tape = Tape(backend: backend)
    let scored = score(tape)
    tape.backward(scored.logProbs, gradient: [Float](repeating: 1, count: rows.count))
    for parameter in model.store.parameters {
      // Along the gradient itself a step changes the sum by its squared norm.
      let gradient = parameter.grad.array
      let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(norm > 0, "\(parameter.name) has no gradient")
      let start = parameter.value.array
      func value(_ step: Double) -> Double {
        let moved = zip(start, gradient).map { Float(Double($0) + step / norm * Double($1)) }
        backend.write(moved, to: parameter.value.buffer)
        return score(Tape(backend: backend, recording: false)).logProbs.array
          .reduce(0) { $0 + Double($1) }
      }
      let slope = (value(2e-3) - value(-2e-3)) / 4e-3
      backend.write(start, to: parameter.value.buffer)
      #expect(abs(slope - norm) <= 0.01 * norm + 5e-3, "\(parameter.name): \(slope), not \(norm)")
    }
  }

  /// Bit for bit in the log-probs; a gradient is the same sum in another order.
  @Test(arguments: ModelFamily.allCases)
  func aSharedPromptIsThePromptRepeated(_ family: ModelFamily) throws {
    let backend = try makeBackend()
    let model = DecoderModel(
      configuration: smallConfiguration(family, tied: family != .llama),
      backend: backend,
      seed: 8
    )
    let prompt = someTokens(45, below: 61)
    let completions = [7, 60, 1, 33].map { someTokens($0, below: 61, salt: $0) }
    var shared = PackedBatch()
    let segment = shared.append(prompt)
    var rows: [Int32] = []
    for completion in completions {
      let own = shared.append(completion, continuing: segment)
      rows.append(Int32(prompt.count - 1))
      rows += shared.range(of: own).dropLast().map { Int32($0) }
    }
    let repeated = PackedBatch(completions.map { prompt + $0 })
    let plainRows = completions.indices.flatMap { index in
      repeated.range(of: index).dropFirst(prompt.count - 1).dropLast().map { Int32($0) }
    }
    func run(_ batch: PackedBatch, _ rows: [Int32]) -> (logProbs: [Float], gradients: [[Float]]) {
      model.store.zeroGrad()
      let tape = Tape(backend: backend)
      let scored = model.tokenLogProbs(
        tape: tape,
        batch: batch,
        rows: rows,
        targets: completions.flatMap { $0 },
        temperature: 0.9
      )
      let values = scored.logProbs.array
      tape.backward(scored.logProbs, gradient: rows.indices.map { Float($0 % 5) - 1.5 })
      return (values, model.store.parameters.map(\.grad.array))
    }
    let once = run(shared, rows)
    let again = run(repeated, plainRows)
    #expect(once.logProbs == again.logProbs)
    for (index, (a, b)) in zip(once.gradients, again.gradients).enumerated() {
      let largest = b.reduce(0) { max($0, abs($1)) }
      let difference = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
      let name = model.store.parameters[index].name
      #expect(largest > 0 && difference <= 1e-5 * largest, "\(name): \(difference) of \(largest)")
    }
  }

  /// torch's padding_idx: the row is read like any other, and gets no gradient from being read.
  @Test func thePaddingTokenHasNoEmbeddingGradient() throws {
    let backend = try makeBackend()
    let configuration = smallConfiguration(.llama, tied: false)
    let model = DecoderModel(configuration: configuration, backend: backend, seed: 6)
    backend.fill(model.embedding.value.buffer.slice(0, count: 32), with: 0.3)
    let batch = PackedBatch([[0, 5, 0, 7]])
    let tape = Tape(backend: backend)
    let scored = model.tokenLogProbs(tape: tape, batch: batch, rows: [2], targets: [7])
    tape.backward(scored.logProbs, gradient: [1])
    let gradient = model.embedding.grad.array
    #expect(gradient[..<32].allSatisfy { $0 == 0 })
    #expect(gradient[5 * 32..<6 * 32].contains { $0 != 0 })
    #expect(gradient[7 * 32..<8 * 32].allSatisfy { $0 == 0 })
  }

  @Test func positionsBeyondTheFirstTableAreComputed() throws {
    var configuration = smallConfiguration(.qwen2)
    configuration.layerCount = 1
    let backend = try makeBackend()
    let model = DecoderModel(configuration: configuration, backend: backend, seed: 2)
    let long = someTokens(1300, below: 61)
    let first = model.nextTokenLogProbs([Array(long[..<40])])[0]
    let whole = model.nextTokenLogProbs([long])[0]
    #expect(whole.count == 1299 && whole.allSatisfy(\.isFinite))
    #expect(zip(first, whole).allSatisfy { abs($0 - $1) < 1e-5 })
  }
}

extension Float {
  /// The natural logarithm.
  var logarithm: Float { Float(log(Double(self))) }
}
