import Tensors
import Training

/// Every key, in the order in which the resolved configuration and the documentation show them.
enum ConfigurationKeys {
  static let all: [ConfigurationKey] =
    model + adapter + shared + sft + sftRows + grpo + components + steering + evaluation + numerics

  static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

  /// Sections are tables that hold keys.
  static let sections = Set(all.map(\.section)).subtracting([""])

  /// Keys of one section, without its name.
  static func names(in section: String) -> [String] {
    var names = all.filter { $0.section == section }.map(\.name)
    if section.isEmpty { names += sections.filter { !$0.contains(".") } }
    return names
  }

  private static let model = [
    ConfigurationKey(
      "model_name_or_path",
      \.modelNameOrPath,
      .text("a directory in Hugging Face's form"),
      null: "a model from model.config",
      "The model to start from."
    ),
    ConfigurationKey(
      "model.config",
      \.modelConfig,
      .table,
      null: "a model from model_name_or_path",
      "Contents of a config.json (model_type, hidden_size, ...): a model with random weights."
    ),
    ConfigurationKey(
      "tokenizer",
      \.tokenizer,
      .text("word_level, byte_level_bpe or a path"),
      null: "the model's own",
      "A tokenizer.json or its directory; word_level and byte_level_bpe make one from the data."
    ),
    ConfigurationKey(
      "tokenizer_vocab_size",
      \.tokenizerVocabSize,
      .whole(260),
      "Tokens of a byte_level_bpe tokenizer."
    ),
    ConfigurationKey(
      "chat_template_path",
      \.chatTemplatePath,
      .text("a path"),
      null: "the tokenizer's own template",
      "A Jinja chat template."
    ),
    ConfigurationKey(
      "output_dir",
      \.outputDir,
      .text("a path"),
      null: "runs/NAME",
      "Where the run goes; runs are never mixed."
    ),
  ]

  private static let shared = [
    ConfigurationKey(
      "seed",
      \.training.seed,
      .seed,
      "Seed of everything random in the run."
    ),
    ConfigurationKey(
      "max_steps",
      \.training.maxSteps,
      .whole(1, special: [-1: "num_train_epochs"]),
      "Optimizer steps."
    ),
    ConfigurationKey(
      "num_train_epochs",
      \.training.numTrainEpochs,
      .positive,
      "Passes over the demonstrations when max_steps is -1."
    ),
    ConfigurationKey(
      "lr_scheduler_type",
      \.training.lrSchedulerType,
      .choice(later: [
        "cosine_with_restarts", "polynomial", "inverse_sqrt", "reduce_lr_on_plateau",
        "cosine_with_min_lr", "warmup_stable_decay",
      ]),
      "Shape of the learning rate over the run."
    ),
    ConfigurationKey(
      "warmup_steps",
      \.training.warmupSteps,
      .whole(0),
      "Optimizer steps in which the learning rate rises from 0."
    ),
    ConfigurationKey(
      "adam_beta1",
      \.training.adamBeta1,
      .decay,
      "AdamW's decay of the first moment."
    ),
    ConfigurationKey(
      "adam_beta2",
      \.training.adamBeta2,
      .decay,
      "AdamW's decay of the second moment."
    ),
    ConfigurationKey(
      "adam_epsilon",
      \.training.adamEpsilon,
      .positive,
      "Added to the root of the second moment."
    ),
    ConfigurationKey(
      "weight_decay",
      \.training.weightDecay,
      .notNegative,
      "Decoupled weight decay; not applied to norms and biases."
    ),
    ConfigurationKey(
      "max_grad_norm",
      \.training.maxGradNorm,
      .notNegative,
      "Global-norm clip of the gradient; 0 clips nothing."
    ),
    ConfigurationKey(
      "gradient_checkpointing",
      \.training.gradientCheckpointing,
      .flag,
      "Keep activations at the blocks' borders alone, and compute the rest again in the backward: less memory for a third more work, "
        + "and the same bits. Off, unlike in TRL."
    ),
    ConfigurationKey(
      "logging_steps",
      \.training.loggingSteps,
      .whole(1),
      "Metrics are averaged and written every so many optimizer steps."
    ),
    ConfigurationKey(
      "log_gradient_parts",
      \.training.logGradientParts,
      .flag,
      "Whether each logged step measures the gradients of the SFT loss, the surrogate and the KL term apart: norms and cosines, "
        + "gradients/...; the run's bits stay."
    ),
    ConfigurationKey(
      "save_steps",
      \.training.saveSteps,
      .whole(0),
      "A checkpoint every so many optimizer steps; 0 for the end only."
    ),
    ConfigurationKey(
      "save_total_limit",
      \.training.saveTotalLimit,
      .whole(1),
      "Checkpoints that are kept."
    ),
    ConfigurationKey(
      "shuffle_dataset",
      \.training.shuffleDataset,
      .flag,
      "Whether the rows are shuffled."
    ),
    ConfigurationKey(
      "probe_size",
      \.training.probeSize,
      .whole(1),
      "Held-out demonstrations in the probe of strategies that measure."
    ),
  ]

  private static let numerics = [
    ConfigurationKey(
      "numerics.threads",
      \.numerics.threads,
      .whole(1),
      null: "one on each CPU",
      "Worker threads. Results do not depend on them."
    ),
    ConfigurationKey(
      "numerics.matrix_provider",
      \.numerics.matrixProvider,
      .choice(),
      "Who multiplies matrices. Results depend on it, so a run records it, as the two keys below."
    ),
    ConfigurationKey(
      "bf16",
      \.numerics.bf16,
      .flag,
      "Multiply matrices in BF16 and add up in FP32; weights, gradients and moments stay FP32."
    ),
    ConfigurationKey(
      "numerics.openblas_coretype",
      \.numerics.openblasCoretype,
      .text("a core type, for example Haswell"),
      null: "that of this CPU",
      "OpenBLAS kernels, with matrix_provider: openblas."
    ),
    ConfigurationKey(
      "numerics.kernel_level",
      \.numerics.kernelLevel,
      .choice(),
      null: "the best of this CPU",
      "Instruction set of Stepwise's own kernels."
    ),
  ]
}
