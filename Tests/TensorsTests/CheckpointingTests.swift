import Testing

@testable import Tensors

/// A block that is computed again in the backward gives the bits of one whose tensors were kept.
struct CheckpointingTests {
  private static let specs = [
    ParameterSpec(name: "table", shape: [19, 32]),
    ParameterSpec(name: "norm.0", shape: [32]),
    ParameterSpec(name: "gate.0", shape: [48, 32]),
    ParameterSpec(name: "up.0", shape: [48, 32]),
    ParameterSpec(name: "down.0", shape: [32, 48]),
    ParameterSpec(name: "norm.1", shape: [32]),
    ParameterSpec(name: "gate.1", shape: [48, 32]),
    ParameterSpec(name: "up.1", shape: [48, 32]),
    ParameterSpec(name: "down.1", shape: [32, 48]),
  ]

  private struct Outcome: Equatable {
    var values: [Float]
    var gradients: [[Float]]
    /// Bytes in use before the backward.
    var bytes: Int
  }

  /// Two residual blocks behind an embedding.
  private func run(_ backend: CPUBackend, checkpointing: Bool, rows: Int = 40) -> Outcome {
    let store = ParameterStore(specs: Self.specs, backend: backend)
    for (index, parameter) in store.parameters.enumerated() {
      let values = normals(parameter.range.count, stream: UInt64(index), scale: 0.3)
      backend.write(values, to: parameter.value.buffer)
    }
    let before = backend.memoryUsage.inUse
    let tape = Tape(backend: backend)
    func block(_ layer: Int, _ tape: Tape, _ x: Tensor) -> Tensor {
      let normed = tape.rmsNorm(x, store["norm.\(layer)"], eps: 1e-6)
      let inner = tape.swiGLU(
        gate: tape.linear(normed, store["gate.\(layer)"]),
        up: tape.linear(normed, store["up.\(layer)"])
      )
      return tape.add(x, tape.linear(inner, store["down.\(layer)"]))
    }
    var x = tape.embedding(store["table"], integers(rows, below: 19, stream: 50))
    for layer in 0..<2 {
      x = checkpointing ? tape.checkpoint(x) { block(layer, $0, $1) } : block(layer, tape, x)
    }
    let bytes = backend.memoryUsage.inUse - before
    tape.backward(x, gradient: normals(x.count, stream: 51))
    return Outcome(values: x.array, gradients: store.parameters.map(\.grad.array), bytes: bytes)
  }

  @Test(arguments: BackendCase.all)
  func bitsAreTheSame(_ test: BackendCase) {
    let kept = run(test.backend, checkpointing: false)
    let again = run(test.backend, checkpointing: true)
    #expect(kept.values == again.values)
    #expect(kept.gradients == again.gradients)
    #expect(kept.gradients.allSatisfy { $0.contains { $0 != 0 } })
  }

  @Test func onlyTheBordersAreKept() throws {
    let backend = try CPUBackend(threads: 1)
    let kept = run(backend, checkpointing: false, rows: 1000)
    let again = run(backend, checkpointing: true, rows: 1000)
    // Three rows of 32 stay; of a block otherwise the norm, three of 48, the last product, and so on.
    #expect(again.bytes == 3 * 1000 * 32 * 4)
    #expect(kept.bytes > 3 * again.bytes)
  }

  /// A frozen input, as of the first block above a frozen embedding: the block's own parameters are trained all the same.
  @Test func anInputWithoutAGradient() throws {
    let backend = try CPUBackend(threads: 1)
    let store = ParameterStore(
      specs: [ParameterSpec(name: "w", shape: [3, 4])],
      backend: backend
    )
    backend.write(normals(12, stream: 1), to: store["w"].value.buffer)
    let x = Tensor(normals(8, stream: 2), shape: [2, 4], backend: backend)
    func gradient(_ body: (Tape) -> Tensor) -> [Float] {
      store.zeroGrad()
      let tape = Tape(backend: backend)
      tape.backward(body(tape), gradient: normals(6, stream: 3))
      return store["w"].grad.array
    }
    let kept = gradient { $0.linear(x, store["w"]) }
    #expect(kept.contains { $0 != 0 })
    #expect(gradient { $0.checkpoint(x) { $0.linear($1, store["w"]) } } == kept)
  }

  @Test func aTapeThatDoesNotRecordComputesAsEver() throws {
    let backend = try CPUBackend(threads: 1)
    let tape = Tape(backend: backend, recording: false)
    let x = Tensor([1, 2], shape: [1, 2], backend: backend)
    #expect(tape.checkpoint(x) { $0.add($1, $1) }.array == [2, 4])
  }
}
