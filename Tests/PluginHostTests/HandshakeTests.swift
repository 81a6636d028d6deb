import Components
import Foundation
import PluginHost
import Testing

@Suite struct HandshakeTests {
  /// A fault of the C fixture, and words that the error must have: the field, what was expected, what was found.
  static let faults: [(String, [String])] = [
    ("WRONG_MAGIC", ["magic", "0x4553495750455453", "0x1234567812345678"]),
    ("WRONG_MAJOR", ["abi_major is 9", "expected 1", "rebuild the plugin with the SDK"]),
    ("NEWER_HOST_NEEDED", ["min_host_minor is 77", "at most 0", "update Stepwise to ABI 1.77"]),
    ("SHORT_PLUGIN", ["struct_size is 40", "at least 96", "sizeof(stepwise_plugin)"]),
    ("ODD_PLUGIN", ["struct_size is 99", "multiple of 8"]),
    ("NULL_PLUGIN", ["the entry function answered NULL"]),
    ("NO_FACTORIES", ["factory_count is 0"]),
    ("SHORT_FACTORY", ["factories[0].struct_size is 40", "sizeof(stepwise_factory)"]),
    ("NO_CREATE", ["factories[0].create is NULL"]),
    ("NO_SCORE", ["stepwise_reward.score is NULL"]),
    ("SAVE_WITHOUT_LOAD", ["factories[0].save", "both"]),
    ("SHORT_TABLE", ["stepwise_reward.struct_size is 16"]),
    ("OTHER_VERSION", ["version is 6.6.6", "manifest says 1.0.0"]),
    ("OTHER_ID", ["org.stepwise.fixture.other", "make the ids of manifest and library agree"]),
  ]

  @Test(arguments: faults) func namesTheField(fault: String, words: [String]) throws {
    let fixture = try Fixture("reward", .reward, defines: ["FAULT=\(fault)"])
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.problem == .handshake)
    #expect(error.plugin == fixture.id)
    #expect(error.file == fixture.library.path())
    #expect(error.cure != nil)
    for word in words { #expect(error.description.contains(word), "\(error)") }
  }

  @Test func missingEntryIsFoundWithoutLoading() throws {
    let fixture = try Fixture("reward", .reward, defines: ["LEAVE_OUT_ENTRY"])
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.problem == .image(.missingEntry("stepwise_plugin_entry")))
  }

  @Test func unresolvedSymbolIsNamed() throws {
    let fixture = try Fixture("reward", .reward, defines: ["UNRESOLVED"])
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.problem == .linker)
    #expect(error.description.contains("a_symbol_that_nothing_defines"))
  }

  /// An older plugin's structs end before the optional members; what lies behind them is not read.
  @Test func olderAndSmallerLoads() throws {
    let strategy = try Fixture("sizes", .strategy, defines: ["OLDER"]).strategy()
    #expect(try strategy.beginStep(context()).kind == .sft)
    #expect(
      try strategy.advantages(.init(step: 0, rewards: [1], group: [0], isDemonstration: [false]))
        == nil
    )
    #expect(try strategy.saveState() == [])
  }

  /// A newer plugin's structs have members that the host does not know, and its factories lie further apart.
  @Test func newerAndLargerLoads() throws {
    let strategy = try Fixture("sizes", .strategy, defines: ["NEWER"]).strategy()
    #expect(try strategy.beginStep(context()).kind == .sft)
  }

  @Test func absentHooksMeanDefaults() throws {
    let strategy = try Fixture("sizes", .strategy, defines: ["NEWER"]).strategy()
    #expect(strategy.requirements == [])
    #expect(try strategy.shapeRollout(shapeRequest()) == nil)
    #expect(try strategy.route(.init(step: 0, prompts: [])) == nil)
    #expect(try strategy.stepWeights(.init(step: 0, sequences: [])) == nil)
    try strategy.endStep(.init(step: 0, kind: .sft))
    try strategy.loadState([])
    #expect(pluginError { try strategy.loadState([1]) }?.problem == .state)
  }
}
