import Foundation
import Testing

@testable import LanguageModels

@Suite struct ConfigurationTests {
  /// The keys that have no default.
  static let required: [String: JSONValue] = [
    "model_type": .string("qwen2"), "vocab_size": .int(48), "hidden_size": .int(24),
    "intermediate_size": .int(40), "num_hidden_layers": .int(2), "num_attention_heads": .int(4),
  ]

  func read(
    _ changes: [String: JSONValue] = [:],
    strict: Bool = false
  ) throws -> DecoderConfiguration {
    let members = Self.required.merging(changes) { $1 }
    return try DecoderConfiguration(
      json: Data(JSONValue.object(members).serialized().utf8),
      source: "model.config",
      refusingUnknownKeys: strict
    )
  }

  @Test(arguments: fixtureModels)
  func fixturesAreReadAndWrittenBack(_ model: String) throws {
    let directory = fixtures.appendingPathComponent(model)
    let configuration = try DecoderConfiguration(directory: directory)
    let again = try DecoderConfiguration(json: configuration.json(), source: "written")
    #expect(again == configuration)
    // What is written holds no key that a strict reader would not know.
    _ = try DecoderConfiguration(
      json: configuration.json(weightType: .bfloat16),
      source: "written",
      refusingUnknownKeys: true
    )
    #expect(configuration.vocabSize == 48)
    #expect(configuration.eosTokenIDs == [1])
    #expect(configuration.padTokenID == 0)
    #expect(configuration.bosTokenID == nil)
  }

  @Test func familiesDiffer() throws {
    let qwen2 = try read(["num_key_value_heads": .int(2), "tie_word_embeddings": .bool(true)])
    #expect(qwen2.family == .qwen2 && qwen2.hasQKVBias && !qwen2.hasOutputBias && !qwen2.hasQKNorm)
    #expect(qwen2.headDim == 6 && qwen2.kvHeadCount == 2 && qwen2.tieWordEmbeddings)
    let qwen3 = try read(["model_type": .string("qwen3"), "head_dim": .int(16)])
    #expect(qwen3.hasQKNorm && !qwen3.hasQKVBias && qwen3.queryWidth == 64)
    #expect(try read(["model_type": .string("qwen3")]).headDim == 128)
    let llama = try read([
      "model_type": .string("llama"), "attention_bias": .bool(true), "mlp_bias": .bool(true),
    ])
    #expect(llama.hasQKVBias && llama.hasOutputBias && llama.mlpBias)
    // Llama's class has tokens of its own where the keys are absent, and none where they are null.
    #expect(llama.bosTokenID == 1 && llama.eosTokenIDs == [2])
    #expect(try read(["model_type": .string("llama"), "eos_token_id": .null]).eosTokenIDs == [])
  }

  @Test func transformersDefaultsFillTheGaps() throws {
    let configuration = try read()
    #expect(configuration.kvHeadCount == 4)
    #expect(configuration.rmsNormEps == 1e-6 && configuration.ropeTheta == 10_000)
    #expect(configuration.maxPositionEmbeddings == 32768 && configuration.initializerRange == 0.02)
    #expect(!configuration.tieWordEmbeddings && configuration.eosTokenIDs.isEmpty)
  }

  @Test func everyPlaceOfTheRotaryBase() throws {
    #expect(try read(["rope_theta": .int(500)]).ropeTheta == 500)
    let newer: JSONValue = .object([
      "rope_type": .string("default"), "rope_theta": .double(7e5),
    ])
    #expect(try read(["rope_parameters": newer]).ropeTheta == 7e5)
    #expect(try read(["rope_parameters": newer, "rope_theta": .int(5)]).ropeTheta == 7e5)
    let scaling: [String: JSONValue] = [
      "factor": .double(8), "low_freq_factor": .int(1), "high_freq_factor": .int(4),
      "original_max_position_embeddings": .int(32),
    ]
    let expected = DecoderConfiguration.RopeScaling.llama3(
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositionEmbeddings: 32
    )
    for typeKey in ["type", "rope_type"] {
      let old: JSONValue = .object(scaling.merging([typeKey: .string("llama3")]) { $1 })
      let configuration = try read(["rope_scaling": old, "rope_theta": .int(900)])
      #expect(configuration.ropeScaling == expected && configuration.ropeTheta == 900)
      let written = try DecoderConfiguration(json: configuration.json(), source: "written")
      #expect(written == configuration)
    }
  }

