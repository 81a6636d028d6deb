/// What `make run` and a bare `stepwise train` train: a small model from scratch learns three-person Knights-and-Knaves puzzles,
/// first from few demonstrations, then under the SASR controller.
enum DefaultRecipe {
  /// Runs are called after it.
  static let fileName = "knights-and-knaves.yaml"

  static let yaml = """
    # A model of 0.8 M parameters and a tokenizer made from the puzzles' words.
    model:
      config:
        model_type: qwen3
        hidden_size: 128
        intermediate_size: 384
        num_hidden_layers: 4
        num_attention_heads: 4
        num_key_value_heads: 2
        head_dim: 32
        tie_word_embeddings: true
    tokenizer: word_level
    seed: 1

    max_steps: 900
    save_steps: 100
    save_total_limit: 12
    logging_steps: 10
    lr_scheduler_type: linear

    # Demonstrations alone would be overfitted, and rewards alone would find nothing to reinforce.
    strategy:
      plugin: sasr
      parameters: {warmup_steps: 700, gamma: 3}
    demonstrations:
      plugin: knights-and-knaves
      parameters: {people: 3, form: terse, size: 3000, names: 6, demonstrations: cot}
    prompts:
      plugin: knights-and-knaves
      parameters: {people: 3, form: terse, size: 50000, names: 6, seed: 1, demonstrations: none}
    rewards:
      - plugin: knights-and-knaves
    control: sft

    evaluation:
      prompts:
        plugin: knights-and-knaves
        parameters: {people: 3, form: terse, split: test, size: 1000, names: 6}
      max_prompts: 1000
      eval_on_start: true
      eval_steps: 100

    sft:
      learning_rate: 2.0e-3
      per_device_train_batch_size: 64
      max_length: 256
    grpo:
      learning_rate: 1.5e-4
      per_device_train_batch_size: 256
      num_generations: 8
      max_completion_length: 128

    """

  /// Arguments that cut it down.
  static let smoke = [
    "max_steps=60", "strategy.parameters.warmup_steps=40", "save_steps=20",
    "evaluation.max_prompts=100", "evaluation.eval_steps=20",
  ]
}
