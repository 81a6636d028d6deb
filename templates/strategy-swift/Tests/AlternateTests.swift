import StepwisePlugin
import Testing

@testable import __MODULE__

@Suite struct AlternateTests {
  /// Plays `count` steps: "s" for SFT, "r" for RL.
  func play(_ strategy: inout Alternate, _ count: Int) -> String {
    (0..<count).map { _ in
      let kind = strategy.plan.kind
      strategy.finish(kind)
      return kind == .sft ? "s" : "r"
    }.joined()
  }

  @Test func everyFourthStepIsSFT() throws {
    var strategy = try Alternate(parameters: Parameters(json: #"{"sft_share": 0.25}"#))
    #expect(play(&strategy, 8) == "rrrsrrrs")
  }

  @Test func aLoadedStateGoesOn() throws {
    var (first, second) = try (
      Alternate(parameters: Parameters()), Alternate(parameters: Parameters())
    )
    _ = play(&first, 6)
    var writer = StateWriter()
    first.saveState(to: &writer)
    var reader = StateReader(writer.bytes)
    try second.loadState(from: &reader, version: 1)
    #expect(play(&second, 5) == "rsrrr")
    try second.reconfigure(Parameters(json: #"{"sft_share": 1}"#))
    #expect(play(&second, 2) == "ss")
  }

  @Test func nothingElsePassesForAState() throws {
    var strategy = try Alternate(parameters: Parameters())
    for bytes: [UInt8] in [[], [1, 2, 3], Array(repeating: 0xFF, count: 8)] {
      var reader = StateReader(bytes)
      #expect(throws: PluginFailure.self) { try strategy.loadState(from: &reader, version: 1) }
    }
  }
}
