public import Foundation

extension DecoderConfiguration {
  /// Reads `config.json` of a model directory.
  ///
  /// Keys that do not change what is computed are ignored, as transformers does.
  ///
  /// - Throws: `ModelConfigurationError`, naming the file and the key.
  public init(directory: URL) throws(ModelConfigurationError) {
    let file = directory.appendingPathComponent("config.json")
    self = try DecoderConfiguration(json: readFile(file), source: file.path)
  }

  /// Reads a configuration from the bytes of a `config.json`, or of a section with its keys.
  ///
  /// - Parameters:
  ///   - json: A JSON object with Hugging Face's keys.
  ///   - source: The file or section, for error messages.
  ///   - refusingUnknownKeys: For hand-written sections, where an unknown key is a misspelling.
  /// - Throws: `ModelConfigurationError`, naming the source and the key.
  public init(
    json: Data,
    source: String,
    refusingUnknownKeys: Bool = false
  ) throws(ModelConfigurationError) {
    let reader = try ConfigurationReader(parsing: json, file: source)
    let family = try Self.readFamily(reader)
    if refusingUnknownKeys { try reader.refuseKeys(outside: Self.knownKeys) }
    try Self.refuseWhatIsNotComputed(reader, family)

    let hidden = try Self.size(reader, "hidden_size")
    let layers = try Self.readLayerCount(reader)
    let heads = try Self.size(reader, "num_attention_heads")
    let rope = try Self.readRope(reader)
    self.init(
      family: family,
      vocabSize: try Self.size(reader, "vocab_size"),
      hiddenSize: hidden,
      intermediateSize: try Self.size(reader, "intermediate_size"),
      layerCount: layers,
      headCount: heads,
      // transformers' Qwen classes have 32 here, which fits no model without the key.
      kvHeadCount: try Self.optionalSize(reader, "num_key_value_heads"),
      headDim: try Self.optionalSize(reader, "head_dim"),
      rmsNormEps: try Self.positive(reader, "rms_norm_eps") ?? 1e-6,
      ropeTheta: rope.theta,
      ropeScaling: rope.scaling,
      tieWordEmbeddings: try reader.bool("tie_word_embeddings") ?? false,
      maxPositionEmbeddings: try Self.optionalSize(reader, "max_position_embeddings"),
      attentionBias: family == .qwen2 ? false : try reader.bool("attention_bias") ?? false,
      mlpBias: family == .llama ? try reader.bool("mlp_bias") ?? false : false,
      initializerRange: try Self.positive(reader, "initializer_range") ?? 0.02,
      bosTokenID: reader.members["bos_token_id"] == nil
        ? family.defaultBosTokenID : try reader.tokens("bos_token_id")?.first,
      eosTokenIDs: reader.members["eos_token_id"] == nil
        ? family.defaultEosTokenIDs : try reader.tokens("eos_token_id") ?? [],
      padTokenID: try Self.readPad(reader)
    )
    try validate(reader)
  }

  /// Every key with a meaning here; the last line's are accepted and change nothing.
  private static let knownKeys: Set<String> = [
    "model_type", "architectures", "vocab_size", "hidden_size", "intermediate_size",
    "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "rms_norm_eps",
    "rope_theta", "rope_parameters", "rope_scaling", "tie_word_embeddings",
    "max_position_embeddings", "attention_bias", "mlp_bias", "initializer_range", "bos_token_id",
    "eos_token_id", "pad_token_id", "hidden_act", "attention_dropout", "use_sliding_window",
    "sliding_window", "max_window_layers", "layer_types", "partial_rotary_factor", "pretraining_tp",
    "quantization_config", "use_cache", "dtype", "torch_dtype", "transformers_version",
  ]

  private static func readFamily(
    _ reader: ConfigurationReader
  ) throws(ModelConfigurationError) -> ModelFamily {
    let supported = ModelFamily.allCases.map(\.rawValue).joined(separator: ", ")
    let name = try reader.require("model_type", reader.string)
    guard let family = ModelFamily(rawValue: name) else {
      throw reader.unsupported("model_type", .string(name), supported: supported)
    }
    if let classes = try reader.strings("architectures"), !classes.contains(family.architecture) {
      throw reader.unsupported(
        "architectures",
        .array(classes.map { .string($0) }),
        supported: "[\"\(family.architecture)\"] for model_type \(name)"
      )
    }
    return family
  }

