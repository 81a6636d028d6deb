import Tensors
import Testing

/// Products in BF16, by instructions where the processor has them and by rounded operands elsewhere.
struct BF16Tests {
  static let cases: [BackendCase] = CPUOptions.KernelLevel.allCases.compactMap { level in
    let options = CPUOptions(kernelLevel: level, precision: .bf16)
    guard let backend = try? CPUBackend(threads: 2, options: options) else { return nil }
    return BackendCase(name: "\(level.rawValue), \(backend.numerics.precision)", backend: backend)
  }

  /// To nearest, ties to even.
  static func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
  }

  @Test func roundsToNearestEven() {
    #expect(Self.rounded(1) == 1)
    let half: Float = 1.0 / 256  // of the distance between neighbours above 1
    #expect(Self.rounded(1 + half) == 1, "a tie goes to the even neighbour")
    #expect(Self.rounded(1 + 3 * half) == 1 + 4 * half)
    #expect(Self.rounded(1.0001 + half) == 1 + 2 * half)
  }

  @Test func saysWhatItMultipliesIn() throws {
    let plain = try CPUBackend(threads: 1).numerics
    let half = try CPUBackend(threads: 1, options: CPUOptions(precision: .bf16)).numerics
    #expect(plain.precision == "fp32" && half.precision.hasPrefix("bf16"))
    #expect(!plain.givesSameBits(as: half))
    #expect(throws: CPUBackendError.precision(.openBLAS, .bf16)) {
      try CPUBackend(
        threads: 1,
        options: CPUOptions(matrixProvider: .openBLAS, precision: .bf16)
      )
    }
  }

  /// All three products are those of the rounded operands, added up in FP32: an FP32 sum of so many
  /// terms is off by less than 1e-5 of the largest, unrounded operands would be off by 4e-3.
  @Test(arguments: cases, LinearTests.shapes)
  func multipliesRoundedOperands(_ test: BackendCase, _ shape: LinearShape) {
    let (t, k, n) = (shape.rows, shape.input, shape.output)
    let x = normals(t * k, stream: 1)
    let w = normals(n * k, stream: 2)
    let dy = normals(t * n, stream: 3)
    let backend = test.backend
    func tensor(_ values: [Float]) -> Tensor {
      Tensor(values, shape: [values.count], backend: backend)
    }
    let y = tensor([Float](repeating: 0, count: t * n))
    let dx = tensor([Float](repeating: 0, count: t * k))
    let dw = tensor([Float](repeating: 0, count: n * k))
    let (xs, ws, dys) = (tensor(x), tensor(w), tensor(dy))
    backend.linear(x: xs.buffer, weight: ws.buffer, bias: nil, into: y.buffer, shape: shape)
    backend.linearInputGradient(
      dy: dys.buffer,
      weight: ws.buffer,
      into: dx.buffer,
      shape: shape,
      accumulate: false
    )
    backend.linearWeightGradient(dy: dys.buffer, x: xs.buffer, into: dw.buffer, shape: shape)

    func wide(_ values: [Float]) -> [Double] { values.map { Double(Self.rounded($0)) } }
    let (xr, wr, dyr) = (wide(x), wide(w), wide(dy))
    var (yr, dxr, dwr) = (
      [Double](repeating: 0, count: t * n), [Double](repeating: 0, count: t * k),
      [Double](repeating: 0, count: n * k)
    )
    for i in 0..<t {
      for j in 0..<n {
        for c in 0..<k {
          yr[i * n + j] += xr[i * k + c] * wr[j * k + c]
          dxr[i * k + c] += dyr[i * n + j] * wr[j * k + c]
          dwr[j * k + c] += dyr[i * n + j] * xr[i * k + c]
        }
      }
    }
    expectClose(y.array, yr, tolerance: 1e-5, "y")
    expectClose(dx.array, dxr, tolerance: 1e-5, "dx")
    expectClose(dw.array, dwr, tolerance: 1e-5, "dw")
  }

  /// Keys and values are rounded when they are cached, nothing else is.
  @Test(arguments: cases)
  func attendsToARoundedCache(_ test: BackendCase) {
    let (heads, kvHeads, dim, tokens) = (4, 2, 40, 77)
    let width = kvHeads * dim
    let shape = AttentionShape(heads: heads, kvHeads: kvHeads, headDim: dim, scale: 0.2)
    let layout = KeyValueLayout(layers: 2, kvHeads: kvHeads, headDim: dim)
    let block = KeyValueBlock(layout: layout, capacity: tokens, backend: test.backend)
    let q = normals(heads * dim, stream: 9)
    for layer in 0..<2 {
      let k = normals(tokens * width, stream: 10 + UInt64(layer))
      let v = normals(tokens * width, stream: 20 + UInt64(layer))
      fill(block, layer: layer, keys: k, values: v, backend: test.backend)
      let out = decodeAttention(
        test.backend,
        q: Tensor(q, shape: [1, heads * dim], backend: test.backend),
        rows: [DecodeRow(own: block, ownCount: tokens)],
        layer: layer,
        shape: shape
      )
      let padding = [Double](repeating: 0, count: (tokens - 1) * heads * dim)
      let expected = Reference.attention(
        q: padding + q.map(Double.init),
        k: k.map { Double(Self.rounded($0)) },
        v: v.map { Double(Self.rounded($0)) },
        segments: AttentionSegments(starts: [0, Int32(tokens)]),
        shape
      )
      expectClose(out.array, expected.suffix(heads * dim), tolerance: 2e-5, "layer \(layer)")
    }
  }
}

