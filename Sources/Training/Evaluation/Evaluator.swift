import Components
import LanguageModels
import RunStore

/// Samples held-out prompts and judges the completions by the run's rewards.
struct Evaluator {
  let configuration: TrainingConfiguration
  let rows: RowTokenizer
  let rewards: RewardPanel
  let generator: Generator
  let endOfSequence: Set<Int32>

  /// The figures, and a few completions for reading.
  struct Result {
    var record: EvaluationRecord
    var samples: [Record]
  }

  /// Evaluates the first `max_prompts` rows.
  ///
  /// Greedy decoding (temperature 0) does not depend on `step`; sampled decoding draws from streams of its own, keyed by the
  /// row, so that two models are compared on equal draws.
  func evaluate(_ dataset: any Dataset, step: Int) throws -> Result {
    let settings = configuration.evaluation
    let count = min(settings.maxPrompts, dataset.count ?? settings.maxPrompts)
    guard count > 0 else {
      throw TrainingError.configuration(
        key: "evaluation.max_prompts",
        value: String(settings.maxPrompts),
        problem: "leaves no prompt to evaluate",
        cure: "Set it to 1 or more, and give a dataset"
      )
    }
    let clock = ContinuousClock()
    let began = clock.now
    var groups: [RolloutGroup] = []
    let k = settings.numGenerations
    let piece = HeldOutSampler.promptsAtOnce(batch: settings.perDeviceEvalBatchSize, k: k)
    for start in stride(from: 0, to: count, by: piece) {
      groups += try judge(dataset, start..<min(count, start + piece))
    }
    let correct = groups.map { group in group.samples.filter(\.solved).count }
    let samples = groups.flatMap(\.samples)
    let shares = correct.map { Double($0) / Double(k) }
    let passAt1 =
      k == 1
      ? EvaluationStatistics.share(of: correct.reduce(0, +), in: count)
      : EvaluationStatistics.mean(shares)
    let totals = NanAwareMoments(samples.map(\.total))
    let record = EvaluationRecord(
      step: step,
      k: k,
      count: count,
      passAt1: passAt1,
      passAtK: k == 1
        ? passAt1
        : EvaluationStatistics.mean(
          correct.map { EvaluationStatistics.pass(at: k, correct: $0, of: k) }
        ),
      majAtK: majority(groups, k: k),
      // Completions of which every reward abstained are left out, as everywhere.
      reward: totals.count > 0 ? totals.mean : 0,
      completionLength: Moments(samples.map { Double($0.completion.tokens.count) }).mean,
      clippedRatio: Moments(samples.map { $0.completion.finishReason == .length ? 1 : 0 }).mean,
      solved: groups.map { $0.samples.first?.solved ?? false },
      seconds: (clock.now - began).seconds
    )
    return Result(
      record: record,
      samples: groups.prefix(settings.sampleCount).map { line($0, step: step) }
    )
  }

  private func judge(_ dataset: any Dataset, _ range: Range<Int>) throws -> [RolloutGroup] {
    let settings = configuration.evaluation
    return try HeldOutSampler(
      rows: rows,
      rewards: rewards,
      generator: generator,
      seed: configuration.seed
    ).judge(
      dataset,
      range,
      slot: "evaluation.prompts",
      k: settings.numGenerations,
      options: settings.options(
        fallbackLength: configuration.grpo.maxCompletionLength,
        endOfSequence: endOfSequence
      ),
      answers: settings.numGenerations > 1
    )
  }

  /// maj@k over the answers that the rewards extract; `nil` where none of them extracts answers.
  private func majority(_ groups: [RolloutGroup], k: Int) -> Estimate? {
    guard groups.contains(where: { $0.samples.contains { $0.answer != nil } }) else { return nil }
    return EvaluationStatistics.mean(
      groups.map { group in
        EvaluationStatistics.majority(
          at: k,
          answers: group.samples.map(\.answer),
          correct: group.samples.map(\.solved)
        )
          ? 1 : 0
      }
    )
  }

  private func line(_ group: RolloutGroup, step: Int) -> Record {
    [
      "step": .int(Int64(step)), "example": .string(String(group.example.id)),
      "prompt": .string(group.promptText),
      "completions": .array(
        group.samples.map { sample in
          .object([
            RecordField("text", .string(sample.text)),
            RecordField("reward", sample.total.map { .double($0) } ?? .null),
            RecordField("solved", .bool(sample.solved)),
          ])
        }
      ),
    ]
  }
}
