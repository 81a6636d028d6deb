import Tensors
import Testing

/// Deterministic standard normal values.
func normals(_ count: Int, stream: UInt64, scale: Float = 1) -> [Float] {
  let philox = Philox4x32(seed: 20, stream: stream)
  return (0..<count).map { scale * philox.normal(at: UInt64($0)) }
}

/// Deterministic integers in 0 ..< limit.
func integers(_ count: Int, below limit: Int, stream: UInt64) -> [Int32] {
  var generator = Philox4x32(seed: 21, stream: stream).sequence()
  return (0..<count).map { _ in Int32.random(in: 0..<Int32(limit), using: &generator) }
}

/// A backend to test, named for the test's output.
struct BackendCase: CustomTestStringConvertible, Sendable {
  let name: String
  let backend: CPUBackend
  var testDescription: String { name }

  /// Every kernel level that this machine can run, and OpenBLAS where it is installed. Two threads:
  /// the cut into tasks is exercised, whatever the machine.
  static let all: [BackendCase] = {
    var cases: [BackendCase] = []
    for level in CPUOptions.KernelLevel.allCases {
      if let backend = try? CPUBackend(threads: 2, options: CPUOptions(kernelLevel: level)) {
        cases.append(BackendCase(name: level.rawValue, backend: backend))
      }
    }
    if let backend = try? CPUBackend(threads: 2, options: CPUOptions(matrixProvider: .openBLAS)) {
      cases.append(BackendCase(name: "openblas", backend: backend))
    }
    return cases
  }()
}

/// An input of an operation under test.
struct Input {
  var name: String
  var shape: [Int]
  var values: [Float]

  init(_ name: String, _ shape: [Int], stream: UInt64, scale: Float = 1) {
    self.name = name
    self.shape = shape
    values = normals(shape.reduce(1, *), stream: stream, scale: scale)
  }
}

/// Compares with a tolerance relative to the largest expected magnitude (at least 0.01: a gradient
/// that is zero by cancellation keeps the rounding of its terms).
func expectClose(
  _ actual: [Float],
  _ expected: [Double],
  tolerance: Double,
  _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, "\(what): counts", sourceLocation: sourceLocation)
  let largest = expected.reduce(1e-2) { max($0, abs($1)) }
  var worst = 0.0
  var place = 0
  for (index, (a, b)) in zip(actual, expected).enumerated() {
    // The comparison is false for NaN, which must count as wrong.
    let error = abs(Double(a) - b)
    if !(error <= worst) {
      worst = error.isNaN ? .infinity : error
      place = index
    }
  }
  #expect(
    worst <= tolerance * largest,
    "\(what)[\(place)] is off by \(worst); largest value \(largest)",
    sourceLocation: sourceLocation
  )
}

/// Checks an operation against a plain reference in Double: its values, and its gradients against
/// central differences of the reference.
///
/// Every input is a parameter; `build` receives tensors that lead back to them (through an embedding
/// of all rows) and the parameters themselves. At most `probes` elements of each input are compared.
func checkOperation(
  _ backend: CPUBackend,
  _ inputs: [Input],
  probes: Int = 24,
  tolerance: Double = 2e-5,
  gradientTolerance: Double = 2e-4,
  build: (Tape, [Tensor], [Parameter]) -> Tensor,
  reference: ([[Double]]) -> [Double],
  logitsByteBudget: Int = 1 << 30,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let store = ParameterStore(
    specs: inputs.map { ParameterSpec(name: $0.name, shape: $0.shape) },
    backend: backend
  )
  for input in inputs { backend.write(input.values, to: store[input.name].value.buffer) }
  let tape = Tape(backend: backend, logitsByteBudget: logitsByteBudget)
  let tensors = inputs.map { input -> Tensor in
    let parameter = store[input.name]
    guard input.shape.count == 2 else { return parameter.value }
    return tape.embedding(parameter, (0..<Int32(input.shape[0])).map { $0 })
  }
  let output = build(tape, tensors, store.parameters)
  let point = inputs.map { $0.values.map(Double.init) }
  let expected = reference(point)
  expectClose(
    output.array,
    expected,
    tolerance: tolerance,
    "value",
    sourceLocation: sourceLocation
  )

  let weights = normals(output.count, stream: 999)
  tape.backward(output, gradient: weights)
  func loss(_ point: [[Double]]) -> Double {
    zip(reference(point), weights).reduce(0) { $0 + $1.0 * Double($1.1) }
  }
  for (position, input) in inputs.enumerated() {
    let gradient = store[input.name].grad.array
    let count = input.values.count
    let chosen =
      count <= probes
      ? Array(0..<count)
      : integers(probes, below: count, stream: UInt64(position) + 70).map(Int.init)
    var actual: [Float] = []
    var differences: [Double] = []
    for element in chosen {
      let step = 1e-4
      var shifted = point
      shifted[position][element] += step
      let above = loss(shifted)
      shifted[position][element] -= 2 * step
      differences.append((above - loss(shifted)) / (2 * step))
      actual.append(gradient[element])
    }
    expectClose(
      actual,
      differences,
      tolerance: gradientTolerance,
      "gradient of \(input.name)",
      sourceLocation: sourceLocation
    )
  }
}

/// Attention of one new token per row: q (B, heads * headDim) to the same shape.
func decodeAttention(
  _ backend: CPUBackend,
  q: Tensor,
  rows: [DecodeRow],
  layer: Int,
  shape: AttentionShape
) -> Tensor {
  let out = Tensor(shape: q.shape, backend: backend)
  backend.decodeAttention(
    q: q.buffer,
    stride: q.width,
    into: out.buffer,
    rows: DecodeTable(rows: rows, positions: rows.map { Int32($0.prefixCount + $0.ownCount - 1) }),
    layer: layer,
    shape: shape
  )
  return out
}

/// Puts keys and values (tokens, kvHeads * headDim) of one layer into a block, as the kernel of
/// generation does: at position 0 its rotation changes nothing.
func fill(
  _ block: KeyValueBlock,
  layer: Int,
  keys: [Float],
  values: [Float],
  backend: any Backend
) {
  let layout = block.layout
  let width = layout.kvHeads * layout.headDim
  let tokens = keys.count / width
  let padding = [Float](repeating: 0, count: width)
  let rows = (0..<tokens).flatMap { token in
    let range = token * width..<(token + 1) * width
    return padding + keys[range] + values[range]
  }
  backend.prepareDecodeAttention(
    qkv: Tensor(rows, shape: [tokens, 3 * width], backend: backend).buffer,
    rows: DecodeTable(
      rows: (0..<tokens).map { DecodeRow(own: block, ownCount: $0 + 1) },
      positions: [Int32](repeating: 0, count: tokens)
    ),
    layer: layer,
    shape: AttentionShape(
      heads: layout.kvHeads,
      kvHeads: layout.kvHeads,
      headDim: layout.headDim,
      scale: 1
    ),
    norms: nil,
    table: RotaryTable(
      config: RotaryConfiguration(theta: 10_000, headDim: layout.headDim),
      positions: 1
    )
  )
}
