import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// An adapter within the model: what is trained, what is shared, what generation sees.
@Suite struct AdapterTests {
  @Test func freshAdaptersChangeNothing() throws {
    let backend = try makeBackend()
    let base = DecoderModel(
      configuration: smallConfiguration(.qwen2),
      backend: backend,
      seed: 5,
      trainable: false
    )
    let ids = [someTokens(30, below: 61)]
    let before = base.nextTokenLogProbs(ids)
    func fresh(seed: UInt64) throws -> LoRAAdapter {
      try LoRAAdapter(
        LoRAConfiguration(rank: 4),
        model: base.configuration,
        source: "test",
        backend: backend,
        seed: seed
      )
    }
    let adapter = try fresh(seed: 1)
    base.attach(adapter)
    #expect(adapter.isZero)
    #expect(base.nextTokenLogProbs(ids) == before)
    // PEFT's default targets: q and v of every layer.
    #expect(adapter.store.parameters.count == 3 * 2 * 2)
    #expect(base.parameterCount == base.store.parameterCount + adapter.store.parameterCount)
    // torch's kaiming_uniform_(a=sqrt(5)): uniform within 1 / sqrt(32), from the seed alone.
    let down = adapter.store.parameters[0].value.array
    let bound = 1 / Float(32).squareRoot()
    #expect(down.allSatisfy { abs($0) <= bound })
    let variance = down.reduce(0) { $0 + $1 * $1 } / Float(down.count)
    #expect(abs(variance - bound * bound / 3) < 0.25 * bound * bound / 3)
    #expect(try fresh(seed: 1).store.parameters[0].value.array == down)
    #expect(try fresh(seed: 2).store.parameters[0].value.array != down)
    #expect(adapter.store.parameters[2].value.array != down)
  }

  /// The update of every projection against finite differences, in the middle of a model.
  @Test(arguments: ModelFamily.allCases)
  func gradientsAreSlopes(_ family: ModelFamily) throws {
    let backend = try makeBackend()
    let model = try smallAdapted(family, backend: backend)
    let ids = [someTokens(24, below: 61), someTokens(9, below: 61, salt: 2)]
    differentiate(model, ids)
    let step: Float = 1e-2
    for parameter in model.trained.parameters {
      let values = parameter.value.array
      let gradient = parameter.grad.array
      // Along the gradient's own direction, where the slope is its norm.
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      try #require(norm > 0, "\(parameter.name)")
      func loss(_ t: Float) -> Double {
        backend.write(zip(values, gradient).map { $0 + t * $1 / norm }, to: parameter.value.buffer)
        let scored = model.nextTokenLogProbs(ids).joined()
        return -scored.reduce(0) { $0 + Double($1) } / Double(scored.count)
      }
      let slope = (loss(step) - loss(-step)) / Double(2 * step)
      backend.write(values, to: parameter.value.buffer)
      #expect(abs(slope - Double(norm)) <= 0.02 * Double(norm) + 2e-5, "\(parameter.name)")
    }
  }

  @Test func theBaseHasNoGradients() throws {
    let backend = try makeBackend(threads: 1)
    let configuration = DecoderConfiguration(
      family: .qwen2,
      vocabSize: 500,
      hiddenSize: 256,
      intermediateSize: 512,
      layerCount: 2,
      headCount: 4,
      kvHeadCount: 2,
      tieWordEmbeddings: true
    )
    let empty = backend.memoryUsage.inUse
    let model = DecoderModel(
      configuration: configuration,
      backend: backend,
      seed: 1,
      trainable: false
    )
    let adapter = try LoRAAdapter(
      LoRAConfiguration(rank: 2),
      model: configuration,
      source: "test",
      backend: backend,
      seed: 1
    )
    model.attach(adapter)
    fillUp(adapter, 0.1)
    let (base, trained) = (4 * model.store.parameterCount, 4 * adapter.store.parameterCount)
    #expect(!model.store.isTrainable && model.store.parameters.allSatisfy { !$0.isTrainable })
    #expect(trained < base / 50)
    // Values of the base; values and gradients of the adapter; a little padding.
    let held = backend.memoryUsage.inUse - empty
    #expect(held < base + 2 * trained + 64 * 64, "\(held) bytes for \(base)")
    let before = model.store.backend.read(model.store.valueBuffer)
    let moments = AdamWState(for: model.trained)
    differentiate(model, [someTokens(12, below: 500)])
    model.trained.adamW(moments, options: AdamWOptions(learningRate: 1e-2))
    // A step leaves the moments of the adapter behind and nothing else.
    let grown = backend.memoryUsage.inUse - empty - held
    #expect(grown <= 2 * trained + 64 * 64, "\(grown) bytes after a step")
    #expect(model.store.backend.read(model.store.valueBuffer) == before)
    #expect(model.trained.gradNorm() > 0)
  }

