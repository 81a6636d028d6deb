/// The decoder families that are computed, named as `model_type` of Hugging Face's `config.json`.
///
/// One decoder serves them all; what differs is read from `DecoderConfiguration`.
public enum ModelFamily: String, Sendable, CaseIterable {
  /// Qwen2 and Qwen2.5: biases on q, k and v.
  case qwen2
  /// Qwen3: RMSNorm on each head of q and k, a head size of its own.
  case qwen3
  /// Llama 2 and 3: optional biases, llama3 frequency scaling.
  case llama

  /// The class that `architectures` names.
  public var architecture: String {
    switch self {
    case .qwen2: return "Qwen2ForCausalLM"
    case .qwen3: return "Qwen3ForCausalLM"
    case .llama: return "LlamaForCausalLM"
    }
  }

  // The defaults of transformers 5.23's configuration classes, for keys that are left out.

  var defaultMaxPositionEmbeddings: Int { self == .llama ? 2048 : 32768 }
  var defaultBosTokenID: Int32? { self == .llama ? 1 : nil }
  var defaultEosTokenIDs: [Int32] { self == .llama ? [2] : [] }
  /// Qwen3's class has 128 whatever the hidden size; the others divide it among the heads.
  var defaultHeadDim: Int? { self == .qwen3 ? 128 : nil }
}
