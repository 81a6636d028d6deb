import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// What saves memory changes no bit: blocks computed again, a reference with matrices in BF16.
@Suite struct MemoryTests {
  struct Pass: Equatable {
    var logProbs: [Float]
    var gradients: [[Float]]
    /// Bytes in use between forward and backward.
    var bytes: Int
  }

  /// Forward and backward of two prompts, one of them with three completions.
  func pass(_ model: DecoderModel, _ backend: CPUBackend, lengths: [Int] = [9, 30, 5]) -> Pass {
    var batch = PackedBatch()
    let shared = batch.append(someTokens(40, below: 61))
    var rows: [Int32] = []
    for (salt, length) in lengths.enumerated() {
      let completion = someTokens(length, below: 61, salt: salt)
      let own = batch.append(completion, continuing: shared)
      rows += batch.range(of: own).map { Int32($0) }
    }
    let other = batch.append(someTokens(17, below: 61, salt: 9))
    rows += batch.range(of: other).map { Int32($0) }
    model.store.zeroGrad()
    let before = backend.memoryUsage.inUse
    let tape = Tape(backend: backend, logitsByteBudget: 1)
    let scored = model.tokenLogProbs(
      tape: tape,
      batch: batch,
      rows: rows,
      targets: rows.map { ($0 * 7) % 61 },
      temperature: 0.8
    )
    let bytes = backend.memoryUsage.inUse - before
    let logProbs = scored.logProbs.array
    tape.backward(scored.logProbs, gradient: rows.indices.map { Float($0 % 7) - 3 })
    return Pass(
      logProbs: logProbs,
      gradients: model.store.parameters.map(\.grad.array),
      bytes: bytes
    )
  }

  @Test(arguments: ModelFamily.allCases, [MatrixPrecision.fp32, .bf16])
  func checkpointingChangesNoBit(_ family: ModelFamily, _ precision: MatrixPrecision) throws {
    let backend = try makeBackend(precision: precision)
    var configuration = smallConfiguration(family, tied: family != .llama)
    configuration.attentionBias = family == .llama
    configuration.ropeScaling =
      family == .llama
      ? .llama3(
        factor: 8,
        lowFreqFactor: 1,
        highFreqFactor: 4,
        originalMaxPositionEmbeddings: 16
      ) : .none
    let model = DecoderModel(configuration: configuration, backend: backend, seed: 12)
    let kept = pass(model, backend)
    model.gradientCheckpointing = true
    let again = pass(model, backend)
    #expect(kept.logProbs == again.logProbs)
    for (index, (a, b)) in zip(kept.gradients, again.gradients).enumerated() {
      #expect(a == b && a.contains { $0 != 0 }, "\(model.store.parameters[index].name)")
    }
  }

  /// The base is frozen, so what enters the first block has no gradient; the adapter in it has.
  @Test(arguments: ModelFamily.allCases)
  func checkpointingChangesNoBitOfAnAdapter(_ family: ModelFamily) throws {
    let model = try smallAdapted(family, backend: makeBackend())
    let sequences = [someTokens(31, below: 61), someTokens(12, below: 61, salt: 4)]
    func run() -> (Double, [[Float]]) {
      model.trained.zeroGrad()
      return (differentiate(model, sequences), model.trained.parameters.map(\.grad.array))
    }
    let kept = run()
    model.gradientCheckpointing = true
    let again = run()
    #expect(kept.0 == again.0 && kept.1 == again.1)
    #expect(kept.1.allSatisfy { $0.contains { $0 != 0 } })
  }

  /// Memory of a pass grows with the layers by what enters them, not by what is in them.
  @Test func aBlockKeepsWhatEntersIt() throws {
    let backend = try makeBackend()
    var configuration = smallConfiguration(.qwen2)
    func bytes(layers: Int, checkpointing: Bool) -> Int {
      configuration.layerCount = layers
      let model = DecoderModel(configuration: configuration, backend: backend, seed: 1)
      model.gradientCheckpointing = checkpointing
      return pass(model, backend, lengths: [200]).bytes
    }
    let tokens = 40 + 200 + 17
    let layer = tokens * configuration.hiddenSize * 4
    let growth = bytes(layers: 6, checkpointing: true) - bytes(layers: 2, checkpointing: true)
    // Blocks of memory are whole cache lines.
    #expect((4 * layer...4 * (layer + 64)).contains(growth), "\(growth), not \(4 * layer)")
    let plain = bytes(layers: 6, checkpointing: false) - bytes(layers: 2, checkpointing: false)
    #expect(plain > 10 * growth)
  }

  @Test(arguments: ModelFamily.allCases)
  func aReferenceInBF16HasTheBitsOfRoundedWeights(_ family: ModelFamily) throws {
    let backend = try makeBackend()
    let configuration = smallConfiguration(family, tied: family != .llama)
    let policy = DecoderModel(configuration: configuration, backend: backend, seed: 4)
    let before = backend.memoryUsage.inUse
    let reference = DecoderModel(copying: policy, matrices: .bfloat16)
    #expect(backend.memoryUsage.inUse - before < policy.parameterCount * 5 / 2)
    let wide = DecoderModel(copying: reference)
    #expect(reference.store.matrices == .bfloat16 && wide.store.matrices == .float32)
    #expect(!policy.store.isExactInBF16 && wide.store.isExactInBF16)
    let sequences = [someTokens(40, below: 61), someTokens(21, below: 61, salt: 3)]
    let values = reference.nextTokenLogProbs(sequences)
    #expect(values == wide.nextTokenLogProbs(sequences))
    // Rounded to 8 bits, yet near.
    let exact = policy.nextTokenLogProbs(sequences).map { $0.map(Double.init) }
    let delta = largestDifference(values, exact)
    #expect(delta > 0 && delta < 0.2)
    // What is stored is what is loaded.
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("reference.safetensors")
    try reference.saveParameters(to: file)
    let again = DecoderModel(copying: policy, matrices: .bfloat16)
    try again.loadParameters(from: file)
    #expect(again.nextTokenLogProbs(sequences) == values)
  }

  @Test func aBF16CheckpointLosesNothing() throws {
    let backend = try makeBackend()
    for name in ["qwen3-bf16", "llama-bf16-sharded"] {
      let model = try DecoderModel(
        directory: fixtures.appendingPathComponent(name),
        backend: backend
      )
      #expect(model.store.isExactInBF16)
      let ids = try Expected(name).input_ids
      let reference = DecoderModel(copying: model, matrices: .bfloat16)
      #expect(reference.nextTokenLogProbs(ids) == model.nextTokenLogProbs(ids))
    }
  }
}
