import Foundation
import Testing

/// Weights that are damaged, that lie, or that belong to another model: each is named with its file and its cure.
@Suite struct CheckpointInputTests {
  struct Lie: CustomTestStringConvertible, Sendable {
    var name: String
    /// Tells it, in `model/model.safetensors`.
    var tell: @Sendable (inout RawSafetensors) throws -> Void
    /// What the message must hold.
    var words: [String]
    var testDescription: String { name }
  }

  static let norm = "model.norm.weight"
  static let table = "model.embed_tokens.weight"

  static let lies: [Lie] = [
    Lie(
      name: "a header longer than the file",
      tell: { $0.claimedHeaderBytes = 1 << 40 },
      words: ["header has 1099511627776 bytes", "truncated or no safetensors"]
    ),
    Lie(
      name: "a header shorter than its JSON",
      tell: { $0.claimedHeaderBytes = 100 },
      words: ["header, byte", "expected", "damaged"]
    ),
    Lie(
      name: "no JSON",
      tell: { $0.header = Data("[1, 2".utf8) },
      words: ["header, byte 0", "expected `{`"]
    ),
    Lie(
      name: "overlapping ranges",
      tell: { try $0.shift(norm, by: -4) },
      words: [norm, "overlap"]
    ),
    Lie(
      name: "a gap",
      tell: {
        try $0.shift(norm, by: 4)
        $0.data += [0, 0, 0, 0]
      },
      words: [norm, "4 bytes before", "belong to no tensor"]
    ),
    Lie(
      name: "a range beyond the file",
      tell: { $0.data.removeLast(8) },
      words: ["ends at data byte", "truncated", "copy or download it again"]
    ),
    Lie(
      name: "bytes that belong to nothing",
      tell: { $0.data += [1, 2, 3, 4] },
      words: ["4 bytes after the last tensor"]
    ),
    Lie(
      name: "an unknown dtype",
      tell: { try $0.replace("\"dtype\":\"F32\"", "\"dtype\":\"F8_E4M3\"") },
      words: ["dtype F8_E4M3", "F32, BF16, F16"]
    ),
    Lie(
      name: "a shape that does not fill its range",
      tell: { try $0.replace("\"shape\":[32]", "\"shape\":[33]") },
      words: ["132 bytes by its shape", "span 128"]
    ),
    Lie(
      name: "a name twice",
      tell: { try $0.replace("\"\(norm)\":", "\"\(table)\":") },
      words: ["names \(table) twice"]
    ),
    Lie(
      name: "a name that is not UTF-8",
      tell: { $0.header = $0.header.replacing(Data("norm".utf8), with: [0x6E, 0xFF, 0x72, 0x6D]) },
      words: ["expected UTF-8"]
    ),
    Lie(
      name: "a missing parameter",
      tell: { try $0.replace("\"\(norm)\":", "\"model.rnom.weight\":") },
      words: ["lack '\(norm)'", "config.json"]
    ),
    Lie(
      name: "NaN",
      tell: { try $0.write(.nan, at: 3 * 32 + 5, of: table) },
      words: [table, "nan at [3, 5]", "earlier checkpoint"]
    ),
    Lie(
      name: "infinity",
      tell: { try $0.write(-.infinity, at: 31, of: norm) },
      words: [norm, "-inf at [31]", "damaged"]
    ),
  ]