  @Test func tokensAreOneOrSeveral() throws {
    #expect(try read(["eos_token_id": .int(3)]).eosTokenIDs == [3])
    let several = try read(["eos_token_id": .array([.int(3), .int(5)])])
    #expect(several.eosTokenIDs == [3, 5])
    #expect(
      try DecoderConfiguration(json: several.json(), source: "written").eosTokenIDs == [3, 5]
    )
    #expect(try read(["pad_token_id": .int(-1)]).padTokenID == nil)
  }

  @Test(arguments: [
    ("model_type", JSONValue.string("gpt2")),
    ("architectures", .array([.string("Qwen2ForSequenceClassification")])),
    ("hidden_act", .string("gelu")),
    ("attention_dropout", .double(0.1)),
    ("quantization_config", .object(["bits": .int(4)])),
    ("partial_rotary_factor", .double(0.5)),
    ("layer_types", .array([.string("full_attention"), .string("sliding_attention")])),
  ])
  func whatIsNotComputedIsRefused(_ key: String, _ value: JSONValue) throws {
    do {
      _ = try read([key: value])
      Issue.record("\(key) was accepted")
    } catch let error as ModelConfigurationError {
      guard case .unsupported("model.config", key, value.summary, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func ropeTypesThatAreNotComputedAreRefused() throws {
    for (holder, typeKey) in [("rope_parameters", "rope_type"), ("rope_scaling", "type")] {
      let value: JSONValue = .object([typeKey: .string("yarn"), "factor": .int(4)])
      #expect(
        throws: ModelConfigurationError.unsupported(
          file: "model.config",
          key: "\(holder).\(typeKey)",
          value: "\"yarn\"",
          supported: "default, llama3"
        )
      ) { try read([holder: value]) }
    }
  }

  @Test func slidingWindowsAreRefusedOnlyInUse() throws {
    let window: [String: JSONValue] = ["sliding_window": .int(64), "max_window_layers": .int(1)]
    _ = try read(window)
    _ = try read(window.merging(["use_sliding_window": .bool(false)]) { $1 })
    #expect(throws: ModelConfigurationError.self) {
      try read(window.merging(["use_sliding_window": .bool(true)]) { $1 })
    }
    // Qwen2 slides from layer `max_window_layers` on: here none.
    _ = try read(
      window.merging(["use_sliding_window": .bool(true), "max_window_layers": .int(2)]) { $1 }
    )
  }

  @Test(arguments: Array(ConfigurationTests.required.keys).sorted())
  func missingKeysAreNamed(_ key: String) throws {
    #expect(throws: ModelConfigurationError.missingKey(file: "model.config", key: key)) {
      try read([key: .null])
    }
  }

  @Test(arguments: [
    ("hidden_size", JSONValue.string("24")), ("hidden_size", .double(24.5)),
    ("tie_word_embeddings", .int(1)), ("rms_norm_eps", .string("1e-6")),
    ("eos_token_id", .string("</s>")), ("architectures", .string("Qwen2ForCausalLM")),
    ("rope_parameters", .int(3)), ("model_type", .int(2)),
  ])
  func wrongTypesAreNamed(_ key: String, _ value: JSONValue) throws {
    do {
      _ = try read([key: value])
      Issue.record("\(key) \(value) was accepted")
    } catch let error as ModelConfigurationError {
      guard case .wrongType("model.config", key, value.summary, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test(arguments: [
    ["hidden_size": JSONValue.int(0)], ["vocab_size": .int(-5)],
    ["hidden_size": .int(Int.max)], ["num_hidden_layers": .int(1 << 40)],
    ["num_key_value_heads": .int(3)], ["hidden_size": .int(25)], ["hidden_size": .int(20)],
    ["head_dim": .int(5)], ["rms_norm_eps": .int(0)], ["eos_token_id": .int(48)],
    ["eos_token_id": .int(-2)], ["bos_token_id": .int(1 << 33)],
    ["layer_types": .array([.string("full_attention")])],
    // Each size is possible, all of them are not.
    ["num_hidden_layers": .int(1 << 20)],
    ["hidden_size": .int(1 << 24), "vocab_size": .int(1 << 24)],
    [
      "hidden_size": .int(1 << 24), "num_attention_heads": .int(1 << 24), "head_dim": .int(1 << 24),
    ],
  ])
  func valuesThatMakeNoModelAreRefused(_ changes: [String: JSONValue]) throws {
    do {
      _ = try read(changes)
      Issue.record("\(changes) was accepted")
    } catch let error as ModelConfigurationError {
      guard case .invalidValue("model.config", let key, _, _) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(changes[key] != nil)
    }
  }

  @Test func misspellingsInAHandWrittenSectionAreNamed() throws {
    #expect(
      throws: ModelConfigurationError.unknownKey(
        file: "model.config",
        key: "num_attention_head",
        nearest: "num_attention_heads"
      )
    ) { try read(["num_attention_head": .int(4)], strict: true) }
    // A config.json may hold keys of other tools.
    _ = try read(["num_attention_head": .int(4)])
  }

  @Test(arguments: ["", "[1]", "{\"model_type\": \"qwen2\"", "{\"a\": NaN}", "\u{FEFF}"])
  func brokenFilesAreNamed(_ text: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(text, "config.json")
    let path = folder.url.appendingPathComponent("config.json").path
    do {
      _ = try DecoderConfiguration(directory: folder.url)
      Issue.record("accepted")
    } catch {
      guard case .malformed(path, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func absentFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    #expect(
      throws: ModelConfigurationError.unreadable(
        file: folder.url.appendingPathComponent("config.json").path,
        reason: "no such file"
      )
    ) { try DecoderConfiguration(directory: folder.url) }
  }
}

@Suite struct GenerationConfigurationTests {
  @Test func valuesAndForeignKeysSurvive() throws {
    let text = """
      {"eos_token_id": [7, 9], "bos_token_id": 2, "pad_token_id": 0, "do_sample": true,
       "temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0.05, "repetition_penalty": 1.05,
       "max_new_tokens": 64, "transformers_version": "4.51.0", "num_beams": 1}
      """
    let read = try GenerationConfiguration(json: Data(text.utf8), source: "g")
    #expect(read.eosTokenIDs == [7, 9] && read.bosTokenID == 2 && read.padTokenID == 0)
    #expect(read.temperature == 0.7 && read.topP == 0.8 && read.topK == 20 && read.minP == 0.05)
    let written = try GenerationConfiguration(json: read.json(), source: "w")
    #expect(written == read)
    #expect(String(decoding: read.json(), as: UTF8.self).contains("\"num_beams\": 1"))
    let options = GenerationOptions(read)
    #expect(options.temperature == 0.7 && options.topK == 20 && options.eosTokenIDs == [7, 9])
    #expect(options.maxCompletionLength == 64 && options.repetitionPenalty == 1.05)
  }

  @Test func withoutDoSampleDecodingIsGreedy() throws {
    var configuration = GenerationConfiguration()
    configuration.temperature = 0.7
    #expect(GenerationOptions(configuration).temperature == 0)
    configuration.doSample = true
    #expect(GenerationOptions(configuration).temperature == 0.7)
    #expect(GenerationOptions(configuration).topK == 50)
  }

  @Test(arguments: [
    "{\"top_p\": 1.5}", "{\"temperature\": -1}", "{\"top_k\": -1}", "{\"min_p\": 2}",
    "{\"repetition_penalty\": 0}", "{\"eos_token_id\": -7}",
  ])
  func valuesOutOfRangeAreRefused(_ text: String) throws {
    do {
      _ = try GenerationConfiguration(json: Data(text.utf8), source: "g")
      Issue.record("accepted")
    } catch {
      guard case .invalidValue("g", _, _, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func aDirectoryMayHaveNone() throws {
    let folder = try TemporaryFolder()
    #expect(try GenerationConfiguration.read(directory: folder.url) == nil)
  }
}
