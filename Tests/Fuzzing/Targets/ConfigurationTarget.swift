import Foundation
import LanguageModels
import Tokenizers

/// `config.json` and `generation_config.json` of a checkpoint.
struct ConfigurationTarget: FuzzTarget {
  private let configurations: [JSONValue] = [
    [
      "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "vocab_size": 512,
      "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
      "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-6,
      "rope_theta": 1_000_000.0, "tie_word_embeddings": true, "max_position_embeddings": 2048,
      "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "bfloat16", "hidden_act": "silu",
      "use_sliding_window": false, "initializer_range": 0.02,
    ],
    [
      "model_type": "llama", "vocab_size": 512, "hidden_size": 64, "intermediate_size": 128,
      "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4,
      "rms_norm_eps": 1e-5, "max_position_embeddings": 8192, "eos_token_id": [2, 3],
      "rope_scaling": [
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 2048,
      ],
    ],
    [
      "model_type": "qwen3", "vocab_size": 512, "hidden_size": 64, "intermediate_size": 128,
      "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32,
      "rms_norm_eps": 1e-6, "max_position_embeddings": 4096, "attention_bias": false,
    ],
    [
      "bos_token_id": 1, "eos_token_id": [2, 3], "pad_token_id": 0, "do_sample": true,
      "temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0.0, "repetition_penalty": 1.1,
      "max_new_tokens": 100,
    ],
  ]

  var seedCount: Int { configurations.count }
  func seeds() -> [[UInt8]] { configurations.map { JSONMutation.text($0) } }

  func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
    JSONMutation.mutate(input, with: other, &random)
  }

  func run(_ input: [UInt8], file: String) throws -> String {
    _ = try? GenerationConfiguration(json: Data(input), source: "f").json()
    let configuration = try DecoderConfiguration(json: Data(input), source: "f")
    return "\(configuration.family) \(configuration.ropeScaling)"
  }
}
