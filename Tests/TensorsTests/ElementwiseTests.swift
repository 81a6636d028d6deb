import Tensors
import Testing

struct ElementwiseTests {
  static let shapes = [[1, 1], [1, 7], [3, 16], [5, 33], [40, 1000]]

  @Test(arguments: BackendCase.all, shapes)
  func add(_ test: BackendCase, _ shape: [Int]) {
    checkOperation(
      test.backend,
      [Input("a", shape, stream: 1), Input("b", shape, stream: 2)],
      probes: 6,
      build: { tape, tensors, _ in tape.add(tensors[0], tensors[1], scale: 0.5) },
      reference: { zip($0[0], $0[1]).map { $0 + 0.5 * $1 } }
    )
  }

  @Test(arguments: BackendCase.all, shapes)
  func swiGLU(_ test: BackendCase, _ shape: [Int]) {
    checkOperation(
      test.backend,
      [Input("gate", shape, stream: 3, scale: 3), Input("up", shape, stream: 4)],
      probes: 6,
      build: { tape, tensors, _ in tape.swiGLU(gate: tensors[0], up: tensors[1]) },
      reference: { Reference.swiGLU($0[0], $0[1]) }
    )
  }

  /// Rows that occur twice, rows that never do.
  @Test(arguments: BackendCase.all)
  func gatherRows(_ test: BackendCase) {
    let rows: [Int32] = [4, 0, 4, 2]
    checkOperation(
      test.backend,
      [Input("x", [6, 70], stream: 5)],
      build: { tape, tensors, _ in tape.gatherRows(tensors[0], rows) },
      reference: { point in
        rows.flatMap { row in (0..<70).map { point[0][Int(row) * 70 + $0] } }
      }
    )
  }

  /// One tensor used four ways: shared and added gradients must not write over each other.
  @Test(arguments: BackendCase.all)
  func sharedInputs(_ test: BackendCase) {
    checkOperation(
      test.backend,
      [Input("x", [5, 6], stream: 6), Input("w", [6, 6], stream: 7)],
      build: { tape, tensors, parameters in
        let x = tensors[0]
        let doubled = tape.add(x, x)
        let mixed = tape.linear(doubled, parameters[1])
        let gated = tape.swiGLU(gate: mixed, up: x)
        return tape.add(tape.add(gated, mixed), tape.reshape(doubled, [5, 6]), scale: -1)
      },
      reference: { point in
        let doubled = point[0].map { 2 * $0 }
        let mixed = Reference.linear(
          doubled,
          point[1],
          bias: nil,
          LinearShape(rows: 5, input: 6, output: 6)
        )
        let gated = Reference.swiGLU(mixed, point[0])
        return (0..<30).map { gated[$0] + mixed[$0] - doubled[$0] }
      }
    )
  }

  /// The exponential behind every kernel, against libm, through softmax of two logits.
  @Test(arguments: BackendCase.all)
  func exponential(_ test: BackendCase) {
    let count = 20_000
    var values: [Float] = []
    for i in 0..<count { values += [0, -87 * Float(i) / Float(count)] }
    let x = Tensor(values, shape: [count, 2], backend: test.backend)
    test.backend.softmaxRows(x.buffer, width: 2, inverseTemperature: 1)
    let actual = x.array
    var worst = 0.0
    for i in 0..<count {
      let expected = Reference.softmax([0, Double(values[2 * i + 1])])[1]
      worst = max(worst, abs(Double(actual[2 * i + 1]) - expected) / expected)
    }
    #expect(worst < 4e-7, "relative error \(worst)")
  }

  @Test(arguments: BackendCase.all)
  func exponentialOfExtremes(_ test: BackendCase) {
    let x = Tensor(
      [0, -.infinity, -1000, 88, .nan, 1],
      shape: [3, 2],
      backend: test.backend
    )
    test.backend.softmaxRows(x.buffer, width: 2, inverseTemperature: 1)
    let y: [Float] = x.array
    #expect(y[0] == 1 && y[1] == 0)
    #expect(y[2] == 0 && y[3] == 1)
    #expect(y[4].isNaN && y[5].isNaN, "NaN must not be hidden")
  }
}
