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
        intermediate_size: 352
        num_hidden_layers: 4
        num_attention_heads: 4
        num_key_value_heads: 4
        head_dim: 32
        initializer_range: 0.05
        tie_word_embeddings: true
    tokenizer: word_level
    seed: 1

    max_steps: 300
    save_steps: 50
    save_total_limit: 8
    logging_steps: 10
    lr_scheduler_type: constant_with_warmup
    warmup_steps: 20
    # AdamW's second moment is shared: without a tight clip the first GRPO steps, whose gradients are larger than the last ones of
    # the warm-up, undo what was learned (docs/experiments.md).
    max_grad_norm: 0.3

    # Few demonstrations: alone they are overfitted. Many prompts: alone they give nothing to reinforce. The warm-up's learning rate
    # falls from ten times sft.learning_rate to it, so that a later gain is not the drop of the rate.
    strategy:
      plugin: sasr
      parameters: {warmup_steps: 100, gamma: 5, warmup_learning_rate_factor: 10, warmup_decay: cosine}
    demonstrations:
      plugin: knights-and-knaves
      parameters: {people: 3, form: terse, size: 664, names: 4, demonstrations: direct, distinct_forms: true}
    prompts:
      plugin: knights-and-knaves
      parameters: {people: 3, form: terse, size: 60000, names: 4, seed: 1, demonstrations: none}
    rewards:
      - plugin: knights-and-knaves
    # Afterwards, SFT goes on from the end of the warm-up for the same time: what would have happened without GRPO.
    control: sft

    evaluation:
      prompts:
        plugin: knights-and-knaves
        parameters:
          {people: 3, form: terse, split: test, size: 1000, names: 4, distinct_forms: true, demonstrations: none}
      max_prompts: 1000
      eval_on_start: true
      eval_steps: 50

    sft:
      learning_rate: 1.0e-4
      per_device_train_batch_size: 64
      max_length: 128
    grpo:
      learning_rate: 5.0e-4
      per_device_train_batch_size: 256
      gradient_accumulation_steps: 2
      num_generations: 8
      max_completion_length: 12

    """

  /// Arguments that cut it down.
  static let smoke = [
    "max_steps=60", "strategy.parameters.warmup_steps=40", "save_steps=20",
    "evaluation.max_prompts=100", "evaluation.eval_steps=20",
  ]
}
