import BenchmarkFigures

/// Measures the sweeps' points.
struct SweepRunner {
  var common: CommonOptions
  var box: TimeBox

  /// Models from 1 M to 0.5 B parameters, all of one vocabulary but the largest, which is that of Qwen2.5-0.5B.
  func modelSize() throws -> Sweep {
    var sweep = Sweep(
      name: "model-size",
      title: "tokens/s against model size",
      xLabel: "parameters"
    )
    let shapes = [(128, 4, 352), (256, 4, 704), (384, 6, 1_024), (512, 8, 1_408), (768, 12, 2_048)]
      .map { Self.shape(hidden: $0.0, layers: $0.1, intermediate: $0.2, vocabulary: 2_048) }
    var training = Sweep.Line("SFT, 2 x 256 tokens")
    var decoding = Sweep.Line("decoding, batch 8, 64 + 64 tokens")
    for shape in shapes + [.q05] {
      let sft = BenchmarkRow.Work.sft(batch: 2, sequence: 256)
      if let point = try point(shape, sft, left: &training) { training.points.append(point) }
      let decode = BenchmarkRow.Work.decode(batch: 8, prompt: 64, new: 64)
      if let point = try point(shape, decode, left: &decoding) { decoding.points.append(point) }
    }
    sweep.lines = finished([training, decoding])
    return sweep
  }

  /// Sequences of 128 to 4,096 tokens in batches of 4,096 tokens.
  func sequenceLength() throws -> Sweep {
    var sweep = Sweep(
      name: "sequence-length",
      title: "tokens/s against sequence length",
      xLabel: "tokens of a sequence"
    )
    var line = Sweep.Line("SFT, SMALL, 4,096 tokens a step")
    var tiny = Sweep.Line("SFT, TINY, 4,096 tokens a step")
    for length in [128, 256, 512, 1_024, 2_048, 4_096] {
      let work = BenchmarkRow.Work.sft(batch: 4_096 / length, sequence: length)
      if let point = try point(.tiny, work, x: length, left: &tiny) { tiny.points.append(point) }
      if let point = try point(.small, work, x: length, left: &line) { line.points.append(point) }
    }
    sweep.lines = finished([tiny, line])
    return sweep
  }

  /// GRPO steps with groups of 2 to 64 completions of two prompts.
  func groupSize() throws -> Sweep {
    var sweep = Sweep(
      name: "group-size",
      title: "GRPO: generated tokens/s against group size",
      xLabel: "completions of a prompt"
    )
    var line = Sweep.Line("GRPO step, TINY, 2 prompts, 100 + 64 tokens")
    for group in [2, 4, 8, 16, 32, 64] {
      let work = BenchmarkRow.Work.grpo(prompts: 2, group: group, prompt: 100, new: 64)
      if let point = try point(.tiny, work, x: group, left: &line) { line.points.append(point) }
    }
    sweep.lines = finished([line])
    return sweep
  }

  /// Vocabularies of 512 to 152 k tokens on TINY's layers.
  func vocabulary() throws -> Sweep {
    var sweep = Sweep(
      name: "vocabulary",
      title: "tokens/s against vocabulary",
      xLabel: "tokens in the vocabulary"
    )
    var training = Sweep.Line("SFT, TINY's layers, 4 x 256 tokens")
    var decoding = Sweep.Line("decoding, TINY's layers, batch 8, 64 + 64 tokens")
    for size in [512, 2_048, 8_192, 32_768, 151_936] {
      let shape = Self.shape(hidden: 256, layers: 4, intermediate: 704, vocabulary: size)
      let sft = BenchmarkRow.Work.sft(batch: 4, sequence: 256)
      if let point = try point(shape, sft, x: size, left: &training) {
        training.points.append(point)
      }
      let decode = BenchmarkRow.Work.decode(batch: 8, prompt: 64, new: 64)
      if let point = try point(shape, decode, x: size, left: &decoding) {
        decoding.points.append(point)
      }
    }
    sweep.lines = finished([training, decoding])
    return sweep
  }

  private static func shape(
    hidden: Int,
    layers: Int,
    intermediate: Int,
    vocabulary: Int
  ) -> BenchmarkShape {
    BenchmarkShape(
      name: "sweep",
      hidden: hidden,
      layers: layers,
      heads: hidden / 64 * 2,
      kvHeads: hidden / 64,
      intermediate: intermediate,
      vocabulary: vocabulary
    )
  }

  private func finished(_ lines: [Sweep.Line]) -> [Sweep.Line] {
    lines.map { line in
      var line = line
      line.finish()
      return line
    }
  }

  /// Measures one point, unless the time box has no room for it.
  ///
  /// - Parameter x: its place; `nil`: the model's parameters.
  private func point(
    _ shape: BenchmarkShape,
    _ work: BenchmarkRow.Work,
    x: Int? = nil,
    left line: inout Sweep.Line
  ) throws -> Sweep.Point? {
    guard box.left > 0 else {
      line.note = "the time box was used up"
      return nil
    }
    let row = BenchmarkRow(name: line.name, shape: shape, work: work, repetitions: 3)
    let parts = WorkParts(
      backend: try WorkBackend(common.precision, threads: common.threads),
      models: common.models
    )
    // One slow repetition says enough where three would leave nothing for the rest.
    let first = try row.measure(parts, pace: Pace(warmUp: 1, repetitions: 1))
    var rates = first.rates
    let again = min(4, Int(box.left / 10 / max(first.samples[0], 1e-6)) - 1)
    if again > 0 {
      rates = try row.measure(parts, pace: Pace(warmUp: 1, repetitions: again)).rates
    }
    let rate = Statistics.significant(Statistics.median(rates))
    let place = Double(x ?? first.parameters ?? 0)
    Report.note("\(line.name): \(NumberText.scaled(place)) -> \(NumberText.short(rate)) tokens/s")
    return Sweep.Point(x: place, rate: rate)
  }
}
