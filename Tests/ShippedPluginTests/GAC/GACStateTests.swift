import Components
import PluginHost
import Testing

@Suite("gac, state")
struct GACStateTests {
  @Test("a run that goes on from a saved state decides as the one that was not stopped")
  func resume() throws {
    let history = GACTests.measured(80)
    let whole = try shippedStrategy("gac", [:])
    let context = SimulatedRun(whole).context()
    var (states, plans): ([[UInt8]], [StepPlan]) = ([], [])
    for measured in history {
      states.append(try whole.saveState())
      plans.append(try whole.beginStep(context))
      try whole.endStep(GACTests.report(measured))
    }
    let resumed = try shippedStrategy("gac", [:])
    for stop in states.indices {
      try resumed.loadState(states[stop])
      #expect(try resumed.saveState() == states[stop])
      for step in stop..<history.count {
        #expect(try resumed.beginStep(context) == plans[step], "stopped at \(stop), step \(step)")
        try resumed.endStep(GACTests.report(history[step]))
      }
      #expect(try resumed.saveState() == whole.saveState())
    }
  }

  @Test("asking changes nothing, and equal runs save equal bytes")
  func deterministic() throws {
    let bytes = try (0..<2).map { _ in
      let strategy = try shippedStrategy("gac", [:])
      for measured in GACTests.measured(30) {
        _ = try strategy.beginStep(SimulatedRun(strategy).context())
        _ = try strategy.beginStep(SimulatedRun(strategy).context())
        try strategy.endStep(GACTests.report(measured))
      }
      return try strategy.saveState()
    }
    let silent = try shippedStrategy("gac", [:])
    for measured in GACTests.measured(30) { try silent.endStep(GACTests.report(measured)) }
    #expect(bytes[0] == bytes[1])
    #expect(try silent.saveState() == bytes[0])
  }

  @Test("new parameters keep mu and the averages")
  func changes() throws {
    let component = try changeableStrategy("gac", [:])
    let strategy = component.part
    for measured in GACTests.measured(30) { try strategy.endStep(GACTests.report(measured)) }
    let (state, context) = (try strategy.saveState(), SimulatedRun(strategy).context())
    let mu = try strategy.beginStep(context).sftWeight
    try component.reconfigure(["mu_max": 0.1, "max_change": 0.05])
    #expect(throws: (any Error).self) { try component.reconfigure(["mu_min": 0.2]) }
    #expect(try strategy.saveState() == state)
    #expect(try strategy.beginStep(context).sftWeight == mu)
    let noisyRL = GACTests.Measured(sft: 0, rl: 1, cosine: 1)
    for _ in 0..<20 { try strategy.endStep(GACTests.report(noisyRL)) }
    #expect(try strategy.beginStep(context).sftWeight == 0.1)
  }

  @Test("foreign, cut and damaged bytes are refused, and the old state stays", arguments: [0, 20])
  func garbage(steps: Int) throws {
    let strategy = try shippedStrategy("gac", [:])
    for measured in GACTests.measured(steps) { try strategy.endStep(GACTests.report(measured)) }
    let good = try strategy.saveState()
    var bad: [[UInt8]] = [[], [0], good + [0]]
    bad += (0..<good.count).map { Array(good.prefix($0)) }
    bad += good.indices.map { index in
      var bytes = good
      bytes[index] ^= 1 << UInt8(index % 8)
      return bytes
    }
    bad.append(try shippedStrategy("sasr", [:]).saveState())
    for bytes in bad {
      #expect(throws: (any Error).self, "\(bytes.count) bytes") { try strategy.loadState(bytes) }
    }
    #expect(try strategy.saveState() == good)
    try strategy.loadState(good)
    #expect(try strategy.saveState() == good)
  }
}