  @Test func aReferenceSharesTheBase() throws {
    let backend = try makeBackend()
    let policy = try smallAdapted(backend: backend)
    let ids = [someTokens(20, below: 61)]
    let before = policy.nextTokenLogProbs(ids)
    let held = backend.memoryUsage.inUse
    let reference = DecoderModel(copying: policy)
    #expect(reference.store === policy.store && reference.trained !== policy.trained)
    #expect(!reference.trained.isTrainable)
    #expect(backend.memoryUsage.inUse - held < 8 * policy.trained.parameterCount)
    #expect(reference.nextTokenLogProbs(ids) == before)
    // The policy goes on; the snapshot stays, until it is taken anew.
    fillUp(try #require(policy.adapter), 0.1)
    #expect(policy.nextTokenLogProbs(ids) != before)
    #expect(reference.nextTokenLogProbs(ids) == before)
    reference.copyParameters(from: policy)
    #expect(reference.nextTokenLogProbs(ids) == policy.nextTokenLogProbs(ids))
    // Of an adapter that changes nothing the reference is the base alone.
    fillUp(try #require(policy.adapter), 0)
    reference.copyParameters(from: policy)
    #expect(reference.blocks[0].attention.query.update == nil)
    #expect(policy.blocks[0].attention.query.update != nil)
    #expect(reference.nextTokenLogProbs(ids) == policy.nextTokenLogProbs(ids))
  }

  /// Rollouts are decoded with merged weights: their log-probs are those of the training forward up to rounding.
  @Test(arguments: [(MatrixPrecision.fp32, 2e-5), (.bf16, 0.1)])
  func generationSeesTheMergedWeights(_ precision: MatrixPrecision, _ tolerance: Double) throws {
    guard let backend = try? makeBackend(precision: precision) else { return }
    let model = try smallAdapted(backend: backend)
    let prompts = (0..<4).map { someTokens(9, below: 61, salt: $0) }
    var options = GenerationOptions(model.generation)
    (options.maxCompletionLength, options.eosTokenIDs) = (24, [])
    options.temperature = 1
    let drawn = try Generator(model: model).generate(prompts: prompts, options: options, seed: 1)
    let scored = model.nextTokenLogProbs(zip(prompts, drawn).map { $0 + $1.tokens })
    var worst = 0.0
    for (row, completion) in zip(scored, drawn) {
      #expect(completion.logProbs.count == 24)
      for (a, b) in zip(row.suffix(24), completion.logProbs) {
        worst = max(worst, abs(Double(a) - Double(b)))
      }
    }
    #expect(worst <= tolerance, "largest difference \(worst)")
    // The same tokens come from any batch and any number of threads.
    let alone = try Generator(model: model, maxConcurrent: 1)
      .generate(prompts: prompts, options: options, seed: 1)
    #expect(alone.map(\.tokens) == drawn.map(\.tokens))
  }

  /// A base that is BF16 in its files takes half the memory, and no bit changes.
  @Test func basesInBF16StaySo() throws {
    func train(_ name: String, keepsBF16: Bool) throws -> (DecoderModel, [[Float]], [[Int32]]) {
      let model = try DecoderModel(
        directory: fixtures.appendingPathComponent(name),
        backend: makeBackend(),
        trainable: false,
        keepsBF16: keepsBF16
      )
      let adapter = try LoRAAdapter(
        LoRAConfiguration(rank: 2, targetModules: LoRAConfiguration.allLinear),
        model: model.configuration,
        source: "test",
        backend: model.backend,
        seed: 5
      )
      fillUp(adapter, 0.1)
      model.attach(adapter)
      differentiate(model, [someTokens(20, below: 48)])
      var options = GenerationOptions(model.generation)
      (options.maxCompletionLength, options.eosTokenIDs) = (12, [])
      let drawn = try Generator(model: model)
        .generate(prompts: [someTokens(7, below: 48)], options: options, seed: 1)
      return (model, adapter.store.parameters.map(\.grad.array), drawn.map(\.tokens))
    }
    for (name, storage) in [("qwen3-bf16", MatrixStorage.bfloat16), ("qwen2-f16", .float32)] {
      let (plain, gradients, drawn) = try train(name, keepsBF16: false)
      let (kept, same, again) = try train(name, keepsBF16: true)
      #expect(plain.store.matrices == .float32 && kept.store.matrices == storage)
      #expect(gradients == same && drawn == again)
      #expect(DecoderModel(copying: kept).store === kept.store)
      // For generation it is packed, rather than widened whole.
      guard case .packed = GenerationWeights(kept).embedding else {
        #expect(storage == .float32, "\(name)")
        continue
      }
      #expect(storage == .bfloat16, "\(name)")
    }
  }

  @Test func onlySomeLayersCanBeAdapted() throws {
    let backend = try makeBackend()
    let model = try smallAdapted(
      targets: ["model.layers.1.self_attn.q_proj", "mlp.up_proj"],
      backend: backend
    )
    #expect(model.blocks.map { $0.attention.query.update != nil } == [false, true, false])
    #expect(model.blocks.allSatisfy { $0.mlp.up.update != nil && $0.mlp.down.update == nil })
    #expect(model.trained.parameters.count == 2 * 4)
  }
}
