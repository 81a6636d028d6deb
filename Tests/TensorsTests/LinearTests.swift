import Tensors
import Testing

struct LinearTests {
  /// Sizes around the tiles (14 and 6 rows, 32 and 16 columns, 256 deep), 1, and odd ones.
  static let shapes = [
    LinearShape(rows: 1, input: 1, output: 1), LinearShape(rows: 1, input: 64, output: 40),
    LinearShape(rows: 2, input: 17, output: 33), LinearShape(rows: 13, input: 31, output: 16),
    LinearShape(rows: 14, input: 256, output: 32), LinearShape(rows: 15, input: 257, output: 31),
    LinearShape(rows: 29, input: 300, output: 65), LinearShape(rows: 64, input: 96, output: 80),
    LinearShape(rows: 65, input: 48, output: 7), LinearShape(rows: 130, input: 520, output: 70),
    LinearShape(rows: 241, input: 33, output: 290),
  ]

  @Test(arguments: BackendCase.all, shapes)
  func matchesReference(_ test: BackendCase, _ shape: LinearShape) {
    checkOperation(
      test.backend,
      [
        Input("x", [shape.rows, shape.input], stream: 1),
        Input("w", [shape.output, shape.input], stream: 2),
        Input("b", [shape.output], stream: 3),
      ],
      probes: 6,
      build: { tape, tensors, parameters in
        tape.linear(tensors[0], parameters[1], bias: parameters[2])
      },
      reference: { Reference.linear($0[0], $0[1], bias: $0[2], shape) }
    )
  }

  /// A weight with a low-rank update is the sum of both, forward and backward, and merged.
  @Test(arguments: BackendCase.all, shapes)
  func lowRankUpdates(_ test: BackendCase, _ shape: LinearShape) {
    let (rank, scale) = (3, 0.7)
    func merged(_ inputs: [[Double]]) -> [Double] {
      var weight = inputs[1]
      for n in 0..<shape.output {
        for k in 0..<shape.input {
          var sum = 0.0
          for r in 0..<rank { sum += inputs[4][n * rank + r] * inputs[3][r * shape.input + k] }
          weight[n * shape.input + k] += scale * sum
        }
      }
      return weight
    }
    let inputs = [
      Input("x", [shape.rows, shape.input], stream: 1),
      Input("w", [shape.output, shape.input], stream: 2),
      Input("b", [shape.output], stream: 3),
      Input("down", [rank, shape.input], stream: 4),
      Input("up", [shape.output, rank], stream: 5),
    ]
    checkOperation(
      test.backend,
      inputs,
      probes: 6,
      build: { tape, tensors, parameters in
        tape.linear(
          tensors[0],
          parameters[1],
          bias: parameters[2],
          update: LowRankUpdate(down: parameters[3], up: parameters[4], scale: Float(scale))
        )
      },
      reference: { Reference.linear($0[0], merged($0), bias: $0[2], shape) }
    )
    let store = ParameterStore(
      specs: inputs.map { ParameterSpec(name: $0.name, shape: $0.shape) },
      backend: test.backend,
      trainable: false
    )
    for input in inputs { test.backend.write(input.values, to: store[input.name].value.buffer) }
    LowRankUpdate(down: store["down"], up: store["up"], scale: Float(scale))
      .add(to: store["w"].value.buffer, backend: test.backend)
    expectClose(
      store["w"].value.array,
      merged(inputs.map { $0.values.map(Double.init) }),
      tolerance: 2e-5,
      "merged"
    )
  }

  /// All elements of both gradients, which the probes above only sample.
  @Test(arguments: BackendCase.all, shapes)
  func wholeGradients(_ test: BackendCase, _ shape: LinearShape) {
    let (t, k, n) = (shape.rows, shape.input, shape.output)
    let backend = test.backend
    let x = normals(t * k, stream: 4)
    let w = normals(n * k, stream: 5)
    let dy = normals(t * n, stream: 6)
    let start = normals(max(t, n) * k, stream: 7)
    func tensor(_ values: [Float]) -> Tensor {
      Tensor(values, shape: [values.count], backend: backend)
    }
    func wide(_ values: some Sequence<Float>) -> [Double] { values.map(Double.init) }
    var dx = wide(start.prefix(t * k))
    var dw = wide(start.prefix(n * k))
    for i in 0..<t {
      for j in 0..<n {
        let g = Double(dy[i * n + j])
        for c in 0..<k {
          dx[i * k + c] += g * Double(w[j * k + c])
          dw[j * k + c] += g * Double(x[i * k + c])
        }
      }
    }
    let dxActual = tensor(Array(start.prefix(t * k)))
    backend.linearInputGradient(
      dy: tensor(dy).buffer,
      weight: tensor(w).buffer,
      into: dxActual.buffer,
      shape: shape,
      accumulate: true
    )
    expectClose(dxActual.array, dx, tolerance: 2e-5, "dx")
    let dwActual = tensor(Array(start.prefix(n * k)))
    backend.linearWeightGradient(
      dy: tensor(dy).buffer,
      x: tensor(x).buffer,
      into: dwActual.buffer,
      shape: shape
    )
    expectClose(dwActual.array, dw, tolerance: 2e-5, "dw")
  }

  @Test func frozenWeightPassesGradientOn() {
    let backend = BackendCase.all[0].backend
    let base = ParameterStore(
      specs: [ParameterSpec(name: "w", shape: [3, 2])],
      backend: backend,
      trainable: false
    )
    backend.write([1, 2, 3, 4, 5, 6], to: base["w"].value.buffer)
    let input = ParameterStore(specs: [ParameterSpec(name: "x", shape: [1, 2])], backend: backend)
    let tape = Tape(backend: backend)
    let y = tape.linear(tape.embedding(input["x"], [0]), base["w"])
    tape.backward(y, gradient: [1, 10, 100])
    #expect(input["x"].grad.array == [531, 642])
    #expect(base["w"].isTrainable == false)
  }

  /// A row's result is the same bits whatever rows are computed beside it: a sampler's small batch
  /// and a trainer's large one agree in every linear layer.
  @Test func builtinRowsDoNotDependOnTheBatch() throws {
    let backend = try CPUBackend(threads: 1)
    let (k, n) = (300, 70)
    let x = normals(200 * k, stream: 8)
    let w = Tensor(normals(n * k, stream: 9), shape: [n, k], backend: backend)
    func run(_ rows: Int) -> [Float] {
      let input = Tensor(Array(x.prefix(rows * k)), shape: [rows, k], backend: backend)
      let y = Tensor(shape: [rows, n], backend: backend)
      backend.linear(
        x: input.buffer,
        weight: w.buffer,
        bias: nil,
        into: y.buffer,
        shape: LinearShape(rows: rows, input: k, output: n)
      )
      return Array(y.array.prefix(n))
    }
    let alone = run(1)
    for rows in [2, 5, 15, 64, 65, 200] { #expect(run(rows) == alone, "\(rows) rows") }
  }
}
