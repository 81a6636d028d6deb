import Tensors
import Testing

struct TokenLogProbsTests {
  struct Layout: Sendable, CustomTestStringConvertible {
    var rows: Int
    var width: Int
    var vocabulary: Int
    var budget: Int
    var temperature: Float = 1
    var testDescription: String { "\(rows)x\(width)x\(vocabulary), \(budget) bytes" }
  }

  /// One row, odd sizes, a vocabulary above one block of the exponential sums (4096), and budgets
  /// that leave one row, some rows (the last chunk smaller) and all rows per chunk.
  static let layouts = [
    Layout(rows: 1, width: 3, vocabulary: 2, budget: 1 << 20),
    Layout(rows: 7, width: 16, vocabulary: 33, budget: 1 << 20, temperature: 0.7),
    Layout(rows: 7, width: 16, vocabulary: 33, budget: 3 * 33 * 4, temperature: 1.3),
    Layout(rows: 5, width: 8, vocabulary: 130, budget: 1),
    Layout(rows: 3, width: 8, vocabulary: 5001, budget: 1 << 20),
  ]

  @Test(arguments: BackendCase.all, layouts)
  func matchesReference(_ test: BackendCase, _ layout: Layout) {
    let targets = integers(layout.rows, below: layout.vocabulary, stream: 1)
    let shape = LinearShape(
      rows: layout.rows,
      input: layout.width,
      output: layout.vocabulary
    )
    func logProbs(_ point: [[Double]]) -> [[Double]] {
      let logits = Reference.linear(point[0], point[1], bias: nil, shape)
      return (0..<layout.rows).map { row in
        Reference.logSoftmax(
          logits[row * layout.vocabulary..<(row + 1) * layout.vocabulary]
            .map { $0 / Double(layout.temperature) }
        )
      }
    }
    let inputs = [
      Input("hidden", [layout.rows, layout.width], stream: 2),
      Input("head", [layout.vocabulary, layout.width], stream: 3),
    ]
    let rows = logProbs(inputs.map { $0.values.map(Double.init) })
    checkOperation(
      test.backend,
      inputs,
      probes: 8,
      build: { tape, tensors, parameters in
        let result = tape.tokenLogProbs(
          tensors[0],
          head: parameters[1],
          targets: targets,
          temperature: layout.temperature,
          entropy: true
        )
        expectClose(
          result.entropy,
          rows.map(Reference.entropy),
          tolerance: 1e-5,
          "entropy"
        )
        let best = zip(rows, targets).map { row, target in row.max() == row[Int(target)] }
        #expect(result.isArgmax == best)
        return result.logProbs
      },
      reference: { point in zip(logProbs(point), targets).map { $0[Int($1)] } },
      logitsByteBudget: layout.budget
    )
  }

  /// Chunked and whole agree to the bit: the recomputed logits are the first ones.
  @Test func chunksDoNotChangeBits() throws {
    let backend = try CPUBackend(threads: 2)
    let (rows, width, vocabulary) = (50, 40, 96)
    let store = ParameterStore(
      specs: [
        ParameterSpec(name: "x", shape: [rows, width]),
        ParameterSpec(name: "head", shape: [vocabulary, width]),
      ],
      backend: backend
    )
    backend.write(normals(rows * width, stream: 4), to: store["x"].value.buffer)
    backend.write(normals(vocabulary * width, stream: 5), to: store["head"].value.buffer)
    func run(_ budget: Int) -> (logProbs: [Float], dx: [Float]) {
      store.zeroGrad()
      let tape = Tape(backend: backend, logitsByteBudget: budget)
      let result = tape.tokenLogProbs(
        tape.embedding(store["x"], (0..<Int32(rows)).map { $0 }),
        head: store["head"],
        targets: integers(rows, below: vocabulary, stream: 6),
        temperature: 1,
        entropy: false
      )
      let values = result.logProbs.array
      tape.backward(result.logProbs, gradient: normals(rows, stream: 7))
      return (values, store["x"].grad.array)
    }
    let whole = run(1 << 30)
    let chunked = run(7 * vocabulary * 4)
    #expect(whole.logProbs == chunked.logProbs)
    #expect(whole.dx == chunked.dx)
  }

  @Test(arguments: BackendCase.all)
  func tiesCountAtTheLowestIndex(_ test: BackendCase) {
    let store = ParameterStore(
      specs: [ParameterSpec(name: "head", shape: [3, 1])],
      backend: test.backend
    )
    test.backend.write([2, 2, 1], to: store["head"].value.buffer)
    let tape = Tape(backend: test.backend, recording: false)
    let hidden = Tensor([1, 1], shape: [2, 1], backend: test.backend)
    let result = tape.tokenLogProbs(
      hidden,
      head: store["head"],
      targets: [0, 1],
      temperature: 1,
      entropy: false
    )
    #expect(result.isArgmax == [true, false])
    #expect(result.entropy.isEmpty)
  }
}
