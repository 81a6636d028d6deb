import Tensors

/// How completions are drawn and when they end, with the names, defaults and order of TRL and
/// transformers: repetition penalty, temperature, top-k, top-p, min-p.
public struct GenerationOptions: Sendable, Equatable {
  /// Divides the logits. 0 is greedy: the best token, and none of top-k, top-p and min-p.
  public var temperature: Double
  /// Keeps the k best tokens and those that equal the k-th; 0 keeps all.
  public var topK: Int
  /// Drops the least likely tokens whose probabilities together are at most 1 - `topP`.
  public var topP: Double
  /// Drops tokens less likely than `minP` times the best one; `nil` drops none.
  public var minP: Double?
  /// Divides positive and multiplies negative logits of tokens in the prompt and the completion.
  public var repetitionPenalty: Double
  /// The most tokens of a completion: a given prefix and the end-of-sequence token count.
  public var maxCompletionLength: Int
  /// The tokens that end a sequence.
  public var eosTokenIDs: Set<Int32>

  /// Creates options; the defaults are TRL's.
  public init(
    temperature: Double = 1,
    topK: Int = 0,
    topP: Double = 1,
    minP: Double? = nil,
    repetitionPenalty: Double = 1,
    maxCompletionLength: Int = 512,
    eosTokenIDs: Set<Int32> = []
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
    self.maxCompletionLength = maxCompletionLength
    self.eosTokenIDs = eosTokenIDs
  }

  /// What a checkpoint's `generation_config.json` asks for, as transformers' `generate` reads it.
  public init(_ configuration: GenerationConfiguration) {
    let sampling = configuration.doSample ?? false
    self.init(
      temperature: sampling ? configuration.temperature ?? 1 : 0,
      // transformers' GenerationConfig samples from the 50 best unless told otherwise.
      topK: sampling ? configuration.topK ?? 50 : 0,
      topP: configuration.topP ?? 1,
      minP: configuration.minP,
      repetitionPenalty: configuration.repetitionPenalty ?? 1,
      maxCompletionLength: configuration.maxNewTokens ?? 512,
      eosTokenIDs: Set(configuration.eosTokenIDs)
    )
  }

  /// The same as the backend takes them for one row; greedy decoding knows no filters.
  var sampling: SamplingOptions {
    SamplingOptions(
      temperature: Float(temperature),
      topK: topK,
      topP: Float(topP),
      minP: Float(minP ?? 0),
      repetitionPenalty: Float(repetitionPenalty)
    )
  }

  /// Checks every value.
  ///
  /// - Throws: `GenerationError.invalidOption`, naming TRL's key, the value and the range.
  public func validate() throws(GenerationError) {
    func check(
      _ holds: Bool,
      _ key: String,
      _ value: String,
      _ expected: String
    )
      throws(GenerationError)
    {
      if !holds { throw .invalidOption(key: key, value: value, expected: expected) }
    }
    try check(
      temperature.isFinite && temperature >= 0,
      "temperature",
      "\(temperature)",
      "0 (greedy) or more"
    )
    try check(topK >= 0, "top_k", "\(topK)", "0 (off) or more")
    try check((0...1).contains(topP), "top_p", "\(topP)", "0 to 1")
    if let minP { try check((0...1).contains(minP), "min_p", "\(minP)", "0 to 1") }
    try check(
      repetitionPenalty.isFinite && repetitionPenalty > 0,
      "repetition_penalty",
      "\(repetitionPenalty)",
      "a number above 0"
    )
    try check(
      maxCompletionLength >= 1,
      "max_completion_length",
      "\(maxCompletionLength)",
      "1 or more"
    )
  }
}