  /// Refuses keys by which a checkpoint asks for another computation than this decoder's.
  private static func refuseWhatIsNotComputed(
    _ reader: ConfigurationReader,
    _ family: ModelFamily
  ) throws(ModelConfigurationError) {
    func refuse(_ key: String, unless supported: String) throws(ModelConfigurationError) {
      throw reader.unsupported(key, reader[key] ?? .null, supported: supported)
    }
    if let activation = try reader.string("hidden_act"), activation != "silu" {
      try refuse("hidden_act", unless: "silu")
    }
    if let dropout = try reader.double("attention_dropout"), dropout != 0 {
      try refuse("attention_dropout", unless: "0")
    }
    if let fraction = try reader.double("partial_rotary_factor"), fraction != 1 {
      try refuse("partial_rotary_factor", unless: "1")
    }
    if let slices = try reader.int("pretraining_tp"), slices != 1 {
      try refuse("pretraining_tp", unless: "1")
    }
    if reader["quantization_config"] != nil {
      try refuse("quantization_config", unless: "none; convert the checkpoint to F32, BF16 or F16")
    }
    // transformers forgets `sliding_window` where `use_sliding_window` is false (Qwen) and has no
    // such key in Llama; what counts in the end are the layer types.
    if family != .llama, try reader.bool("use_sliding_window") ?? false,
      let window = try reader.int("sliding_window")
    {
      let layers = try readLayerCount(reader)
      let first = try reader.int("max_window_layers") ?? 28
      if try reader.strings("layer_types") == nil, first < layers {
        throw reader.unsupported(
          "sliding_window",
          .int(window),
          supported: "use_sliding_window: false (full attention in every layer)"
        )
      }
    }
    if let types = try reader.strings("layer_types") {
      if types.contains(where: { $0 != "full_attention" }) {
        try refuse("layer_types", unless: "full_attention in every layer")
      }
      let layers = try readLayerCount(reader)
      if types.count != layers, let value = reader["layer_types"] {
        throw reader.invalid("layer_types", value, "\(layers) entries, one for each layer")
      }
    }
  }

  // MARK: Values

  /// Larger sizes are damage, and products of two sizes must not overflow.
  private static let largestSize = 1 << 24
  /// More than thirty times what the deepest published decoders have. All parameters are named before a file is found to lack them.
  private static let mostLayers = 1 << 12
  /// A hundred times the largest published models; sums over all parameters must not overflow.
  private static let mostParameters = 1e14

  private static func readLayerCount(
    _ reader: ConfigurationReader
  ) throws(ModelConfigurationError) -> Int {
    try size(reader, "num_hidden_layers", upTo: mostLayers)
  }

  private static func size(
    _ reader: ConfigurationReader,
    _ key: String,
    upTo limit: Int = largestSize
  ) throws(ModelConfigurationError) -> Int {
    try reader.require(key) { key throws(ModelConfigurationError) in
      try optionalSize(reader, key, upTo: limit)
    }
  }

  private static func optionalSize(
    _ reader: ConfigurationReader,
    _ key: String,
    upTo limit: Int = largestSize
  ) throws(ModelConfigurationError) -> Int? {
    guard let value = try reader.int(key) else { return nil }
    guard (1...limit).contains(value) else {
      throw reader.invalid(key, .int(value), "1 to \(limit)")
    }
    return value
  }

  private static func positive(
    _ reader: ConfigurationReader,
    _ key: String
  ) throws(ModelConfigurationError) -> Double? {
    guard let value = try reader.double(key) else { return nil }
    guard value > 0 else { throw reader.invalid(key, .double(value), "a number above 0") }
    return value
  }

  /// The padding token; -1, as some Llama checkpoints have it, is none.
  private static func readPad(
    _ reader: ConfigurationReader
  ) throws(ModelConfigurationError) -> Int32? {
    if reader["pad_token_id"] == .int(-1) { return nil }
    return try reader.tokens("pad_token_id")?.first
  }

  // MARK: Rotary embedding

