import Components
import PluginHost
import Testing

@Suite("alternate")
struct AlternateTests {
  @Test("step t is SFT where t mod k is 0", arguments: [1, 2, 3, 7])
  func phases(period: Int) throws {
    let strategy = try shippedStrategy("alternate", ["period": .int(Int64(period))])
    #expect(strategy.requirements == [.demonstrations, .prompts])
    var run = SimulatedRun(strategy)
    let kinds = try run.run(3 * period + 2).map(\.kind)
    var expected: [StepKind] = []
    while expected.count < kinds.count {
      expected += [.sft] + Array(repeating: .rl, count: period - 1)
    }
    #expect(kinds == Array(expected.prefix(kinds.count)))
    #expect(try strategy.saveState().isEmpty)
  }

  @Test("k is 2 by default, and the phase belongs to the run's step")
  func middle() throws {
    var run = SimulatedRun(try shippedStrategy("alternate", [:]))
    run.step = 5
    #expect(try run.run(4).map(\.kind) == [.rl, .sft, .rl, .sft])
  }

  @Test("k changes while it runs; 0 is refused and the old one holds")
  func changes() throws {
    let component = try changeableStrategy("alternate", [:])
    var run = SimulatedRun(component.part)
    #expect(try run.run(3).map(\.kind) == [.sft, .rl, .sft])
    try component.reconfigure(["period": 3])
    #expect(throws: (any Error).self) { try component.reconfigure(["period": 0]) }
    #expect(try run.run(4).map(\.kind) == [.sft, .rl, .rl, .sft])
  }
}
