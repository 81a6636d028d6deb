import ArgumentParser
import Foundation
import LanguageModels
import Tensors

/// The models that the performance page speaks of, with random weights.
enum BenchmarkModel {
  static func make(_ options: CommonOptions) throws -> DecoderModel {
    let shape: (hidden: Int, layers: Int, intermediate: Int, vocabulary: Int)
    switch options.model {
    case "tiny": shape = (256, 4, 704, 512)
    case "small": shape = (512, 8, 1_408, 8_192)
    default: throw ValidationError("--model \(options.model): expected tiny or small")
    }
    guard let provider = CPUOptions.MatrixProvider(rawValue: options.provider) else {
      throw ValidationError("--provider \(options.provider): expected builtin or openblas")
    }
    let json = """
      {"model_type": "qwen2", "hidden_size": \(shape.hidden), "num_hidden_layers": \(shape.layers),
       "num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": \(shape.intermediate),
       "vocab_size": \(shape.vocabulary), "tie_word_embeddings": true, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "max_position_embeddings": 2048, "eos_token_id": 0, "pad_token_id": 1}
      """
    return DecoderModel(
      configuration: try DecoderConfiguration(json: Data(json.utf8), source: "benchmark"),
      backend: try CPUBackend(
        threads: options.threads,
        options: CPUOptions(matrixProvider: provider, precision: options.bf16 ? .bf16 : .fp32)
      ),
      seed: 0
    )
  }
}
