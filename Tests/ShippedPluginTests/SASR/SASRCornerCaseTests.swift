import Components
import Testing

@Suite("SASR, corner cases")
struct SASRCornerCaseTests {
  @Test("without a warm-up the probe is measured first", arguments: ["probe", "last"])
  func noWarmUp(norm: String) throws {
    var run = SimulatedRun(
      try shippedStrategy("sasr", ["warmup_steps": 0, "w": 0.0, "norm": .string(norm)])
    )
    run.probe = { _ in (0.7, 1) }
    try run.run(1)
    #expect(run.plans.map(\.plan.kind).first == .measure)
    #expect(run.plans[1].plan["p_t"] == 0.5)
    #expect(run.plans[1].plan["G_warmup"] == 0.7)
  }

  @Test(
    "swapped in during a run, after where its warm-up would have ended: the probe is measured first"
  )
  func swappedIn() throws {
    var run = SimulatedRun(try shippedStrategy("sasr", ["warmup_steps": 100]))
    run.step = 500
    let plan = try run.run()
    #expect(run.plans.map(\.plan.kind).first == .measure)
    #expect(run.plans[0].plan.snapshotReference)
    #expect(plan["p_t"] != nil)
  }

  @Test("swapped in with the paper's rule: the first step is SFT and sets G_warmup")
  func swappedInPaper() throws {
    var run = SimulatedRun(try shippedStrategy("sasr", SASRRuleTests.paper))
    run.step = 500
    run.sftNorm = { $0 == 500 ? 0.25 : 1 }
    let first = try run.run()
    #expect(first.kind == .sft)
    #expect(first.snapshotReference)
    let second = try run.run()
    #expect(second["p_t"] == 0.5)
    #expect(second["G_warmup"] == 0.25)
    #expect(!second.snapshotReference)
  }

  @Test("swapped in inside its warm-up: the rest of it is SFT")
  func swappedInEarly() throws {
    var run = SimulatedRun(try shippedStrategy("sasr", ["warmup_steps": 10]))
    run.step = 7
    try run.run(4)
    #expect(run.plans.map(\.plan.kind).prefix(4) == [.sft, .sft, .sft, .measure])
  }

  @Test("SFT steps of an earlier strategy say how large a batch's own norm is")
  func history() throws {
    // Own norms are three times the probe's. A step with such a norm is no news, so G must stay where it is.
    func normAfterSFT(history: Bool) throws -> Double {
      var run = SimulatedRun(
        try shippedStrategy(
          "sasr",
          ["warmup_steps": 0, "refresh_every": 0, "w": 0.0, "p_min": 1.0]
        )
      )
      run.step = 40
      run.sftNorm = { _ in 0.6 }
      run.probe = { _ in (0.2, 1) }
      if history {
        var earlier = SimulatedRun(try shippedStrategy("sft", [:]))
        earlier.keepsHistory = true
        earlier.sftNorm = { _ in 0.6 }
        try earlier.run(40)
        run.history = earlier.history
      }
      return try run.run(5)[4].number("G")
    }
    #expect(abs(try normAfterSFT(history: true) - 0.2) < 1e-15)
    #expect(try normAfterSFT(history: false) > 0.3)
  }

  @Test("G_warmup of 0 is an error with a cure", arguments: ["probe", "last"])
  func zeroWarmupNorm(norm: String) throws {
    var run = SimulatedRun(
      try shippedStrategy(
        "sasr",
        ["warmup_steps": 3, "norm": .string(norm), "w": 0.0, "refresh_every": 0]
      )
    )
    run.sftNorm = { _ in 0 }
    run.probe = { _ in (0, 1) }
    try run.run(3)
    let message = try #require(throws: (any Error).self) { try run.run() }
    #expect("\(message)".contains("step 3"))
    #expect("\(message)".contains("G_warmup is 0"))
    #expect("\(message)".contains("lower warmup_steps"))
  }

  @Test("a probe that is not finite is an error", arguments: [Double.nan, .infinity])
  func nonFiniteProbe(value: Double) throws {
    for probe in [(norm: value, nll: 1.0), (norm: 1.0, nll: value)] {
      var run = SimulatedRun(try shippedStrategy("sasr", ["warmup_steps": 0]))
      run.probe = { _ in probe }
      let message = try #require(throws: (any Error).self) { try run.run() }
      #expect("\(message)".contains("the probe has gradient norm"))
    }
  }

  @Test("a gradient norm that is not finite is an error", arguments: [Double.nan, .infinity])
  func nonFiniteNorm(value: Double) throws {
    var run = SimulatedRun(try shippedStrategy("sasr", ["warmup_steps": 3]))
    run.sftNorm = { $0 == 1 ? value : 1 }
    try run.run()
    let message = try #require(throws: (any Error).self) { try run.run() }
    #expect("\(message)".contains("step 1"))
    #expect("\(message)".contains("gradient norm is"))
  }

