import Components

/// What `stepwise train --recipe gsm8k --data PATH` trains: a small model from scratch on GSM8K as its authors publish it, first on the
/// worked solutions, then under GRPO with GSM8K's own reward. A model of this size gets few problems right; the way there is the same
/// for a large one.
enum GSM8KRecipe {
  /// Runs are called after it.
  static let fileName = "gsm8k.yaml"

  /// - Parameter data: the folder with train.jsonl and test.jsonl, plain or gzip.
  static func yaml(data: String) -> String {
    let path = ParameterValue.string(data).json
    return """
      # A model of 2 M parameters and a tokenizer of 1,024 tokens made from the problems. For a checkpoint: model_name_or_path: PATH in
      # place of these two, and smaller learning rates.
      model:
        config:
          model_type: qwen3
          hidden_size: 192
          intermediate_size: 512
          num_hidden_layers: 4
          num_attention_heads: 6
          num_key_value_heads: 2
          head_dim: 32
          initializer_range: 0.05
          tie_word_embeddings: true
      tokenizer: byte_level_bpe
      tokenizer_vocab_size: 1024
      seed: 1

      max_steps: 360
      save_steps: 120
      logging_steps: 10
      lr_scheduler_type: constant_with_warmup
      warmup_steps: 20
      max_grad_norm: 0.5

      strategy:
        plugin: sft-then-grpo
        parameters: {warmup_steps: 300, warmup_learning_rate_factor: 10, warmup_decay: cosine}
      demonstrations:
        plugin: gsm8k
        parameters: {path: \(path)}
      prompts:
        plugin: gsm8k
        parameters: {path: \(path), demonstrations: none}
      rewards:
        - plugin: gsm8k

      evaluation:
        prompts:
          plugin: gsm8k
          parameters: {path: \(path), split: test, demonstrations: none}
        max_prompts: 500
        eval_steps: 300

      # Rows of 60 to 400 tokens, packed into sequences of 512.
      sft:
        learning_rate: 1.0e-4
        packing: true
        per_device_train_batch_size: 16
        max_length: 512
      grpo:
        learning_rate: 1.0e-4
        per_device_train_batch_size: 64
        num_generations: 8
        max_completion_length: 160

      """
  }

  /// Arguments that cut it down to a look at the whole way.
  static let smoke = [
    "max_steps=24", "strategy.parameters.warmup_steps=20", "save_steps=12",
    "evaluation.max_prompts=50", "evaluation.eval_steps=0", "sft.per_device_train_batch_size=4",
    "grpo.per_device_train_batch_size=16", "grpo.max_completion_length=48",
  ]
}

/// The recipes that ship, by name.
enum Recipe: String, CaseIterable {
  case knightsAndKnaves = "knights-and-knaves"
  case gsm8k

  /// The configuration's text and the file that it could have stood in.
  ///
  /// - Parameter data: where the recipe's files are, for one that needs files.
  /// - Throws: `RecipeError` where the data are missing or not wanted.
  func configuration(data: String?) throws(RecipeError) -> (yaml: String, file: String) {
    switch self {
    case .knightsAndKnaves:
      if let data {
        throw RecipeError(
          "--data \(data): the recipe \(rawValue) draws its puzzles from a seed. Leave it out."
        )
      }
      return (DefaultRecipe.yaml, DefaultRecipe.fileName)
    case .gsm8k:
      guard let data, !data.isEmpty else {
        throw RecipeError(
          "The recipe gsm8k needs --data PATH, the folder with GSM8K's train.jsonl and test.jsonl, "
            + "plain or gzip, from github.com/openai/grade-school-math."
        )
      }
      return (GSM8KRecipe.yaml(data: data), GSM8KRecipe.fileName)
    }
  }

  /// Arguments that cut it down.
  var smoke: [String] {
    switch self {
    case .knightsAndKnaves: DefaultRecipe.smoke
    case .gsm8k: GSM8KRecipe.smoke
    }
  }
}

/// A recipe was named with too little, or with too much.
struct RecipeError: Error {
  var message: String

  init(_ message: String) { self.message = message }
}
