import Tensors
import Testing

struct SamplingTests {
  /// The filters by sorting, as transformers' warpers do; returns normalised probabilities.
  static func filtered(_ logits: [Float], _ options: SamplingOptions, seen: [Int32]) -> [Double] {
    var x = logits.map(Double.init)
    for token in Set(seen) {
      let penalty = Double(options.repetitionPenalty)
      x[Int(token)] = x[Int(token)] > 0 ? x[Int(token)] / penalty : x[Int(token)] * penalty
    }
    x = x.map { $0 / Double(options.temperature) }
    if options.topK > 0 && options.topK < x.count {
      let smallest = x.sorted(by: >)[options.topK - 1]
      x = x.map { $0 < smallest ? -.infinity : $0 }
    }
    var p = Reference.softmax(x)
    if options.topP < 1 {
      var sum = 0.0
      var smallest = 0.0
      for value in p.sorted(by: >) where sum < Double(options.topP) {
        sum += value
        smallest = value
      }
      p = p.map { $0 < smallest ? 0 : $0 }
    }
    let largest = p.max() ?? 0
    p = p.map { $0 < Double(options.minP) * largest ? 0 : $0 }
    let total = p.reduce(0, +)
    return p.map { $0 / total }
  }

  static let cases: [SamplingOptions] = [
    SamplingOptions(), SamplingOptions(temperature: 0.6), SamplingOptions(topK: 1),
    SamplingOptions(topK: 7), SamplingOptions(topK: 100_000), SamplingOptions(topP: 0.9),
    SamplingOptions(topP: 0.01), SamplingOptions(topP: 0.5), SamplingOptions(minP: 0.2),
    SamplingOptions(temperature: 1.5, topK: 40, topP: 0.8, minP: 0.05),
    SamplingOptions(topP: 0.7, repetitionPenalty: 1.8),
    SamplingOptions(repetitionPenalty: 0.5),
  ]

  /// Draws at the middle of every token's interval of the cumulative distribution: each token that
  /// may be drawn is, each that may not is not, and the intervals have the reference's widths.
  @Test(arguments: BackendCase.all, cases)
  func invertsTheFilteredDistribution(_ test: BackendCase, _ options: SamplingOptions) {
    for vocabulary in [2, 50, 517] {
      let logits = normals(vocabulary, stream: UInt64(vocabulary), scale: 2)
      let seen: [Int32] = [0, 1, 1, Int32(vocabulary - 1)]
      let p = Self.filtered(logits, options, seen: seen)
      let logSoftmax = Reference.logSoftmax(
        logits.map { Double($0) / Double(options.temperature) }
      )
      var expected: [Int32] = []
      var uniforms: [Float] = []
      var sum = 0.0
      for (token, value) in p.enumerated() {
        if value > 1e-5 {  // wide enough for a number with 24 bits
          expected.append(Int32(token))
          uniforms.append(Float(sum + value / 2))
        }
        sum += value
      }
      let rows = expected.count
      let tensor = Tensor(
        Array(repeatElement(logits, count: rows).joined()),
        shape: [rows, vocabulary],
        backend: test.backend
      )
      let drawn = test.backend.sample(
        logits: tensor.buffer,
        vocabulary: vocabulary,
        options: [SamplingOptions](repeating: options, count: rows),
        uniforms: uniforms,
        seen: [[Int32]](repeating: seen, count: rows)
      )
      #expect(drawn.map(\.token) == expected, "vocabulary \(vocabulary)")
      expectClose(
        drawn.map(\.logProb),
        expected.map { logSoftmax[Int($0)] },
        tolerance: 1e-6,
        "log p"
      )
      #expect(tensor.array.prefix(vocabulary) == logits[...], "logits are left as they were")
    }
  }

  @Test(arguments: BackendCase.all)
  func greedyTiesAndExtremes(_ test: BackendCase) {
    let rows: [[Float]] = [
      [1, 3, 3, 2], [-.infinity, -.infinity, 0, -.infinity], [1e30, -1e30, 0, 0], [0, 0, 0, 0],
    ]
    let tensor = Tensor(Array(rows.joined()), shape: [4, 4], backend: test.backend)
    let greedy = test.backend.sample(
      logits: tensor.buffer,
      vocabulary: 4,
      options: [SamplingOptions](repeating: SamplingOptions(temperature: 0), count: 4),
      uniforms: [0.9, 0.9, 0.9, 0.9],
      seen: nil
    )
    #expect(greedy.map(\.token) == [1, 2, 0, 0])
    #expect(greedy[1].logProb == 0 && greedy[2].logProb == 0)
    let largest: Float = 1 - 0x1p-24
    for (number, tokens) in [(0, [0, 2, 0, 0]), (largest, [3, 2, 0, 3])] as [(Float, [Int32])] {
      let drawn = test.backend.sample(
        logits: tensor.buffer,
        vocabulary: 4,
        options: [SamplingOptions](repeating: SamplingOptions(), count: 4),
        uniforms: [number, number, number, number],
        seen: nil
      )
      #expect(drawn.map(\.token) == tokens, "uniform \(number)")
    }
    // Ties with the k-th largest stay, as in transformers.
    let tied = test.backend.sample(
      logits: tensor.buffer.slice(12, count: 4),
      vocabulary: 4,
      options: [SamplingOptions(topK: 1)],
      uniforms: [largest],
      seen: nil
    )
    #expect(tied[0].token == 3)
  }

  @Test(arguments: BackendCase.all)
  func softmaxRows(_ test: BackendCase) {
    for (rows, width) in [(1, 1), (3, 17), (40, 1003)] {
      let values = normals(rows * width, stream: 9, scale: 3)
      let x = Tensor(values, shape: [rows, width], backend: test.backend)
      test.backend.softmaxRows(x.buffer, width: width, inverseTemperature: 1 / 0.7)
      let expected = (0..<rows).flatMap { row in
        Reference.softmax(
          values[row * width..<(row + 1) * width].map { Double($0) * Double(Float(1 / 0.7)) }
        )
      }
      expectClose(x.array, expected, tolerance: 1e-6, "\(rows)x\(width)")
    }
  }
}
