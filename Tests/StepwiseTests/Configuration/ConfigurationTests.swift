import Components
import Testing
import Training

@testable import stepwise

@Suite struct ConfigurationTests {
  static let minimal = """
    model_name_or_path: models/tiny
    strategy: mixer
    prompts: {plugin: puzzles, parameters: {people: 3}}
    rewards:
      - plugin: exact
        weight: 2
      - form

    """

  private func load(_ more: String = "", _ overrides: [String] = []) throws -> LoadedConfiguration {
    try RunConfiguration.load(yaml: Self.minimal + more, file: "run.yaml", overrides: overrides)
  }

  private func failure(_ more: String, _ overrides: [String] = []) -> ConfigurationError? {
    #expect(throws: ConfigurationError.self) { try load(more, overrides) }
  }

  @Test func defaultsAreTRLs() throws {
    let training = try load().configuration.training
    #expect(training == TrainingConfiguration())
    #expect(training.seed == 42 && training.grpo.numGenerations == 8)
    #expect(training.grpo.learningRate == 1e-6 && training.sft.learningRate == 2e-5)
  }

  @Test func sectionsHoldTheirOwn() throws {
    let loaded = try load(
      """
      seed: 7
      max_steps: 900
      sft:
        learning_rate: 1e-3
        loss_type: dft
      grpo: {learning_rate: 3e-4, loss_type: dr_grpo, scale_rewards: none, top_k: 0, min_p: null}
      evaluation:
        prompts: puzzles
        eval_steps: 50
      numerics:
        threads: 2
      """
    )
    let configuration = loaded.configuration
    #expect(configuration.training.seed == 7)
    #expect(configuration.training.sft.lossType == .dft)
    #expect(configuration.training.grpo.lossType == .drGRPO)
    #expect(configuration.training.grpo.scaleRewards == .none)
    #expect(configuration.training.sft.learningRate == 1e-3)
    #expect(configuration.training.grpo.learningRate == 3e-4)
    #expect(configuration.evaluationPrompts?.single == ComponentConfiguration(plugin: "puzzles"))
    #expect(configuration.prompts?.single?.parameters["people"] == .int(3))
    #expect(configuration.rewards.map(\.weight) == [2, 1])
    #expect(configuration.rewards[1].component.plugin == "form")
    #expect(configuration.numerics.threads == 2)
    #expect(loaded.place(of: "max_steps") == "run.yaml:9:12")
  }

  @Test(arguments: [
    ("sede: 1", "run.yaml:8:1: sede: unknown key. Did you mean seed?"),
    (
      "grpo: {num_generation: 4}",
      "run.yaml:8:8: grpo.num_generation: unknown key. Did you mean grpo.num_generations?"
    ),
    (
      "learning_rate: 1e-5",
      "run.yaml:8:1: learning_rate: unknown key. Did you mean sft.learning_rate or grpo.learning_rate?"
    ),
    (
      "num_generations: 4",
      "run.yaml:8:1: num_generations: unknown key. Did you mean grpo.num_generations or evaluation.num_generations?"
    ),
    (
      "zzz_qqq: 4",
      "run.yaml:8:1: zzz_qqq: unknown key. `stepwise train --help-config` lists all keys."
    ),
    (
      "seed: abc",
      "run.yaml:8:7: seed: \"abc\" (text) is not a whole number, 0 to 9223372036854775807. Write a whole number, 0 to 9223372036854775807."
    ),
    ("seed: -1", "run.yaml:8:7: seed: -1 is not a whole number, 0 to"),
    (
      "max_steps: 0",
      "run.yaml:8:12: max_steps: 0 is not a whole number, 1 or more, or -1 for num_train_epochs"
    ),
    ("max_steps: 99999999999", "max_steps: 99999999999 is not a whole number"),
    ("logging_steps: 2.5", "logging_steps: 2.5 (a real number) is not a whole number, 1 or more"),
    (
      "max_grad_norm: '1.0'",
      "max_grad_norm: \"1.0\" (text) is not a real number, 0 or more. Write a real number, 0 or more, without quotes."
    ),
    ("shuffle_dataset: yes", "shuffle_dataset: \"yes\" (text) is not true or false"),
    ("adam_beta1: 1.0", "adam_beta1: 1.0 is not a real number, 0 or more, below 1"),
    ("adam_beta1: .nan", "adam_beta1: null is not a real number"),
    (
      "lr_scheduler_type: cosin",
      "lr_scheduler_type: \"cosin\" is not one of linear, cosine, constant, constant_with_warmup. Did you mean cosine?"
    ),
    ("grpo: {loss_type: sapo}", "grpo.loss_type: sapo is not supported yet. Use one of grpo, bnpo"),
    ("sft: 3", "run.yaml:8:6: sft: 3 (a whole number) is not a table of keys"),
    ("demonstrations: {parameters: {}}", "demonstrations.plugin: the plugin is missing"),
    (
      "demonstrations: {plugin: a, parameter: {}}",
      "demonstrations.parameter: unknown key. Did you mean parameters?"
    ),
    (
      "demonstrations: {plugin: a, people: 3}",
      "demonstrations.people: unknown key. A plugin's own settings go into demonstrations.parameters."
    ),
    ("demonstrations: [[a]]", "is not a plugin"),
    (
      "use_dora: true",
      "run.yaml:8:11: use_dora: true is not supported yet. Use false, with use_rslora where ranks are high."
    ),
    ("lora_dropout: 0.05", "lora_dropout: 0.05 is not supported yet. Use 0: adapters are trained"),
    ("lora_r: 0", "lora_r: 0 is not a whole number, 1 or more"),
    (
      "lora_target_modules: q_proj",
      "lora_target_modules: \"q_proj\" (text) is not a list of names such as q_proj, or all-linear"
    ),
    ("lora_target_modules: []", "lora_target_modules: [] is not a list of names"),
    ("lora_modules_to_save: [lm_head]", "is not supported yet. Remove the key: only A and B"),
    (
      "adapter_name_or_path: somewhere",
      "adapter_name_or_path: somewhere is not used: without use_peft all parameters are trained"
    ),
    (
      "eval_strategy: steps",
      "eval_strategy: \"steps\" is not supported yet. Set evaluation.eval_steps"
    ),
    (
      "model: {config: {hidden_size: 64}}",
      "run.yaml:8:17: model.config: model_name_or_path is set too"
    ),
  ])
  func errorsNamePlaceKeyValueAndCure(line: String, message: String) throws {
    let error = try #require(failure(line + "\n"))
    #expect(error.description.contains(message), "\(error)")
    #expect(error.place.hasPrefix("run.yaml:8:"))
    #expect(!error.cure.isEmpty)
  }

