import Tensors

/// The shape of a decoder: what Hugging Face's `config.json` says of a Qwen2, Qwen3 or Llama model.
///
/// Property names are Swift's; each documents its key. Sizes are counts of Float32 elements.
public struct DecoderConfiguration: Sendable, Equatable {
  /// `model_type`: the family.
  public var family: ModelFamily
  /// `vocab_size`: rows of the embedding and of the output head.
  public var vocabSize: Int
  /// `hidden_size`: width of the residual stream.
  public var hiddenSize: Int
  /// `intermediate_size`: width inside the MLP.
  public var intermediateSize: Int
  /// `num_hidden_layers`.
  public var layerCount: Int
  /// `num_attention_heads`: query heads.
  public var headCount: Int
  /// `num_key_value_heads`: key and value heads, each shared by `headCount / kvHeadCount` queries.
  public var kvHeadCount: Int
  /// `head_dim`: size of one head; even, and not always `hidden_size / num_attention_heads`.
  public var headDim: Int
  /// `rms_norm_eps`.
  public var rmsNormEps: Double
  /// `rope_theta`, at the top level or in `rope_parameters`.
  public var ropeTheta: Double
  /// `rope_parameters` or `rope_scaling`, where they ask for more than the base.
  public var ropeScaling: RopeScaling
  /// `tie_word_embeddings`: the embedding is the output head as well.
  public var tieWordEmbeddings: Bool
  /// `max_position_embeddings`: the longest sequence that the model was made for.
  public var maxPositionEmbeddings: Int
  /// `attention_bias`: biases on q, k, v and o. Qwen2 has none of this key: see `hasQKVBias`.
  public var attentionBias: Bool
  /// `mlp_bias`: biases in the MLP; Llama only.
  public var mlpBias: Bool
  /// `initializer_range`: standard deviation of the initial weights.
  public var initializerRange: Double
  /// `bos_token_id`.
  public var bosTokenID: Int32?
  /// `eos_token_id`: one or several.
  public var eosTokenIDs: [Int32]
  /// `pad_token_id`.
  public var padTokenID: Int32?

  /// How rotary frequencies are stretched beyond the base.
  public enum RopeScaling: Sendable, Equatable {
    /// `rope_type: default`.
    case none
    /// `rope_type: llama3`, as of Llama 3.1.
    case llama3(
      factor: Double,
      lowFreqFactor: Double,
      highFreqFactor: Double,
      originalMaxPositionEmbeddings: Int
    )
  }

  /// Creates a configuration with the defaults of transformers for what is left out.
  public init(
    family: ModelFamily,
    vocabSize: Int,
    hiddenSize: Int,
    intermediateSize: Int,
    layerCount: Int,
    headCount: Int,
    kvHeadCount: Int? = nil,
    headDim: Int? = nil,
    rmsNormEps: Double = 1e-6,
    ropeTheta: Double = 10_000,
    ropeScaling: RopeScaling = .none,
    tieWordEmbeddings: Bool = false,
    maxPositionEmbeddings: Int? = nil,
    attentionBias: Bool = false,
    mlpBias: Bool = false,
    initializerRange: Double = 0.02,
    bosTokenID: Int32? = nil,
    eosTokenIDs: [Int32] = [],
    padTokenID: Int32? = nil
  ) {
    self.family = family
    self.vocabSize = vocabSize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.kvHeadCount = kvHeadCount ?? headCount
    self.headDim = headDim ?? family.defaultHeadDim ?? (hiddenSize / max(headCount, 1))
    self.rmsNormEps = rmsNormEps
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.tieWordEmbeddings = tieWordEmbeddings
    self.maxPositionEmbeddings = maxPositionEmbeddings ?? family.defaultMaxPositionEmbeddings
    self.attentionBias = attentionBias
    self.mlpBias = mlpBias
    self.initializerRange = initializerRange
    self.bosTokenID = bosTokenID
    self.eosTokenIDs = eosTokenIDs
    self.padTokenID = padTokenID
  }

  /// Whether q, k and v have biases: always in Qwen2, by `attention_bias` elsewhere.
  public var hasQKVBias: Bool { family == .qwen2 || attentionBias }
  /// Whether the attention's output projection has a bias; never in Qwen2.
  public var hasOutputBias: Bool { family != .qwen2 && attentionBias }
  /// Whether each head of q and k is normalised before it is rotated.
  public var hasQKNorm: Bool { family == .qwen3 }
  /// What decides the angles of the rotary embedding.
  var rotary: RotaryConfiguration {
    guard case .llama3(let factor, let low, let high, let original) = ropeScaling else {
      return RotaryConfiguration(theta: ropeTheta, headDim: headDim)
    }
    return RotaryConfiguration(
      theta: ropeTheta,
      headDim: headDim,
      scaling: .llama3(factor: factor, lowFreq: low, highFreq: high, originalMax: original)
    )
  }
  /// Width of all query heads together.
  public var queryWidth: Int { headCount * headDim }
  /// Width of all key (or value) heads together.
  public var keyValueWidth: Int { kvHeadCount * headDim }
}
