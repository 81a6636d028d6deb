import Components
import Training

/// The plugins' slots and the evaluation.
extension ConfigurationKeys {
  static let components: [ConfigurationKey] = [
    slot("strategy", \.strategy, "Decides, step by step, what is trained."),
    dataset("prompts", \.prompts, "Rows that are rolled out and scored."),
    dataset("demonstrations", \.demonstrations, "Rows that are imitated."),
    ConfigurationKey(
      "rewards",
      type: "a list of tables with \(RewardConfiguration.keys.joined(separator: ", "))",
      "What scores completions.",
      decode: { value, configuration throws(ConfigurationError) in
        configuration.rewards = try ComponentReader.rewards(value, path: "rewards")
      },
      encode: { .array($0.rewards.map(\.encoded)) }
    ),
    slot(
      "control",
      \.control,
      "A strategy to compare with: from the step before the first rollout, for the same time."
    ),
  ]

  static let steering: [ConfigurationKey] = [
    ConfigurationKey(
      "interventions",
      type: "a list of tables with \(ScheduledIntervention.keys.joined(separator: ", "))",
      "What is done to the run while it goes, each before its step.",
      decode: { value, configuration throws(ConfigurationError) in
        configuration.interventions = try interventions(value)
      },
      encode: { .array($0.interventions.map(\.table)) }
    )
  ]

  private static func interventions(
    _ value: LocatedValue
  ) throws(ConfigurationError) -> [ScheduledIntervention] {
    if value.isNull { return [] }
    guard case .list(let elements) = value.content else {
      throw ConfigurationError(
        value.origin,
        key: "interventions",
        problem: "\(value.plain.shown) (\(value.plain.typeName)) is not a list",
        cure: "Put a dash before each: `- {step: 100, set: {grpo.beta: 0.04}}`"
      )
    }
    var found: [ScheduledIntervention] = []
    for (index, element) in elements.enumerated() {
      do throws(ControlProblem) {
        found.append(try ScheduledIntervention(element.plain))
      } catch {
        throw ConfigurationError(
          element.origin,
          key: "interventions.\(index)",
          problem: error.problem,
          cure: error.cure
        )
      }
    }
    return found
  }

  static let evaluation: [ConfigurationKey] = [
    dataset("evaluation.prompts", \.evaluationPrompts, "Held-out rows.", part: .test),
    ConfigurationKey(
      "evaluation.eval_steps",
      \.training.evaluation.evalSteps,
      .whole(0),
      "Evaluate every so many optimizer steps; 0 for the end only."
    ),
    ConfigurationKey(
      "evaluation.eval_on_start",
      \.training.evaluation.evalOnStart,
      .flag,
      "Whether the untrained model is evaluated first."
    ),
    ConfigurationKey(
      "evaluation.max_prompts",
      \.training.evaluation.maxPrompts,
      .whole(1),
      "How many rows, from the front of the dataset."
    ),
    ConfigurationKey(
      "evaluation.num_generations",
      \.training.evaluation.numGenerations,
      .whole(1),
      "Completions for each prompt: k of pass@k and maj@k."
    ),
    ConfigurationKey(
      "evaluation.temperature",
      \.training.evaluation.temperature,
      .notNegative,
      "Sampling temperature; 0 is greedy."
    ),
    ConfigurationKey(
      "evaluation.max_completion_length",
      \.training.evaluation.maxCompletionLength,
      .whole(1),
      null: "grpo.max_completion_length",
      "Longest completion in tokens."
    ),
    ConfigurationKey(
      "evaluation.top_p",
      \.training.evaluation.topP,
      .positiveShare,
      "Nucleus sampling."
    ),
    ConfigurationKey(
      "evaluation.top_k",
      \.training.evaluation.topK,
      .whole(0),
      "Sample among the k likeliest; 0 for all."
    ),
    ConfigurationKey(
      "evaluation.min_p",
      \.training.evaluation.minP,
      .share,
      null: "all",
      "Sample among tokens with at least this share of the likeliest's probability."
    ),
    ConfigurationKey(
      "evaluation.repetition_penalty",
      \.training.evaluation.repetitionPenalty,
      .positive,
      "Divides the logits of tokens that occurred."
    ),
    ConfigurationKey(
      "evaluation.per_device_eval_batch_size",
      \.training.evaluation.perDeviceEvalBatchSize,
      .whole(1),
      "Completions that are generated and scored together, in whole prompts; an interrupted `stepwise eval` does at most so many again."
    ),
    ConfigurationKey(
      "evaluation.categories",
      \.evaluationCategories,
      .texts("columns of the rows"),
      null: "difficulty, where rows have it",
      "Columns by whose values `stepwise eval` splits its results."
    ),
    ConfigurationKey(
      "evaluation.sets",
      type: "a list of tables with \(EvaluationSetConfiguration.keys.joined(separator: ", "))",
      "More held-out rows for `stepwise eval`; with `clean`, perturbations of another set, paired with its rows.",
      decode: { value, configuration throws(ConfigurationError) in
        configuration.evaluationSets = try EvaluationSetConfiguration.list(
          value,
          path: "evaluation.sets"
        )
      },
      encode: { .array($0.evaluationSets.map(\.encoded)) }
    ),
    ConfigurationKey(
      "evaluation.sample_count",
      \.training.evaluation.sampleCount,
      .whole(0),
      "Sample generations that are kept for reading."
    ),
  ]

  private static func dataset(
    _ path: String,
    _ field: any (WritableKeyPath<RunConfiguration, DatasetConfiguration?> & Sendable),
    _ summary: String,
    part: DatasetSplit.Part = .train
  ) -> ConfigurationKey {
    let isMixed = part == .train
    return ConfigurationKey(
      path,
      type: "a plugin's id or path, or a table with "
        + DatasetSource.keys.joined(separator: ", ")
        + (isMixed ? ", or a list of tables that have weight and name too" : ""),
      summary,
      decode: { value, configuration throws(ConfigurationError) in
        configuration[keyPath: field] =
          value.isNull
          ? nil : try ComponentReader.dataset(value, path: path, part: part, mayMix: isMixed)
      },
      encode: { $0[keyPath: field]?.encoded ?? .null }
    )
  }

  private static func slot(
    _ path: String,
    _ field: any (WritableKeyPath<RunConfiguration, ComponentConfiguration?> & Sendable),
    _ summary: String
  ) -> ConfigurationKey {
    ConfigurationKey(
      path,
      type: "a plugin's id or path, or a table with "
        + ComponentConfiguration.keys.joined(separator: ", "),
      summary,
      decode: { value, configuration throws(ConfigurationError) in
        configuration[keyPath: field] =
          value.isNull ? nil : try ComponentReader.component(value, path: path)
      },
      encode: { $0[keyPath: field]?.encoded ?? .null }
    )
  }
}
