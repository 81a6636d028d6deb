import ArgumentParser
import BenchmarkFigures

/// One row of the race: a workload on a model.
struct BenchmarkRow: Sendable {
  /// What is done.
  enum Work: Sendable {
    /// Forward, backward and AdamW of `batch` sequences.
    case sft(batch: Int, sequence: Int)
    /// Sampling of `new` tokens after each of `batch` prompts.
    case decode(batch: Int, prompt: Int, new: Int)
    /// A whole step of the trainer: completions, rewards, reference, update.
    case grpo(prompts: Int, group: Int, prompt: Int, new: Int)
  }

  var name: String
  var shape: BenchmarkShape
  var work: Work
  /// Timed repetitions of each process, after a warm-up.
  var repetitions: Int

  /// The rows of the performance page.
  static let all: [BenchmarkRow] = [
    .init(name: "sft-tiny", shape: .tiny, work: .sft(batch: 32, sequence: 256), repetitions: 8),
    .init(name: "sft-small", shape: .small, work: .sft(batch: 8, sequence: 512), repetitions: 4),
    .init(name: "sft-q05", shape: .q05, work: .sft(batch: 1, sequence: 512), repetitions: 2),
    decode("decode-tiny-1", .tiny, 1, repetitions: 8),
    decode("decode-tiny-64", .tiny, 64, repetitions: 4),
    decode("decode-small-1", .small, 1, repetitions: 5),
    decode("decode-small-64", .small, 64, repetitions: 3),
    decode("decode-q05-1", .q05, 1, repetitions: 2),
    decode("decode-q05-8", .q05, 8, repetitions: 2),
    .init(name: "grpo-tiny", shape: .tiny, work: grpoStep, repetitions: 5),
    .init(name: "grpo-small", shape: .small, work: grpoStep, repetitions: 3),
  ]

  private static let grpoStep = Work.grpo(prompts: 4, group: 8, prompt: 100, new: 128)

  private static func decode(
    _ name: String,
    _ shape: BenchmarkShape,
    _ batch: Int,
    repetitions: Int
  ) -> BenchmarkRow {
    .init(
      name: name,
      shape: shape,
      work: .decode(batch: batch, prompt: 128, new: 128),
      repetitions: repetitions
    )
  }

  /// The row of that name.
  static func named(_ name: String) throws -> BenchmarkRow {
    guard let row = all.first(where: { $0.name == name }) else {
      throw ValidationError(
        "no row \(name). There are: \(all.map(\.name).joined(separator: ", "))"
      )
    }
    return row
  }

  /// Rows by name; all of them for no name.
  static func named(list: String?) throws -> [BenchmarkRow] {
    guard let list else { return all }
    return try list.split(separator: ",").map { try named(String($0)) }
  }

  /// Times the row in this process.
  func measure(
    _ parts: WorkParts,
    pace: Pace
  ) throws -> Measurement {
    switch work {
    case .sft(let batch, let sequence):
      try SFTWork(batch: batch, sequence: sequence).measure(shape, parts, pace)
    case .decode(let batch, let prompt, let new):
      try DecodeWork(batch: batch, prompt: prompt, new: new).measure(shape, parts, pace)
    case .grpo(let prompts, let group, let prompt, let new):
      try GRPOWork(prompts: prompts, group: group, prompt: prompt, new: new)
        .measure(shape, parts, pace)
    }
  }

  /// Operations of one repetition.
  func operations(parameters: Int) -> Double {
    let cost = shape.cost(parameters: parameters)
    switch work {
    case .sft(let batch, let sequence):
      return Double(batch * sequence) * cost.train(sequence: sequence)
    case .decode(let batch, let prompt, let new):
      return Double(batch * prompt) * cost.forward(context: Double(prompt) / 2)
        + Double(batch * new) * cost.forward(context: Double(prompt) + Double(new) / 2)
    case .grpo(let prompts, let group, let prompt, let new):
      // A group's prompt need not be computed more than once. Generation and reference are a pass forward each, the update is
      // three times as much.
      return 5
        * (Double(prompts * prompt) * cost.forward(context: Double(prompt) / 2)
          + Double(prompts * group * new)
          * cost.forward(context: Double(prompt) + Double(new) / 2))
    }
  }

  /// Bytes that the decoding steps of one repetition must read; 0 where nothing but decoding is bound by memory.
  func decodeBytes(parameters: Int, precision: Precision) -> Double {
    guard case .decode(let batch, let prompt, let new) = work else { return 0 }
    return Double(new)
      * shape.cost(parameters: parameters).decodeBytes(
        batch: batch,
        context: Double(prompt) + Double(new) / 2,
        bytesPerValue: precision.bytesPerValue
      )
  }
}

/// What a workload runs on.
struct WorkParts {
  var backend: WorkBackend
  /// A folder of models, where there is one.
  var models: String?
}

/// How often a workload runs.
struct Pace {
  var warmUp = 1
  var repetitions: Int
  /// Called between the warm-up and the first timed repetition.
  var onWarm: () -> Void = {}
}
