import Components

/// Keys of TRL that Stepwise has under another name, or not yet.
///
/// With its harmless value such a key is taken without a word, so that a TRL user's file needs few changes.
enum UnsupportedKeys {
  struct Entry: Sendable {
    /// The key without its section.
    var name: String
    /// Values that ask for nothing.
    var harmless: [ParameterValue]
    /// What to do about any other.
    var cure: String
  }

  static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  private static let all: [Entry] = renamed + later

  private static let renamed = [
    Entry(
      name: "reward_weights",
      harmless: [.null],
      cure: "Give each entry of rewards: its own weight"
    ),
    Entry(name: "reward_funcs", harmless: [.null], cure: "List the rewards under rewards:"),
    Entry(
      name: "eval_strategy",
      harmless: [.null, .string("no"), .bool(false)],
      cure: "Set evaluation.eval_steps; 0 evaluates at the end only"
    ),
    Entry(name: "do_eval", harmless: [.null, .bool(false)], cure: "Add an evaluation: section"),
    Entry(
      name: "resume_from_checkpoint",
      harmless: [.null, .bool(false)],
      cure: "Resume with `stepwise train --resume RUN`"
    ),
    Entry(
      name: "dataset_name",
      harmless: [.null],
      cure: "Choose a dataset plugin under prompts: and demonstrations:"
    ),
    Entry(
      name: "dataset_train_split",
      harmless: [.null, .string("train")],
      cure: "Choose the rows with the dataset plugin's parameters"
    ),
    Entry(
      name: "dataset_test_split",
      harmless: [.null, .string("test")],
      cure: "Choose the rows with the parameters of evaluation.prompts"
    ),
    Entry(
      name: "dataset_text_field",
      harmless: [.null, .string("text")],
      cure: "Choose the column with the dataset plugin's parameters"
    ),
    Entry(
      name: "warmup_ratio",
      harmless: [.null, .int(0), .double(0)],
      cure: "Set warmup_steps, in optimizer steps"
    ),
    Entry(
      name: "max_prompt_length",
      harmless: [.null],
      cure: "Remove the key: prompts are not cut"
    ),
  ]

  private static let off: [ParameterValue] = [.null, .bool(false)]
  private static let zero: [ParameterValue] = [.null, .int(0), .double(0)]
  private static let remove = "Remove the key"

  private static let later = [
    Entry(
      name: "padding_free",
      harmless: [.null, .bool(false), .bool(true)],
      cure: "Remove the key: batches have no padding anyway"
    ),
    Entry(
      name: "truncation_mode",
      harmless: [.null, .string("keep_start")],
      cure: "Use keep_start, or set sft.on_overlong_row to skip or error"
    ),
    Entry(name: "eos_token", harmless: [.null], cure: "Set it in the tokenizer's own files"),
    Entry(
      name: "top_entropy_quantile",
      harmless: [.null, .int(1), .double(1)],
      cure: "Use 1.0"
    ),
    Entry(name: "off_policy_mask_threshold", harmless: [.null], cure: remove),
    Entry(name: "sync_ref_model", harmless: off, cure: remove),
    Entry(name: "ref_model_mixup_alpha", harmless: [.null, .double(0.6)], cure: remove),
    Entry(name: "ref_model_sync_steps", harmless: [.null, .int(512)], cure: remove),
    Entry(name: "entropy_coef", harmless: zero, cure: "Use 0"),
    Entry(
      name: "gradient_checkpointing_kwargs",
      harmless: [.null, .object([])]
        + [true, false].map { .object([ParameterEntry("use_reentrant", .bool($0))]) },
      cure: "Remove the key: there is one way of checkpointing"
    ),
    Entry(
      name: "lora_dropout",
      harmless: zero,
      cure: "Use 0: adapters are trained without dropout"
    ),
    Entry(
      name: "lora_modules_to_save",
      harmless: [.null, .array([])],
      cure: "Remove the key: only A and B of projections are trained"
    ),
    Entry(name: "lora_target_parameters", harmless: [.null], cure: "Use lora_target_modules"),
    Entry(name: "lora_task_type", harmless: [.null, .string("CAUSAL_LM")], cure: "Use CAUSAL_LM"),
    Entry(name: "use_dora", harmless: off, cure: "Use false, with use_rslora where ranks are high"),
    Entry(name: "load_in_8bit", harmless: off, cure: "Use false: bases are not quantised"),
    Entry(name: "load_in_4bit", harmless: off, cure: "Use false: bases are not quantised"),
    Entry(
      name: "dtype",
      harmless: [.null, .string("float32"), .string("auto")],
      cure: "Use float32: weights of other types are converted when they are read"
    ),
    Entry(name: "fp16", harmless: off, cure: "Use bf16: true, or false for float32"),
    Entry(
      name: "optim",
      harmless: [.null, .string("adamw_torch"), .string("adamw_torch_fused")],
      cure: "Use adamw_torch"
    ),
    Entry(
      name: "report_to",
      harmless: [.null, .string("none"), .array([])],
      cure: "Use none: metrics.jsonl holds every metric"
    ),
    Entry(
      name: "logging_strategy",
      harmless: [.null, .string("steps")],
      cure: "Use steps, with logging_steps"
    ),
    Entry(
      name: "save_strategy",
      harmless: [.null, .string("steps")],
      cure: "Use steps, with save_steps"
    ),
    Entry(name: "use_vllm", harmless: off, cure: "Use false: Stepwise generates by itself"),
    Entry(name: "push_to_hub", harmless: off, cure: remove),
  ]
}
