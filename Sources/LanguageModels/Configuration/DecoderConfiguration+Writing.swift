public import Foundation

extension DecoderConfiguration {
  /// The element type that a checkpoint's `dtype` announces.
  public enum WeightType: String, Sendable {
    /// `float32`.
    case float32
    /// `bfloat16`.
    case bfloat16
  }

  /// The bytes of a `config.json` that transformers 5 and earlier open.
  ///
  /// The rotary keys are written in both forms (`rope_parameters`, and `rope_theta` with
  /// `rope_scaling`), since tools made before transformers 5 read only the second.
  ///
  /// - Parameter weightType: How the weights beside it are stored.
  public func json(weightType: WeightType = .float32) -> Data {
    var members: [String: JSONValue] = [
      "architectures": .array([.string(family.architecture)]),
      "model_type": .string(family.rawValue),
      "vocab_size": .int(vocabSize),
      "hidden_size": .int(hiddenSize),
      "intermediate_size": .int(intermediateSize),
      "num_hidden_layers": .int(layerCount),
      "num_attention_heads": .int(headCount),
      "num_key_value_heads": .int(kvHeadCount),
      "head_dim": .int(headDim),
      "hidden_act": .string("silu"),
      "rms_norm_eps": .double(rmsNormEps),
      "rope_theta": .double(ropeTheta),
      "rope_parameters": .object(ropeMembers),
      "tie_word_embeddings": .bool(tieWordEmbeddings),
      "max_position_embeddings": .int(maxPositionEmbeddings),
      "initializer_range": .double(initializerRange),
      "attention_dropout": .double(0),
      "use_cache": .bool(true),
      "dtype": .string(weightType.rawValue),
      "torch_dtype": .string(weightType.rawValue),
      "bos_token_id": bosTokenID.map { .int(Int($0)) } ?? .null,
      "eos_token_id": tokenValue(eosTokenIDs),
      "pad_token_id": padTokenID.map { .int(Int($0)) } ?? .null,
    ]
    if ropeScaling != .none { members["rope_scaling"] = .object(ropeMembers) }
    switch family {
    case .qwen2:
      members["use_sliding_window"] = .bool(false)
    case .qwen3:
      members["use_sliding_window"] = .bool(false)
      members["attention_bias"] = .bool(attentionBias)
    case .llama:
      members["attention_bias"] = .bool(attentionBias)
      members["mlp_bias"] = .bool(mlpBias)
    }
    return Data((JSONValue.object(members).serialized() + "\n").utf8)
  }

  private var ropeMembers: [String: JSONValue] {
    switch ropeScaling {
    case .none:
      return ["rope_type": .string("default"), "rope_theta": .double(ropeTheta)]
    case .llama3(let factor, let low, let high, let original):
      return [
        "rope_type": .string("llama3"),
        "rope_theta": .double(ropeTheta),
        "factor": .double(factor),
        "low_freq_factor": .double(low),
        "high_freq_factor": .double(high),
        "original_max_position_embeddings": .int(original),
      ]
    }
  }
}

/// Token ids as Hugging Face writes them: one as a number, several as a list, none as null.
func tokenValue(_ ids: [Int32]) -> JSONValue {
  switch ids.count {
  case 0: return .null
  case 1: return .int(Int(ids[0]))
  default: return .array(ids.map { .int(Int($0)) })
  }
}