  @Test func overlongRowsAreCutUnlessToldOtherwise() throws {
    #expect(try load("").configuration.training.sft.onOverlongRow == .truncate)
    let loaded = try load("sft: {on_overlong_row: skip}\n")
    #expect(loaded.configuration.training.sft.onOverlongRow == .skip)
    let error = try #require(failure("sft: {on_overlong_row: skp}\n"))
    #expect(error.description.contains("Did you mean skip?"), "\(error)")
    // TRL's own key names what is there in its place.
    let keepEnd = try #require(failure("sft: {truncation_mode: keep_end}\n"))
    #expect(keepEnd.description.contains("sft.on_overlong_row"), "\(keepEnd)")
  }

  @Test func harmlessKeysOfTRLAreTaken() throws {
    let loaded = try load(
      """
      use_dora: false
      lora_dropout: 0.0
      lora_modules_to_save: null
      dtype: float32
      report_to: none
      sft: {packing: false, truncation_mode: keep_start}
      grpo: {top_entropy_quantile: 1.0}

      """
    )
    #expect(loaded.configuration.training == TrainingConfiguration())
  }

  @Test(arguments: [
    (
      "grpo: {num_generations: 6}",
      "grpo.num_generations: 6 completions for each prompt do not divide the generation batch of 8 "
        + "(per_device_train_batch_size 8 times steps_per_generation 1). Set it to 4 or 8, or "
        + "grpo.per_device_train_batch_size to 6 or 12."
    ),
    (
      "grpo: {num_generations: 16, per_device_train_batch_size: 4, steps_per_generation: 3}",
      "Set it to 12, or grpo.per_device_train_batch_size to 16."
    ),
    (
      "grpo: {generation_batch_size: 20, per_device_train_batch_size: 8}",
      "20 does not divide by per_device_train_batch_size 8. Set it to 16 or 24."
    ),
    (
      "grpo: {generation_batch_size: 24, per_device_train_batch_size: 8, num_generations: 16}",
      "Set it to 12 or 24, or grpo.generation_batch_size to 16 or 32."
    ),
    (
      "grpo: {generation_batch_size: 16, steps_per_generation: 2}",
      "16 is set together with steps_per_generation 2"
    ),
    ("grpo: {num_generations: 1}", "1 is not a whole number, 2 or more"),
    (
      "grpo: {per_device_train_batch_size: 2000000000, num_generations: 7}", "do not divide"
    ),
  ])
  func batchesThatDoNotDivideOfferTheNearest(line: String, message: String) throws {
    let error = try #require(failure(line + "\n"))
    #expect(error.description.contains(message), "\(error)")
  }