  @Test("a host that does not measure is told so, and not asked for ever")
  func noMeasurement() throws {
    let run = SimulatedRun(try shippedStrategy("sasr", ["warmup_steps": 0]))
    #expect(try run.strategy.beginStep(run.context()).kind == .measure)
    let message = try #require(throws: (any Error).self) {
      try run.strategy.beginStep(run.context(measurements: 1))
    }
    #expect("\(message)".contains("asked for but not measured"))
  }

  @Test("a refresh comes every so many steps, says that it sets G, and shifts no draw")
  func refresh() throws {
    func run(_ every: Int64) throws -> SimulatedRun {
      var run = SimulatedRun(
        try shippedStrategy("sasr", ["warmup_steps": 4, "w": 0.0, "refresh_every": .int(every)])
      )
      run.probe = { (1 + Double($0), 1) }
      try run.run(40)
      return run
    }
    let (often, never) = (try run(9), try run(0))
    let measured = often.plans.filter { $0.plan.kind == .measure }
    #expect(measured.map(\.step) == [4, 13, 22, 31])
    #expect(measured[0].plan.reason.contains("first measurement"))
    #expect(measured[0].plan.reason.contains("sets G_warmup and G"))
    #expect(measured[1].plan.reason == "refresh, 9 steps after the last: sets G")
    let at13 = try #require(often.plans.last { $0.step == 13 })
    #expect(at13.plan["G"] == 14)
    #expect(at13.plan["G_warmup"] == 5)
    let draws = { (run: SimulatedRun) in run.plans.compactMap { $0.plan["draw"] } }
    #expect(draws(often) == draws(never))
  }

  @Test("with norm: last a refresh moves G by what the probe has moved")
  func refreshOfLast() throws {
    var run = SimulatedRun(
      try shippedStrategy(
        "sasr",
        ["warmup_steps": 2, "w": 0.0, "norm": "last", "refresh_every": 5, "p_max": 0.0]
      )
    )
    run.sftNorm = { _ in 3 }
    run.probe = { ($0 < 7 ? 0.5 : 0.25, 1) }
    try run.run(8)
    #expect(run.plans[2].plan.reason.contains("G stays that of the last SFT step"))
    #expect(run.plans.first { $0.step == 6 }?.plan["G"] == 3)
    #expect(run.plans.last { $0.step == 7 }?.plan["G"] == 1.5)
  }

  @Test(
    "KL from the reference counts only from four values on, and refuses outliers and non-numbers"
  )
  func klOutliers() throws {
    var run = SimulatedRun(
      try shippedStrategy(
        "sasr",
        [
          "warmup_steps": 1, "norm": "last", "refresh_every": 0, "divergence": "reference",
          "p_max": 0.0, "divergence_target": 0.1,
        ]
      )
    )
    let values: [Int: Double] = [
      1: .nan, 2: 0, 3: 0.1, 4: .infinity, 5: 5_000, 6: 0.1, 7: 1e9, 8: 0.1,
    ]
    run.kl = { values[$0] ?? 0.1 }
    let plans = try run.run(10)
    // Four finite values (0, 0.1, 5000, 0.1) are there before step 7; their median is 0.1.
    for step in 1...6 { #expect(plans[step]["D"] == nil, "step \(step)") }
    for step in 1...6 { #expect(plans[step]["r"] == 1, "step \(step)") }
    #expect(plans[7]["D"] == 0.1)
    // 1e9 came at step 7 and was refused.
    #expect(plans[8]["D"] == 0.1)
    #expect(plans[9]["D"] == 0.1)
  }

  @Test("a KL that stays high is believed in the end")
  func klRises() throws {
    var run = SimulatedRun(
      try shippedStrategy(
        "sasr",
        [
          "warmup_steps": 0, "refresh_every": 0, "divergence": "reference", "p_max": 0.0,
          "divergence_target": 0.01,
        ]
      )
    )
    run.kl = { $0 < 20 ? 0.001 : 5 }
    let plans = try run.run(200)
    #expect(try plans[22].number("D") < 0.002)
    #expect(try plans[199].number("D") > 1)
  }

  @Test("settings that contradict each other are refused with a cure")
  func contradictions() throws {
    for (parameters, words) in [
      (["p_min": 0.6, "p_max": 0.4], "p_min <= p_max"),
      (["refresh_every": 0], "set refresh_every above 0, or w: 0"),
    ] as [(ParameterValue, String)] {
      let message = try #require(throws: (any Error).self) {
        try shippedStrategy("sasr", parameters)
      }
      #expect("\(message)".contains(words))
    }
    for (parameters, key) in [
      (["gamma": 0.0], "gamma"), (["norm": "first"], "norm"),
      (["warmup_steps": -1], "warmup_steps"),
      (["ema": 1.5], "ema"), (["gama": 1.0], "gamma"),
    ] as [(ParameterValue, String)] {
      let message = try #require(throws: (any Error).self) {
        try shippedStrategy("sasr", parameters)
      }
      #expect("\(message)".contains(key))
    }
  }
}