  /// Reads `rope_parameters` (transformers 5), else `rope_theta` and `rope_scaling` (before it).
  ///
  /// As in transformers, a `rope_scaling` that is there stands before `rope_parameters`, and the
  /// top-level `rope_theta` fills in for one that the object leaves out.
  private static func readRope(
    _ reader: ConfigurationReader
  ) throws(ModelConfigurationError) -> (theta: Double, scaling: RopeScaling) {
    let outer = try positive(reader, "rope_theta")
    let older = try reader.object("rope_scaling")
    let newer = try reader.object("rope_parameters")
    guard let inner = older?.members.isEmpty == false ? older : newer else {
      return (outer ?? 10_000, .none)
    }
    if let fraction = try inner.double("partial_rotary_factor"), fraction != 1 {
      throw inner.unsupported("partial_rotary_factor", .double(fraction), supported: "1")
    }
    let theta = try positive(inner, "rope_theta") ?? outer ?? 10_000
    let typeKey = inner["rope_type"] == nil ? "type" : "rope_type"
    let type = try inner.string(typeKey) ?? "default"
    switch type {
    case "default":
      return (theta, .none)
    case "llama3":
      let low = try inner.require("low_freq_factor") { k throws(ModelConfigurationError) in
        try positive(inner, k)
      }
      let high = try inner.require("high_freq_factor") { k throws(ModelConfigurationError) in
        try positive(inner, k)
      }
      guard high > low else {
        throw inner.invalid("high_freq_factor", .double(high), "above low_freq_factor \(low)")
      }
      let factor = try inner.require("factor") { k throws(ModelConfigurationError) in
        try positive(inner, k)
      }
      let given = try optionalSize(inner, "original_max_position_embeddings")
      let longest = try optionalSize(reader, "max_position_embeddings")
      guard let original = given ?? longest else {
        throw .missingKey(
          file: inner.file,
          key: inner.path + "original_max_position_embeddings"
        )
      }
      return (
        theta,
        .llama3(
          factor: factor,
          lowFreqFactor: low,
          highFreqFactor: high,
          originalMaxPositionEmbeddings: original
        )
      )
    default:
      throw inner.unsupported(typeKey, .string(type), supported: "default, llama3")
    }
  }

  // MARK: Consistency

  private func validate(_ reader: ConfigurationReader) throws(ModelConfigurationError) {
    // Every size by itself is possible; together they may not be.
    let width = Double(2 * queryWidth + 2 * keyValueWidth + 3 * intermediateSize)
    let rows = Double(layerCount) * width + 2 * Double(vocabSize)
    if rows * Double(hiddenSize) > Self.mostParameters {
      throw reader.invalid(
        "hidden_size",
        .int(hiddenSize),
        "a size that makes at most \(Self.mostParameters) parameters with the other ones"
      )
    }
    if headCount % kvHeadCount != 0 {
      throw reader.invalid(
        "num_key_value_heads",
        .int(kvHeadCount),
        "a divisor of num_attention_heads \(headCount)"
      )
    }
    let headDimIsGiven = reader["head_dim"] != nil
    if !headDimIsGiven && family != .qwen3 || family == .llama, hiddenSize % headCount != 0 {
      throw reader.invalid(
        "hidden_size",
        .int(hiddenSize),
        "a multiple of num_attention_heads \(headCount)"
      )
    }
    if headDim % 2 != 0 {
      let key = headDimIsGiven ? "head_dim" : "hidden_size"
      throw reader.invalid(
        key,
        .int(headDimIsGiven ? headDim : hiddenSize),
        "an even head size (here \(headDim)), since rotary embedding turns pairs"
      )
    }
    for (key, ids) in [
      ("bos_token_id", bosTokenID.map { [$0] } ?? []), ("eos_token_id", eosTokenIDs),
      ("pad_token_id", padTokenID.map { [$0] } ?? []),
    ] {
      if let id = ids.first(where: { Int($0) >= vocabSize }) {
        // The defaults of Llama are for its own vocabulary.
        if reader[key] == nil { continue }
        throw reader.invalid(key, .int(Int(id)), "below vocab_size \(vocabSize)")
      }
    }
  }
}

/// The bytes of a configuration file.
func readFile(_ file: URL) throws(ModelConfigurationError) -> Data {
  do { return try Data(contentsOf: file) } catch {
    let missing = !FileManager.default.fileExists(atPath: file.path)
    throw .unreadable(
      file: file.path,
      reason: missing ? "no such file" : error.localizedDescription
    )
  }
}
