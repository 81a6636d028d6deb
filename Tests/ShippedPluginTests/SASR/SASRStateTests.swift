import Components
import Testing

@Suite("SASR, state")
struct SASRStateTests {
  static let settings: [ParameterValue] = [
    ["warmup_steps": 20],
    ["warmup_steps": 20, "w": 0.0, "norm": "last", "refresh_every": 0],
    ["warmup_steps": 5, "w": 1.0, "divergence": "reference", "refresh_every": 0],
    ["warmup_steps": 0, "norm": "last", "optimizer_slots": "separate"],
  ]

  private func run(_ strategy: any MixingStrategy, from step: Int = 0) -> SimulatedRun {
    var run = SimulatedRun(strategy)
    run.step = step
    run.sftNorm = { 0.1 + SimulatedRun.uniform(seed: 3, step: $0, item: 1) }
    // With stretches of outliers, so that the count of those in a row matters too.
    run.kl = { SimulatedRun.uniform(seed: 3, step: $0, item: 2) * ($0 % 17 < 9 ? 0.1 : 50) }
    run.probe = {
      (
        0.1 + SimulatedRun.uniform(seed: 3, step: $0, item: 3),
        1 + SimulatedRun.uniform(seed: 3, step: $0, item: 4) * 0.1
      )
    }
    return run
  }

  @Test(
    "a run that goes on from a saved state decides as the one that was not stopped",
    arguments: settings
  )
  func resume(_ parameters: ParameterValue) throws {
    var whole = run(try shippedStrategy("sasr", parameters))
    var states: [[UInt8]] = []
    for _ in 0..<120 {
      states.append(try whole.strategy.saveState())
      try whole.run()
    }
    let strategy = try shippedStrategy("sasr", parameters)
    for stop in states.indices {
      try strategy.loadState(states[stop])
      #expect(try strategy.saveState() == states[stop])
      var resumed = run(strategy, from: stop)
      try resumed.run(120 - stop)
      #expect(
        resumed.plans == whole.plans.filter { $0.step >= stop },
        "stopped before step \(stop)"
      )
      #expect(try strategy.saveState() == whole.strategy.saveState())
    }
  }

  @Test("equal runs save equal bytes")
  func deterministic() throws {
    let bytes = try (0..<3).map { _ in
      var run = run(try shippedStrategy("sasr", ["warmup_steps": 10]))
      try run.run(60)
      return try run.strategy.saveState()
    }
    #expect(bytes[0] == bytes[1])
    #expect(bytes[0] == bytes[2])
  }

  @Test("a plan that is asked for twice is the same: asking changes nothing")
  func asking() throws {
    var run = run(try shippedStrategy("sasr", ["warmup_steps": 10]))
    try run.run(33)
    let state = try run.strategy.saveState()
    let plans = try (0..<3).map { _ in try run.strategy.beginStep(run.context()) }
    #expect(plans[0] == plans[1])
    #expect(plans[0] == plans[2])
    #expect(try run.strategy.saveState() == state)
  }

  @Test("foreign, cut and damaged bytes are refused")
  func garbage() throws {
    var made = run(try shippedStrategy("sasr", ["warmup_steps": 10]))
    try made.run(50)
    let good = try made.strategy.saveState()
    var bad: [[UInt8]] = [[], [0], good + [0]]
    bad += (0..<good.count).map { Array(good.prefix($0)) }
    bad += good.indices.map { index in
      var bytes = good
      bytes[index] ^= 1 << UInt8(index % 8)
      return bytes
    }
    var generator = SystemRandomNumberGenerator()
    bad += (0..<3).map { _ in
      (0..<1_000_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    bad.append((0..<good.count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    let strategy = try shippedStrategy("sasr", ["warmup_steps": 10])
    for bytes in bad {
      #expect(throws: (any Error).self, "\(bytes.count) bytes") { try strategy.loadState(bytes) }
    }
    try strategy.loadState(good)
    #expect(try strategy.saveState() == good)
  }
}
