import CKernels
import Tensors
import Testing

/// What must not change a bit: the number of threads. What must not grow: memory.
struct InvarianceTests {
  /// One decoder layer's worth of every operation, forward and backward, with an update.
  private func everything(_ backend: CPUBackend, tokens: Int, updates: Int = 1) -> [[Float]] {
    let (width, heads, kvHeads, dim, inner, vocabulary) = (80, 4, 2, 20, 200, 300)
    let specs = [
      ("embed", [vocabulary, width]), ("norm", [width]), ("q", [heads * dim, width]),
      ("qb", [heads * dim]), ("k", [kvHeads * dim, width]), ("v", [kvHeads * dim, width]),
      ("qn", [dim]), ("o", [width, heads * dim]), ("gate", [inner, width]), ("up", [inner, width]),
      ("down", [width, inner]),
    ].map { ParameterSpec(name: $0.0, shape: $0.1) }
    let store = ParameterStore(specs: specs, backend: backend)
    for (index, parameter) in store.parameters.enumerated() {
      backend.write(
        normals(parameter.value.count, stream: UInt64(index), scale: 0.2),
        to: parameter.value.buffer
      )
    }
    let state = AdamWState(for: store)
    let ids = integers(tokens, below: vocabulary, stream: 50)
    let middle = Int32(tokens / 3)
    let segments = AttentionSegments(
      starts: [0, middle, middle + 1, 2 * middle, Int32(tokens)],
      prefixes: [-1, -1, 0, 0]
    )
    var positions: [Int32] = []
    for (index, prefix) in segments.prefixes.enumerated() {
      let count = segments.starts[index + 1] - segments.starts[index]
      let first = prefix < 0 ? 0 : segments.starts[Int(prefix) + 1] - segments.starts[Int(prefix)]
      positions += (0..<count).map { first + $0 }
    }
    let table = RotaryTable(
      config: RotaryConfiguration(theta: 10_000, headDim: dim),
      positions: tokens
    )
    var results: [[Float]] = []
    for _ in 0..<updates {
      results = []
      store.zeroGrad()
      let tape = Tape(backend: backend, logitsByteBudget: 200 * vocabulary * 4)
      let x = tape.embedding(store["embed"], ids)
      let h = tape.rmsNorm(x, store["norm"], eps: 1e-6)
      let projected = tape.linear(h, store["q"], bias: store["qb"])
      let q = tape.rope(
        tape.rmsNorm(projected, store["qn"], eps: 1e-6),
        heads: heads,
        headDim: dim,
        positions: positions,
        table: table
      )
      let k = tape.rope(
        tape.linear(h, store["k"]),
        heads: kvHeads,
        headDim: dim,
        positions: positions,
        table: table
      )
      let attended = tape.attention(
        q: q,
        k: k,
        v: tape.linear(h, store["v"]),
        heads: heads,
        kvHeads: kvHeads,
        headDim: dim,
        segments: segments,
        scale: 0.2
      )
      let x2 = tape.add(x, tape.linear(attended, store["o"]))
      let inner = tape.swiGLU(
        gate: tape.linear(x2, store["gate"]),
        up: tape.linear(x2, store["up"])
      )
      let x3 = tape.add(x2, tape.linear(inner, store["down"]))
      let rows = tape.gatherRows(x3, (0..<Int32(tokens)).reversed())
      let result = tape.tokenLogProbs(
        rows,
        head: store["embed"],
        targets: ids,
        temperature: 0.9,
        entropy: true
      )
      results += [attended.array, result.logProbs.array, result.entropy]
      tape.backward(result.logProbs, gradient: normals(tokens, stream: 60, scale: 0.01))
      let norm = store.gradNorm()
      results.append([Float(norm), Float(norm - Double(Float(norm)))])
      results.append(backend.read(store.gradBuffer))
      store.adamW(state, options: AdamWOptions(learningRate: 0.01, weightDecay: 0.1))
    }
    results.append(backend.read(store.valueBuffer))
    results += decoding(backend)
    return results
  }

