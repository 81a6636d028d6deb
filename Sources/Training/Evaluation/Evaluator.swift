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

  /// Prompts that are generated and scored at a time: bounds memory, not the answer.
  private static let chunk = 256

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
    for start in stride(from: 0, to: count, by: Self.chunk) {
      groups += try judge(dataset, start..<min(count, start + Self.chunk))
    }
    let k = settings.numGenerations
    let correct = groups.map { group in group.samples.filter(\.solved).count }
    let samples = groups.flatMap(\.samples)
    let shares = correct.map { Double($0) / Double(k) }
    let passAt1 =
      k == 1
      ? EvaluationStatistics.share(of: correct.reduce(0, +), in: count)
      : EvaluationStatistics.mean(shares)
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
      reward: Moments(samples.map { $0.total ?? 0 }).mean,
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
    var groups = try dataset.examples(in: range).map { example in
      try rewards.check(example, slot: "evaluation.prompts")
      return RolloutGroup(
        example: example,
        promptText: try rows.promptText(example, slot: "evaluation.prompts"),
        prompt: try rows.prompt(example, slot: "evaluation.prompts")
      )
    }
    let completions = try generator.generate(
      groups.enumerated().map { index, group in
        GenerationRequest(
          prompt: group.prompt,
          count: settings.numGenerations,
          firstID: Self.streamBase | UInt64((range.lowerBound + index) * settings.numGenerations)
        )
      },
      options: GenerationOptions(
        temperature: settings.temperature,
        maxCompletionLength: settings.maxCompletionLength
          ?? configuration.grpo.maxCompletionLength,
        eosTokenIDs: endOfSequence
      ),
      seed: configuration.seed
    )
    for (index, drawn) in completions.enumerated() { groups[index].fresh = drawn }
    try groups.scoreFresh(
      with: rewards,
      rows: rows,
      step: 0,
      seed: configuration.seed,
      answers: settings.numGenerations > 1
    )
    return groups
  }

  /// Evaluation draws from ids that no rollout reaches.
  private static let streamBase: UInt64 = 1 << 63

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