  @Test func missingPartsAreNamed() {
    func problem(_ yaml: String) -> String {
      let error = #expect(throws: ConfigurationError.self) {
        try RunConfiguration.load(yaml: yaml, file: "run.yaml")
      }
      return error?.description ?? ""
    }
    #expect(problem("").contains("no model is named"))
    #expect(problem("model_name_or_path: m").contains("no strategy is named"))
    #expect(problem("{model_name_or_path: m, strategy: s}").contains("neither a prompts: nor"))
    #expect(
      problem("{model_name_or_path: m, strategy: s, prompts: p, evaluation: {prompts: p}}")
        .contains("without a reward")
    )
    #expect(problem("just text").contains("is not a table of keys"))
  }

  @Test func argumentsGoOverTheFile() throws {
    let loaded = try load(
      "grpo: {beta: 0.1}\n",
      [
        "seed=9", "grpo.beta=0.04", "sft.learning_rate=1e-4", "rewards.0.weight=0.5",
        "prompts.parameters.people=[2, 3]", "strategy.parameters.gamma=3",
        "evaluation.prompts.plugin=puzzles",
      ]
    )
    let configuration = loaded.configuration
    #expect(configuration.training.seed == 9)
    #expect(configuration.training.grpo.beta == 0.04)
    #expect(configuration.training.sft.learningRate == 1e-4)
    #expect(configuration.rewards[0].weight == 0.5)
    #expect(configuration.prompts?.single?.parameters["people"] == .array([.int(2), .int(3)]))
    #expect(
      configuration.strategy
        == ComponentConfiguration(
          plugin: "mixer",
          parameters: .object([ParameterEntry("gamma", .int(3))])
        )
    )
    #expect(configuration.evaluationPrompts?.single?.plugin == "puzzles")
    #expect(loaded.place(of: "seed") == "command line, seed=9")
  }

  @Test(arguments: [
    ("seed", "not of the form key=value"), ("=3", "a part of the key is empty"),
    ("grpo..beta=1", "a part of the key is empty"), ("sede=1", "Did you mean seed?"),
    ("seed=x", "command line, seed=x: seed: \"x\" (text)"),
    ("rewards.7.weight=1", "the list has 2 elements"),
    ("model_name_or_path.x=1", "is not a table"), ("seed=[1", "not YAML"),
  ])
  func badArgumentsAreNamed(argument: String, message: String) throws {
    let error = try #require(failure("", [argument]))
    #expect(error.description.contains(message), "\(error)")
    #expect(error.description.contains(argument), "\(error)")
  }

  @Test func onlyTheBuiltinKernelsMultiplyInBF16() throws {
    #expect(try load("bf16: true").configuration.numerics.bf16)
    let error = try #require(failure("bf16: true\nnumerics: {matrix_provider: openblas}"))
    #expect(error.description.contains("bf16: the matrix provider openblas multiplies in FP32"))
    #expect(error.description.contains("Set numerics.matrix_provider to builtin"))
  }

  @Test func theResolvedConfigurationReadsBackEqual() throws {
    var configuration = try load(
      """
      output_dir: "runs/a b"
      evaluation: {prompts: {plugin: p, parameters: {n: 3, s: "1"}}, temperature: 0.7}
      grpo: {epsilon_high: 0.28, min_p: 0.05, learning_rate: 1.5e-4}
      numerics: {openblas_coretype: Haswell, matrix_provider: openblas, kernel_level: x86-64-v3}
      """,
      ["strategy.parameters={gamma: 3, norm: last}"]
    ).configuration
    configuration.rewards[1].name = "form"
    let back = try RunConfiguration.load(yaml: configuration.yaml, file: "config.yaml")
    #expect(back.configuration == configuration, "\(configuration.yaml)")
  }

  @Test func everyKeyIsDocumentedAndItsDefaultReadsBack() throws {
    for key in ConfigurationKeys.all {
      #expect(ConfigurationReference.text.contains("\n  \(key.path)\n"))
      #expect(ConfigurationReference.markdown.contains("| `\(key.path)` |"))
      #expect(key.summary.hasSuffix("."), "\(key.path)")
      let value = try YAMLReader.read(
        YAMLWriter.write(key.defaultValue),
        from: .file("default")
      )
      var configuration = RunConfiguration()
      try key.decode(value, &configuration)
      #expect(configuration == RunConfiguration(), "\(key.path)")
    }
    #expect(ConfigurationKeys.byPath.count == ConfigurationKeys.all.count)
  }

  /// A key whose reader and writer met different fields would pass with defaults alone.
  @Test func noTwoKeysShareAField() throws {
    for key in ConfigurationKeys.all {
      let other: ParameterValue
      switch key.defaultValue {
      case .int(let value): other = .int(value + 2)
      case .double(let value): other = .double(value / 2 + 0.25)
      case .bool(let value): other = .bool(!value)
      default: continue
      }
      var configuration = RunConfiguration()
      try key.decode(
        LocatedValue(content: .scalar(other), origin: .commandLine("test")),
        &configuration
      )
      for another in ConfigurationKeys.all {
        let expected = another.path == key.path ? other : another.defaultValue
        #expect(another.encode(configuration) == expected, "\(key.path) and \(another.path)")
      }
    }
  }
}