  @Test(arguments: lies)
  func isNamedWithItsCure(lie: Lie) throws {
    let workshop = try Workshop()
    try workshop.makeModel()
    let url = workshop.file("model/model.safetensors")
    var file = try RawSafetensors(url)
    try lie.tell(&file)
    try file.bytes.write(to: url)
    let answer = try workshop.stepwise("train", "sft.yaml", "output_dir=out")
    #expect(answer.code == 1, "\(answer)")
    #expect(!answer.wasKilled)
    // The file, or of what it lacks the directory.
    #expect(answer.error.hasPrefix("stepwise: ") && answer.error.contains("/model"))
    for word in lie.words { #expect(answer.error.contains(word), "\(answer.error)") }
    #expect(!workshop.exists("out"))
  }

  /// What the checks above say of a file that is left as it is.
  @Test func theUntouchedModelTrains() throws {
    let workshop = try Workshop()
    try workshop.makeModel()
    let url = workshop.file("model/model.safetensors")
    let file = try RawSafetensors(url)
    #expect(try file.bytes == Data(contentsOf: url))
    #expect(try workshop.stepwise("train", "sft.yaml", "output_dir=out").code == 0)
  }

  @Test func anUnknownParameterIsNamed() throws {
    let workshop = try Workshop()
    try workshop.makeModel()
    // Without its bias, Qwen2 is no Qwen2; as Llama without biases it has three parameters too many.
    try workshop.edit("model/config.json", "\"qwen2\"", "\"llama\"")
    try workshop.edit("model/config.json", "Qwen2ForCausalLM", "LlamaForCausalLM")
    let answer = try workshop.stepwise("score", "--model", "model", "--input", "/dev/null")
    #expect(answer.code == 1)
    for word in [
      "model/model.safetensors", "'model.layers.0.self_attn.q_proj.bias'", "unknown to the model",
    ] {
      #expect(answer.error.contains(word), "\(answer.error)")
    }
  }

  @Test(arguments: ["train", "generate"])
  func aVocabularyLargerThanTheEmbeddingIsNamed(verb: String) throws {
    let workshop = try Workshop()
    try workshop.makeModel()
    let config = try JSONSerialization.jsonObject(
      with: Data(contentsOf: workshop.file("model/config.json"))
    )
    let size = try #require((config as? [String: Any])?["vocab_size"] as? Int)
    // One word more than the embedding has rows.
    try workshop.edit("model/tokenizer.json", "\"vocab\": {", "\"vocab\": {\"zyzzyva\": \(size), ")
    let arguments =
      verb == "train"
      ? ["train", "sft.yaml", "output_dir=out"]
      : ["generate", "--model", "model", "--prompt", "Emma"]
    let answer = try Stepwise.run(arguments, in: workshop.url)
    #expect(answer.code == 1, "\(answer)")
    for word in [
      "model: vocab_size: \(size) is less than the tokenizer's \(size + 1) tokens",
      "Use the tokenizer that belongs",
    ] {
      #expect(answer.error.contains(word), "\(answer.error)")
    }
    #expect(!workshop.exists("out"))
  }

  struct BrokenShards: CustomTestStringConvertible, Sendable {
    var name: String
    var make: @Sendable (Workshop) throws -> Void
    var words: [String]
    var testDescription: String { name }
  }

  static let shards: [BrokenShards] = [
    BrokenShards(
      name: "a missing shard",
      make: {
        try FileManager.default.removeItem(at: $0.file("m/model-00002-of-00003.safetensors"))
      },
      words: ["m/model.safetensors.index.json", "model-00002-of-00003.safetensors", "download"]
    ),
    BrokenShards(
      name: "a shard of another model",
      make: {
        try FileManager.default.removeItem(at: $0.file("m/model-00002-of-00003.safetensors"))
        try $0.copy("m/model-00003-of-00003.safetensors", to: "m/model-00002-of-00003.safetensors")
      },
      words: ["m/model.safetensors.index.json", "is not in model-00002", "do not belong together"]
    ),
    BrokenShards(
      name: "an index that is no JSON",
      make: { try $0.write("m/model.safetensors.index.json", "{\"weight_map\": ") },
      words: ["m/model.safetensors.index.json", "not JSON"]
    ),
    BrokenShards(
      name: "an index that leads elsewhere",
      make: {
        try $0.edit("m/model.safetensors.index.json", "model-00002-of", "../model-00002-of")
      },
      words: ["m/model.safetensors.index.json", "not the name of a file beside the index"]
    ),
  ]

  @Test(arguments: shards)
  func brokenShardsAreNamed(_ broken: BrokenShards) throws {
    let workshop = try Workshop()
    try FileManager.default.copyItem(
      at: QwenTiny.folder.appending(path: "f32"),
      to: workshop.file("m")
    )
    try broken.make(workshop)
    let answer = try workshop.stepwise("score", "--model", "m", "--input", "/dev/null")
    #expect(answer.code == 1, "\(answer)")
    for word in broken.words { #expect(answer.error.contains(word), "\(answer.error)") }
  }
}

/// A safetensors file in pieces, without anybody's checks.
struct RawSafetensors {
  var claimedHeaderBytes: UInt64
  var header: Data
  var data: Data

  init(_ url: URL) throws {
    let bytes = try Data(contentsOf: url)
    claimedHeaderBytes = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    header = Data(bytes.dropFirst(8).prefix(Int(claimedHeaderBytes)))
    data = Data(bytes.dropFirst(8 + Int(claimedHeaderBytes)))
  }

  var bytes: Data {
    withUnsafeBytes(of: claimedHeaderBytes.littleEndian) { Data($0) } + header + data
  }

  /// Replaces the first occurrence of text in the header.
  mutating func replace(_ old: String, _ new: String) throws {
    let range = try #require(header.range(of: Data(old.utf8)), "no \(old) in the header")
    header.replaceSubrange(range, with: Data(new.utf8))
    claimedHeaderBytes = UInt64(header.count)
  }

  /// Where a tensor's bytes are.
  func range(of tensor: String) throws -> Range<Int> {
    let object = try JSONSerialization.jsonObject(with: header) as? [String: Any]
    let entry = try #require(object?[tensor] as? [String: Any])
    let offsets = try #require(entry["data_offsets"] as? [Int])
    return offsets[0]..<offsets[1]
  }

  /// Moves a tensor's range in the header, not its bytes.
  mutating func shift(_ tensor: String, by bytes: Int) throws {
    let range = try range(of: tensor)
    try replace(
      "[\(range.lowerBound),\(range.upperBound)]",
      "[\(range.lowerBound + bytes),\(range.upperBound + bytes)]"
    )
  }

  /// Writes a value of an F32 tensor.
  mutating func write(_ value: Float, at index: Int, of tensor: String) throws {
    let start = try range(of: tensor).lowerBound + 4 * index
    withUnsafeBytes(of: value.bitPattern.littleEndian) {
      data.replaceSubrange(start..<start + 4, with: $0)
    }
  }
}
