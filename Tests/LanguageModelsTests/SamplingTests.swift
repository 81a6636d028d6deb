import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// The distribution that tokens are drawn from, against transformers' logits processors.
@Suite struct SamplingTests {
  struct Case: Decodable {
    var logits: [Float]
    var context: [Int32]
    var options: [String: Double]
    var probabilities: [Double]

    var generation: GenerationOptions {
      GenerationOptions(
        temperature: options["temperature"] ?? 1,
        topK: Int(options["top_k"] ?? 0),
        topP: options["top_p"] ?? 1,
        minP: options["min_p"],
        repetitionPenalty: options["repetition_penalty"] ?? 1
      )
    }
  }

  static let cases: [Case] = {
    let file = fixtures.appendingPathComponent("sampling.json")
    return (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: file))) ?? []
  }()

  /// A slow reference: the filters one after the other, in FP64, over sorted tokens.
  static func probabilities(
    _ logits: [Float],
    _ context: [Int32],
    _ options: GenerationOptions
  ) -> [Double] {
    var scores = logits.map(Double.init)
    for token in Set(context) {
      let value = scores[Int(token)]
      scores[Int(token)] =
        value < 0 ? value * options.repetitionPenalty : value / options.repetitionPenalty
    }
    scores = scores.map { $0 / options.temperature }
    func softmax() -> [Double] {
      let best = scores.max() ?? 0
      let weights = scores.map { exp($0 - best) }
      let total = weights.reduce(0, +)
      return weights.map { $0 / total }
    }
    if options.topK > 0 {
      let bound = scores.sorted(by: >)[min(options.topK, scores.count) - 1]
      scores = scores.map { $0 < bound ? -.infinity : $0 }
    }
    if options.topP < 1 {
      let p = softmax()
      let ascending = p.indices.sorted { p[$0] < p[$1] }
      var sum = 0.0
      for token in ascending.dropLast() {
        sum += p[token]
        if sum <= 1 - options.topP { scores[token] = -.infinity }
      }
    }
    if let minP = options.minP {
      let p = softmax()
      let bound = minP * (p.max() ?? 0)
      for token in p.indices where p[token] < bound { scores[token] = -.infinity }
    }
    return softmax()
  }

  @Test func theFixtureIsThere() { #expect(Self.cases.count >= 20) }

  @Test func theReferenceIsTransformers() {
    for one in Self.cases {
      let ours = Self.probabilities(one.logits, one.context, one.generation)
      for (a, b) in zip(ours, one.probabilities) {
        #expect(abs(a - b) < 1e-6, "\(one.options)")
      }
    }
  }

  /// Draws many tokens and compares their counts with the probabilities (chi-square).
  @Test(arguments: cases.indices)
  func drawsFollowTransformers(_ index: Int) throws {
    let one = Self.cases[index]
    let backend = try makeBackend()
    let rows = 500
    let rounds = 40
    let vocabulary = one.logits.count
    let logits = Tensor(
      [[Float]](repeating: one.logits, count: rows).flatMap { $0 },
      shape: [rows, vocabulary],
      backend: backend
    )
    var counts = [Double](repeating: 0, count: vocabulary)
    for round in 0..<rounds {
      let random = Philox4x32(seed: 11, stream: UInt64(index * 1000 + round))
      let drawn = backend.sample(
        logits: logits.buffer,
        vocabulary: vocabulary,
        options: [SamplingOptions](repeating: one.generation.sampling, count: rows),
        uniforms: (0..<rows).map { random.uniform(at: UInt64($0)) },
        seen: [[Int32]](repeating: one.context, count: rows)
      )
      for choice in drawn { counts[Int(choice.token)] += 1 }
    }
    let total = Double(rows * rounds)
    // Tokens that are hardly ever drawn count together.
    var (statistic, cells, restExpected, restCount) = (0.0, 0, 0.0, 0.0)
    for (count, p) in zip(counts, one.probabilities) {
      if p == 0 { #expect(count == 0, "\(one.options): a filtered token was drawn") }
      if p * total < 5 {
        restExpected += p * total
        restCount += count
      } else {
        statistic += (count - p * total) * (count - p * total) / (p * total)
        cells += 1
      }
    }
    if restExpected >= 5 {
      statistic += (restCount - restExpected) * (restCount - restExpected) / restExpected
      cells += 1
    }
    // Wilson and Hilferty's bound for one in 100,000.
    let freedom = Double(max(1, cells - 1))
    let cube = 1 - 2 / (9 * freedom) + 4.26 * (2 / (9 * freedom)).squareRoot()
    #expect(statistic < freedom * cube * cube * cube, "\(one.options): \(statistic) of \(cells)")
  }

  /// The same through the whole generator, where temperature and filters come from its options.
  @Test func generatorDrawsFollowTheModel() throws {
    let backend = try makeBackend()
    let model = DecoderModel(configuration: smallConfiguration(.qwen2), backend: backend, seed: 8)
    let prompt = someTokens(6, below: 61)
    let options = GenerationOptions(
      temperature: 0.8,
      topK: 12,
      topP: 0.85,
      minP: 0.02,
      repetitionPenalty: 1.4,
      maxCompletionLength: 1
    )
    let tape = Tape(backend: backend, recording: false)
    let hidden = tape.gatherRows(model.forward(PackedBatch([prompt]), tape: tape), [5])
    let logits = tape.logits(hidden, head: model.head).array
    let expected = Self.probabilities(logits, prompt, options)
    let count = 8000
    let group = try Generator(model: model).generate(
      [GenerationRequest(prompt: prompt, count: count, firstID: 0)],
      options: options,
      seed: 31
    )[0]
    var counts = [Double](repeating: 0, count: 61)
    for completion in group { counts[Int(completion.tokens[0])] += 1 }
    for (token, p) in expected.enumerated() {
      let deviation = (Double(count) * p * (1 - p)).squareRoot()
      #expect(abs(counts[token] - Double(count) * p) <= 5 * deviation, "token \(token), p \(p)")
    }
    #expect(expected.filter { $0 > 0 }.count > 2)
  }
}
