public import Foundation

/// `generation_config.json`: the end-of-sequence set and the sampling defaults of a checkpoint.
///
/// `nil` means that the file leaves the key out. Keys without a property here are kept and written
/// back, since other tools may need them.
public struct GenerationConfiguration: Sendable, Equatable {
  /// `bos_token_id`.
  public var bosTokenID: Int32?
  /// `eos_token_id`: one or several; empty when absent.
  public var eosTokenIDs: [Int32] = []
  /// `pad_token_id`.
  public var padTokenID: Int32?
  /// `do_sample`: false is greedy.
  public var doSample: Bool?
  /// `temperature`.
  public var temperature: Double?
  /// `top_p`.
  public var topP: Double?
  /// `top_k`.
  public var topK: Int?
  /// `min_p`.
  public var minP: Double?
  /// `repetition_penalty`.
  public var repetitionPenalty: Double?
  /// `max_new_tokens`.
  public var maxNewTokens: Int?

  /// What else the file held.
  var otherKeys: [String: JSONValue] = [:]

  /// Creates an empty configuration.
  public init() {}

  /// The end-of-sequence set and tokens of a model without a file of its own.
  public init(_ configuration: DecoderConfiguration) {
    bosTokenID = configuration.bosTokenID
    eosTokenIDs = configuration.eosTokenIDs
    padTokenID = configuration.padTokenID
  }

  /// Reads `generation_config.json` of a model directory; `nil` where there is none.
  ///
  /// - Throws: `ModelConfigurationError`, naming the file and the key.
  public static func read(
    directory: URL
  ) throws(ModelConfigurationError) -> GenerationConfiguration? {
    let file = directory.appendingPathComponent("generation_config.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try GenerationConfiguration(json: readFile(file), source: file.path)
  }

  /// Reads a configuration from the bytes of a `generation_config.json`.
  ///
  /// - Throws: `ModelConfigurationError`, naming the source and the key.
  public init(json: Data, source: String) throws(ModelConfigurationError) {
    let reader = try ConfigurationReader(parsing: json, file: source)
    bosTokenID = try reader.tokens("bos_token_id")?.first
    eosTokenIDs = try reader.tokens("eos_token_id") ?? []
    padTokenID = reader["pad_token_id"] == .int(-1) ? nil : try reader.tokens("pad_token_id")?.first
    doSample = try reader.bool("do_sample")
    temperature = try Self.number(reader, "temperature", 0...Double.greatestFiniteMagnitude)
    topP = try Self.number(reader, "top_p", 0...1)
    minP = try Self.number(reader, "min_p", 0...1)
    repetitionPenalty = try Self.number(
      reader,
      "repetition_penalty",
      Double.leastNonzeroMagnitude...Double.greatestFiniteMagnitude
    )
    topK = try Self.count(reader, "top_k")
    maxNewTokens = try Self.count(reader, "max_new_tokens")
    otherKeys = reader.members.filter { !Self.ownKeys.contains($0.key) }
  }

  /// The bytes of a `generation_config.json`; absent values are left out.
  public func json() -> Data {
    var members = otherKeys
    members["bos_token_id"] = bosTokenID.map { .int(Int($0)) }
    members["eos_token_id"] = eosTokenIDs.isEmpty ? nil : tokenValue(eosTokenIDs)
    members["pad_token_id"] = padTokenID.map { .int(Int($0)) }
    members["do_sample"] = doSample.map { .bool($0) }
    members["temperature"] = temperature.map { .double($0) }
    members["top_p"] = topP.map { .double($0) }
    members["top_k"] = topK.map { .int($0) }
    members["min_p"] = minP.map { .double($0) }
    members["repetition_penalty"] = repetitionPenalty.map { .double($0) }
    members["max_new_tokens"] = maxNewTokens.map { .int($0) }
    return Data((JSONValue.object(members).serialized() + "\n").utf8)
  }

  private static let ownKeys: Set<String> = [
    "bos_token_id", "eos_token_id", "pad_token_id", "do_sample", "temperature", "top_p", "top_k",
    "min_p", "repetition_penalty", "max_new_tokens",
  ]

  private static func number(
    _ reader: ConfigurationReader,
    _ key: String,
    _ range: ClosedRange<Double>
  ) throws(ModelConfigurationError) -> Double? {
    guard let value = try reader.double(key) else { return nil }
    guard range.contains(value) else {
      let bound =
        range.upperBound == .greatestFiniteMagnitude
        ? (range.lowerBound == 0 ? "0 or more" : "above 0") : "0 to 1"
      throw reader.invalid(key, reader[key] ?? .null, bound)
    }
    return value
  }

  private static func count(
    _ reader: ConfigurationReader,
    _ key: String
  ) throws(ModelConfigurationError) -> Int? {
    guard let value = try reader.int(key) else { return nil }
    guard (0...Int(Int32.max)).contains(value) else {
      throw reader.invalid(key, .int(value), "0 or more")
    }
    return value
  }
}
