import Foundation
import LanguageModels
import Testing

@testable import stepwise

@Suite struct MemoryNeedTests {
  /// An embedding, four projections, three of the MLP and three norms, 8,003,000 parameters: 128 MB trained, 16 MB frozen.
  private func model() throws -> DecoderConfiguration {
    try DecoderConfiguration(
      json: Data(
        """
        {"model_type": "llama", "hidden_size": 1000, "intermediate_size": 1000, "num_hidden_layers": 1, \
        "num_attention_heads": 10, "num_key_value_heads": 10, "vocab_size": 1000, "tie_word_embeddings": true}
        """.utf8
      ),
      source: "test"
    )
  }

  @Test(arguments: [
    (false, 200e6, true), (false, 100e6, false), (true, 100e6, true), (true, 10e6, false),
  ])
  func whatCannotFitIsRefused(adapts: Bool, available: Double, fits: Bool) throws {
    let model = try model()
    func check() throws {
      try MemoryNeed.check(model, adapts: adapts, at: "models/x", available: available)
    }
    if fits { return try check() }
    let error = try #require(throws: InputError.self) { try check() }
    #expect(error.file == "models/x")
    #expect(error.cure.contains("use_peft") == !adapts)
  }

  @Test func whereNobodyKnowsNothingIsRefused() throws {
    try MemoryNeed.check(try model(), adapts: false, at: "models/x", available: nil)
  }

  @Test func theMessageHasTheFigures() throws {
    let error = try #require(throws: InputError.self) {
      try MemoryNeed.check(try model(), adapts: false, at: "models/x", available: 0x700_0000)
    }
    #expect(
      error.problem
        == "0.119 GiB are needed for weights, gradients and AdamW's moments of 0.00800 billion parameters, "
        + "and this machine has 0.109 GiB, swap included"
    )
  }

  @Test func memoryAndSwapAreAddedUp() {
    let text = "MemTotal:       1000 kB\nMemFree:  10 kB\nSwapTotal:  24 kB\nHugePages_Total: 3\n"
    #expect(MemoryNeed.total(ofMemoryInformation: text) == 1_048_576.0)
    #expect(MemoryNeed.total(ofMemoryInformation: "nothing") == nil)
  }
}