/// Weights packed for decoding.
struct PackedWeightsTests {
  static let cases = BackendCase.all + BF16Tests.cases

  /// One product of several weights has the bits of one product each, for any number of rows.
  @Test(arguments: cases, [1, 2, 3, 8, 64, 131])
  func packedProductsHaveTheSameBits(_ test: BackendCase, _ rows: Int) {
    let backend = test.backend
    for (input, outputs) in [(17, [33, 7, 90]), (300, [64, 32]), (1_030, [31, 1, 160])] {
      let weights = outputs.enumerated().map {
        Tensor(
          normals($1 * input, stream: 30 + UInt64($0)),
          shape: [$1, input],
          backend: backend
        )
      }
      let total = outputs.reduce(0, +)
      let bias = normals(total, stream: 40)
      let x = Tensor(normals(rows * input, stream: 41), shape: [rows, input], backend: backend)
      let packed = backend.pack(weights.map(\.buffer), input: input)
      let y = Tensor(shape: [rows, total], backend: backend)
      backend.linear(
        x: x.buffer,
        packed: packed,
        bias: Tensor(bias, shape: [total], backend: backend).buffer,
        into: y.buffer
      )
      let all = y.array
      var start = 0
      for (weight, output) in zip(weights, outputs) {
        let one = Tensor(shape: [rows, output], backend: backend)
        backend.linear(
          x: x.buffer,
          weight: weight.buffer,
          bias: Tensor(Array(bias[start..<start + output]), shape: [output], backend: backend)
            .buffer,
          into: one.buffer,
          shape: LinearShape(rows: rows, input: input, output: output)
        )
        let values = one.array
        let same = (0..<rows).allSatisfy { row in
          let (joined, single) = (row * total + start, row * output)
          return all[joined..<joined + output] == values[single..<single + output]
        }
        #expect(same, "\(output) of \(outputs) at \(input) columns")
        start += output
      }
    }
  }

  /// Rows that are read out of packed weights are the rows that went in, rounded where packing rounds.
  @Test(arguments: cases)
  func packedRowsComeBack(_ test: BackendCase) {
    let (output, input) = (77, 45)
    let table = normals(output * input, stream: 50)
    let rows: [Int32] = [76, 0, 31, 32, 33, 64, 0]
    let weights = Tensor(table, shape: [output, input], backend: test.backend)
    let packed = test.backend.pack([weights.buffer], input: input)
    let out = Tensor(shape: [rows.count, input], backend: test.backend)
    test.backend.gatherRows(of: packed, rows: rows, into: out.buffer)
    let isRounded = test.backend.precision == .bf16
    let expected = rows.flatMap { row in
      table[Int(row) * input..<(Int(row) + 1) * input].map {
        isRounded ? BF16Tests.rounded($0) : $0
      }
    }
    #expect(out.array == expected)
  }

  /// What the residual stream, the norm after it and the gated unit give is what their single steps give.
  @Test(arguments: BackendCase.all)
  func joinedStepsHaveTheSameBits(_ test: BackendCase) {
    let backend = test.backend
    let (rows, width) = (37, 90)
    func tensor(_ stream: UInt64, _ count: Int) -> Tensor {
      Tensor(normals(count, stream: stream), shape: [count], backend: backend)
    }
    let (x, added, weight) = (tensor(1, rows * width), tensor(2, rows * width), tensor(3, width))
    let sum = Tensor(shape: [rows * width], backend: backend)
    let (normed, joined) = (
      Tensor(shape: sum.shape, backend: backend), Tensor(shape: sum.shape, backend: backend)
    )
    backend.add(x.buffer, added.buffer, scale: 1, into: sum.buffer)
    backend.rmsNorm(
      x: sum.buffer,
      weight: weight.buffer,
      eps: 1e-6,
      into: normed.buffer,
      inverse: nil
    )
    backend.addRMSNorm(
      x: x.buffer,
      adding: added.buffer,
      weight: weight.buffer,
      eps: 1e-6,
      into: joined.buffer
    )
    #expect(x.array == sum.array)
    #expect(joined.array == normed.array)

    let gateUp = normals(2 * rows * width, stream: 4)
    let half = Tensor(shape: [rows * width], backend: backend)
    backend.swiGLURows(
      Tensor(gateUp, shape: [gateUp.count], backend: backend).buffer,
      width: width,
      into: half.buffer
    )
    func part(_ offset: Int) -> Tensor {
      var values: [Float] = []
      for row in 0..<rows {
        let start = 2 * row * width + offset
        values += gateUp[start..<start + width]
      }
      return Tensor(values, shape: [values.count], backend: backend)
    }
    let plain = Tensor(shape: [rows * width], backend: backend)
    backend.swiGLU(gate: part(0).buffer, up: part(width).buffer, into: plain.buffer)
    expectClose(half.array, plain.array.map(Double.init), tolerance: 1e-6, "silu(gate) * up")
  }
}
