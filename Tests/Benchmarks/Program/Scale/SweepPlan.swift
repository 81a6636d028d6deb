/// The points of a sweep before they are measured.
struct SweepPlan: Sendable {
  /// One of them.
  struct Point: Sendable {
    /// Among the plan's lines.
    var line: Int
    var shape: BenchmarkShape
    var work: BenchmarkRow.Work
    /// Its place; `nil`: the model's parameters.
    var x: Int?
  }

  var name: String
  var title: String
  var xLabel: String
  var lines: [String]
  var points: [Point]

  /// All sweeps, in the order of the performance page.
  static let all = [modelSize, sequenceLength, groupSize, vocabulary]

  /// Training of few tokens and decoding of few rows, the same for every model.
  private static let training = BenchmarkRow.Work.sft(batch: 2, sequence: 256)
  private static let decoding = BenchmarkRow.Work.decode(batch: 8, prompt: 64, new: 64)

  /// Models from 1 M to 0.5 B parameters; the largest is Qwen2.5-0.5B's shape with its vocabulary of 152 k.
  private static var modelSize: SweepPlan {
    let sizes = [(128, 4, 352), (256, 4, 704), (384, 6, 1_024), (512, 8, 1_408), (768, 12, 2_048)]
    let shapes = sizes.map {
      shape(hidden: $0.0, layers: $0.1, intermediate: $0.2, vocabulary: 2_048)
    }
    return SweepPlan(
      name: "model-size",
      title: "tokens/s against model size",
      xLabel: "parameters",
      lines: ["SFT, 2 x 256 tokens", "decoding, batch 8, 64 + 64 tokens"],
      points: (shapes + [.q05]).flatMap { shape in
        [
          Point(line: 0, shape: shape, work: training),
          Point(line: 1, shape: shape, work: decoding),
        ]
      }
    )
  }

  /// Sequences of 128 to 4,096 tokens, 4,096 tokens a step.
  private static var sequenceLength: SweepPlan {
    SweepPlan(
      name: "sequence-length",
      title: "tokens/s against sequence length",
      xLabel: "tokens of a sequence",
      lines: ["SFT, TINY, 4,096 tokens a step", "SFT, SMALL, 4,096 tokens a step"],
      points: [128, 256, 512, 1_024, 2_048, 4_096].flatMap { length in
        [BenchmarkShape.tiny, .small].enumerated().map { line, shape in
          Point(
            line: line,
            shape: shape,
            work: .sft(batch: 4_096 / length, sequence: length),
            x: length
          )
        }
      }
    )
  }

  /// GRPO steps with groups of 2 to 64 completions of two prompts.
  private static var groupSize: SweepPlan {
    SweepPlan(
      name: "group-size",
      title: "GRPO: generated tokens/s against group size",
      xLabel: "completions of a prompt",
      lines: ["GRPO step, TINY, 2 prompts, 100 + 64 tokens"],
      points: [2, 4, 8, 16, 32, 64].map { group in
        Point(
          line: 0,
          shape: .tiny,
          work: .grpo(prompts: 2, group: group, prompt: 100, new: 64),
          x: group
        )
      }
    )
  }

  /// Vocabularies of 512 to 152 k tokens on TINY's layers.
  private static var vocabulary: SweepPlan {
    SweepPlan(
      name: "vocabulary",
      title: "tokens/s against vocabulary",
      xLabel: "tokens in the vocabulary",
      lines: ["SFT, TINY's layers, 2 x 256 tokens", "decoding, TINY's layers, batch 8, 64 + 64"],
      points: [512, 2_048, 8_192, 32_768, 151_936].flatMap { size in
        let shape = shape(hidden: 256, layers: 4, intermediate: 704, vocabulary: size)
        return [
          Point(line: 0, shape: shape, work: training, x: size),
          Point(line: 1, shape: shape, work: decoding, x: size),
        ]
      }
    )
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
}
