import Testing

@testable import Tensors

/// Matrices of a frozen store in BF16: half the memory, and the bits of the rounded values in FP32.
struct MatrixStorageTests {
  private static let specs = [
    ParameterSpec(name: "table", shape: [37, 24]),
    ParameterSpec(name: "bias", shape: [24]),
    ParameterSpec(name: "w", shape: [24, 24]),
    ParameterSpec(name: "odd", shape: [5, 3]),
  ]

  private func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits + 0x7FFF + (bits >> 16) & 1) & 0xFFFF_0000)
  }

  private func filled(_ backend: CPUBackend) -> ParameterStore {
    let store = ParameterStore(specs: Self.specs, backend: backend)
    for (index, parameter) in store.parameters.enumerated() {
      backend.write(
        normals(parameter.range.count, stream: UInt64(index)),
        to: parameter.value.buffer
      )
    }
    return store
  }

  @Test func conversionsAreExact() throws {
    let backend = try CPUBackend(threads: 2)
    // Above one task, and no multiple of it.
    let values = normals(50_001, stream: 9)
    let source = Tensor(values, shape: [values.count], backend: backend)
    let halves = BF16Buffer(
      backend.makeStorage(count: values.count),
      offset: 3,
      count: values.count
    )
    backend.narrow(source.buffer, to: halves)
    let wide = Tensor(shape: [values.count], backend: backend)
    backend.widen(halves, to: wide.buffer)
    #expect(wide.array == values.map(rounded))
    #expect(!backend.isExactInBF16(source.buffer))
    #expect(backend.isExactInBF16(wide.buffer))
    // The last value alone.
    backend.write([0.1], to: wide.buffer.slice(values.count - 1, count: 1))
    #expect(!backend.isExactInBF16(wide.buffer))
  }

  @Test func matricesAreRoundedAndVectorsAreNot() throws {
    let backend = try CPUBackend(threads: 2)
    let source = filled(backend)
    let before = backend.memoryUsage.inUse
    let frozen = ParameterStore(
      specs: Self.specs,
      backend: backend,
      trainable: false,
      matrices: .bfloat16
    )
    let held = backend.memoryUsage.inUse - before
    #expect(held < source.parameterCount * 5 / 2)
    #expect(frozen.parameters.allSatisfy { $0.value.array.allSatisfy { $0 == 0 } })
    frozen.copyValues(from: source)
    #expect(frozen.parameterCount == source.parameterCount)
    for (own, others) in zip(frozen.parameters, source.parameters) {
      let values = others.value.array
      #expect(own.value.array == (own.shape.count > 1 ? values.map(rounded) : values))
    }
    // Back again, and to another backend.
    let wide = ParameterStore(specs: Self.specs, backend: backend, trainable: false)
    wide.copyValues(from: frozen)
    #expect(wide.parameters.map(\.value.array) == frozen.parameters.map(\.value.array))
    let other = try CPUBackend(threads: 1)
    let elsewhere = ParameterStore(
      specs: Self.specs,
      backend: other,
      trainable: false,
      matrices: .bfloat16
    )
    elsewhere.copyValues(from: source)
    #expect(elsewhere.parameters.map(\.value.array) == frozen.parameters.map(\.value.array))
    #expect(!source.isExactInBF16 && wide.isExactInBF16 && frozen.isExactInBF16)
  }

  @Test(arguments: BackendCase.all)
  func operationsHaveTheBitsOfRoundedValues(_ test: BackendCase) {
    let backend = test.backend
    let frozen = ParameterStore(
      specs: Self.specs,
      backend: backend,
      trainable: false,
      matrices: .bfloat16
    )
    frozen.copyValues(from: filled(backend))
    let wide = ParameterStore(specs: Self.specs, backend: backend, trainable: false)
    wide.copyValues(from: frozen)
    func run(_ store: ParameterStore, budget: Int) -> (TokenLogProbs, [Float]) {
      let tape = Tape(backend: backend, recording: false, logitsByteBudget: budget)
      let x = tape.embedding(store["table"], integers(20, below: 37, stream: 30))
      let y = tape.linear(x, store["w"], bias: store["bias"])
      let scored = tape.tokenLogProbs(
        y,
        head: store["table"],
        targets: integers(20, below: 37, stream: 31),
        temperature: 0.9,
        entropy: true
      )
      return (scored, y.array)
    }
    for budget in [1 << 20, 3 * 37 * 4] {
      let (a, b) = (run(frozen, budget: budget), run(wide, budget: budget))
      #expect(a.1 == b.1)
      #expect(a.0.logProbs.array == b.0.logProbs.array && a.0.entropy == b.0.entropy)
    }
  }

  /// Gradients flow through a frozen matrix, whichever way it is kept.
  @Test func gradientsPassThrough() throws {
    let backend = try CPUBackend(threads: 2)
    let frozen = ParameterStore(
      specs: Self.specs,
      backend: backend,
      trainable: false,
      matrices: .bfloat16
    )
    frozen.copyValues(from: filled(backend))
    let wide = ParameterStore(specs: Self.specs, backend: backend, trainable: false)
    wide.copyValues(from: frozen)
    let trained = ParameterStore(
      specs: [ParameterSpec(name: "x", shape: [6, 24])],
      backend: backend
    )
    backend.write(normals(144, stream: 40), to: trained["x"].value.buffer)
    func gradient(_ store: ParameterStore) -> [Float] {
      trained.zeroGrad()
      let tape = Tape(backend: backend)
      let x = tape.embedding(trained["x"], [0, 1, 2, 3, 4, 5])
      let scored = tape.tokenLogProbs(
        tape.linear(x, store["w"]),
        head: store["table"],
        targets: [1, 2, 3, 4, 5, 6],
        temperature: 1,
        entropy: false
      )
      tape.backward(scored.logProbs, gradient: normals(6, stream: 41))
      return trained["x"].grad.array
    }
    #expect(gradient(frozen) == gradient(wide))
    #expect(gradient(frozen).contains { $0 != 0 })
  }
}