  private func decoding(_ backend: CPUBackend) -> [[Float]] {
    let layout = KeyValueLayout(layers: 1, kvHeads: 2, headDim: 20)
    func block(_ tokens: Int, _ stream: UInt64) -> KeyValueBlock {
      let block = KeyValueBlock(layout: layout, capacity: tokens, backend: backend)
      let k = normals(tokens * 40, stream: stream)
      fill(block, layer: 0, keys: k, values: k, backend: backend)
      return block
    }
    let prefix = block(100, 70)
    let rows = (0..<12).map {
      DecodeRow(
        prefix: prefix,
        prefixCount: 100,
        own: block(5 + $0, 80 + UInt64($0)),
        ownCount: 5 + $0
      )
    }
    let q = Tensor(normals(12 * 80, stream: 90), shape: [12, 80], backend: backend)
    let shape = AttentionShape(heads: 4, kvHeads: 2, headDim: 20, scale: 0.3)
    let out = decodeAttention(backend, q: q, rows: rows, layer: 0, shape: shape)
    let logits = Tensor(normals(12 * 5000, stream: 91), shape: [12, 5000], backend: backend)
    let drawn = backend.sample(
      logits: logits.buffer,
      vocabulary: 5000,
      options: [SamplingOptions](repeating: SamplingOptions(topK: 50, topP: 0.9), count: 12),
      uniforms: (0..<12).map { Float($0) / 12 },
      seen: nil
    )
    backend.softmaxRows(logits.buffer, width: 5000, inverseTemperature: 0.7)
    return [out.array, drawn.map { Float($0.token) }, drawn.map(\.logProb), logits.array]
  }

  @Test(arguments: [CPUOptions.KernelLevel?.none, .baseline, .v3, .v4], MatrixPrecision.allCases)
  func threadsDoNotChangeBits(
    _ level: CPUOptions.KernelLevel?,
    _ precision: MatrixPrecision
  ) throws {
    let options =
      level.map { CPUOptions(kernelLevel: $0, precision: precision) }
      ?? CPUOptions(matrixProvider: .openBLAS, precision: precision)
    guard let first = try? CPUBackend(threads: 1, options: options) else { return }
    for tokens in [37, 700] {
      let one = everything(first, tokens: tokens)
      for threads in [2, 3] {
        let several = everything(
          try CPUBackend(threads: threads, options: options),
          tokens: tokens
        )
        #expect(one == several, "\(threads) threads, \(tokens) tokens")
      }
      let finite = one.allSatisfy { $0.allSatisfy(\.isFinite) }
      #expect(finite)
    }
  }

  @Test func memoryIsFlat() throws {
    let backend = try CPUBackend(threads: 2)
    _ = everything(backend, tokens: 23, updates: 50)
    let early = backend.memoryUsage
    _ = everything(backend, tokens: 23, updates: 950)
    let late = backend.memoryUsage
    #expect(Double(late.held) <= 1.01 * Double(early.held), "\(early) became \(late)")
    #expect(late.inUse == 0 && early.inUse == 0, "every storage came back")
    backend.trimMemory()
    #expect(backend.memoryUsage.held == 0)
  }

  /// Saved tensors are freed while the backward runs, not after it.
  @Test func backwardFreesAsItGoes() throws {
    let backend = try CPUBackend(threads: 1)
    let store = ParameterStore(
      specs: [ParameterSpec(name: "w", shape: [64, 64])],
      backend: backend
    )
    func peak(_ depth: Int) -> (forward: Int, end: Int) {
      let tape = Tape(backend: backend)
      var x = Tensor(normals(6400, stream: 1), shape: [100, 64], backend: backend)
      for _ in 0..<depth { x = tape.linear(x, store["w"]) }
      let forward = backend.memoryUsage.inUse
      tape.backward(x, gradient: [Float](repeating: 1e-9, count: 6400))
      return (forward, backend.memoryUsage.held)
    }
    let deep = peak(40)
    // Gradients reuse what the freed activations leave: a few buffers more, not forty.
    #expect(deep.end <= deep.forward + 6 * 6400 * 5)
  }
}

struct PoolTests {
  /// Jobs of every small size, from several callers at once, some after the workers fell asleep.
  @Test func everyTaskRunsOnce() async throws {
    let pool = Pool(3)
    await withTaskGroup(of: Bool.self) { group in
      for caller in 0..<4 {
        group.addTask {
          for round in 0..<2000 {
            let tasks = 1 + (round + caller) % 40
            if !pool.run(tasks).allSatisfy({ $0 == 1 }) { return false }
            if round % 500 == 0 { try? await Task.sleep(for: .milliseconds(2)) }
          }
          return true
        }
      }
      for await correct in group { #expect(correct) }
    }
  }

  private final class Pool: @unchecked Sendable {
    // The C pool serialises its callers.
    private let pool: OpaquePointer
    init(_ threads: Int32) { pool = ck_pool_create(threads)! }
    deinit { ck_pool_destroy(pool) }

    func run(_ tasks: Int) -> [Int32] {
      var hits = [Int32](repeating: 0, count: tasks)
      hits.withUnsafeMutableBufferPointer { buffer in
        ck_parallel_for(
          pool,
          Int64(tasks),
          { context, task in
            context!.assumingMemoryBound(to: Int32.self)[Int(task)] += 1
          },
          buffer.baseAddress
        )
      }
      return hits
    }
  }
}
