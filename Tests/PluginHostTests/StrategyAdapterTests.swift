import Components
import Foundation
import Testing

@testable import PluginHost

@Suite struct StrategyAdapterTests {
  private func fixture(_ fault: String = "NO_FAULT", extra: String = "") throws -> Fixture {
    try Fixture("strategy", .strategy, defines: ["FAULT=\(fault)"], extra: extra)
  }

  @Test func planDefaults() throws {
    let strategy = try fixture().strategy()
    #expect(try strategy.beginStep(context()) == StepPlan(.both))
    #expect(strategy.requirements == [.kl, .statisticsPass])
  }

  @Test func planAndReportsCross() throws {
    let strategy = try fixture().strategy()
    let plan = try strategy.beginStep(
      context(step: 9, horizon: 500, history: [report(1000), report(2000, parts: false)])
    )
    #expect(plan.kind == .both)
    #expect(plan.sftWeight == 21)
    #expect(plan.rlWeight == 22)
    #expect(plan.learningRateFactor == 7.0 / 16)
    #expect(plan.samplesPerPrompt == 6)
    #expect(plan.optimizerSlot == 2)
    #expect(plan.maxGradNorm == 500)
    #expect(plan.difficulty == 2...9)
    #expect(plan.snapshotReference)
    #expect(plan.exampleSlot == .prompts)
    #expect(plan.groupDemonstrations == 3)
    #expect(plan.skipAboveGradNorm == 12.5)
    #expect(plan.exampleIDs == [(1 << 63) + 5, 500])
    #expect(plan.reason == "because")
    let small: [Double] = [2000, 3, 2001.5, 2002.5, 2003.5, 2004]
    #expect(plan.diagnostics.map(\.value) == [0] + expectedNumbers(1000) + small)
    #expect(plan.diagnostics[1].name == "step")
    #expect(plan.diagnostics[7].name == "sft.0")
  }

  @Test func rolloutHooksCross() throws {
    let strategy = try fixture().strategy()
    #expect(
      try strategy.shapeRollout(shapeRequest()) == RolloutShape(prefixLengths: [13, 11, 4, 3, 12])
    )
    #expect(try strategy.shapeRollout(shapeRequest(groupSize: 1)) == nil)
    let routes = try strategy.route(routeRequest())
    #expect(
      routes == [
        PromptRoute(
          keepRollouts: false,
          demonstration: .none,
          demonstrationReward: -99.5,
          weight: 73
        ),
        PromptRoute(keepRollouts: true, demonstration: .sft, demonstrationReward: 3, weight: 74),
      ]
    )
    let single = PromptGroup(
      exampleID: 1,
      rewards: [1],
      succeeded: [true],
      hasDemonstration: true
    )
    #expect(
      try strategy.route(RouteRequest(step: 3, prompts: [single]))?.first?.demonstrationReward
        == .some(nil)
    )
    #expect(try strategy.advantages(advantageRequest()) == [3_000_001.5, 3_000_003, 3_001_023])
  }

  @Test func weightHooksCross() throws {
    let strategy = try fixture().strategy()
    #expect(
      try strategy.stepWeights(statistics())
        == StepWeights(sftWeight: 5, rlWeight: 0.25, sequenceWeights: [1011, 2252.5])
    )
    let weights = try #require(try strategy.tokenWeights(tokenRequest()))
    #expect(weights == [20_129, 242_260, 62_391])
  }

  static let faults: [(String, String, String)] = [
    ("KIND_UNSET", "begin_step", "kind is 0"),
    ("BEGIN_DEFAULT", "begin_step", "status 1"),
    ("WEIGHT_NEGATIVE", "begin_step", "sft_weight is -1.0"),
    ("CLIP_ZERO", "begin_step", "max_grad_norm is 0.0"),
    ("WINDOW_REVERSED", "begin_step", "1000000000.0 to 9.0"),
    ("SLOT_UNKNOWN", "begin_step", "example_slot is 2"),
    ("SKIP_NEGATIVE", "begin_step", "skip_above_grad_norm is -1.0"),
    ("PREFIX_TOO_LONG", "shape_rollout", "sample 0 starts with 14 tokens of a demonstration of 13"),
    ("GROUP_TOO_LARGE", "shape_rollout", "has 7 samples, 6 are left"),
    ("GROUP_EMPTY", "shape_rollout", "has 0 samples"),
    ("ROUTES_TOO_FEW", "route", "gave 1 values where 2 are needed"),
    ("ROUTE_WITHOUT_DEMONSTRATION", "route", "prompt 0 (row 70) uses a demonstration"),
    ("ROUTE_UNKNOWN", "route", "the demonstration 8"),
    ("ROUTE_WEIGHT_NAN", "route", "weight nan"),
    ("ADVANTAGE_TOO_FEW", "advantages", "gave 2 values where 3"),
    ("ADVANTAGE_ONE", "advantages", "gave 1 values where 3"),
    ("ADVANTAGE_NAN", "advantages", "sample 1 is nan"),
    ("ADVANTAGE_PAST_END", "advantages", "behind the 3 values"),
    ("WEIGHTS_UNSET", "step_weights", "part 0 is"),
    ("WEIGHTS_TOO_FEW", "step_weights", "gave 1 values where 2"),
    ("TOKEN_INFINITE", "token_weights", "token 0 is inf"),
    ("TOKEN_TOO_FEW", "token_weights", "gave 1 values where 3"),
    ("END_FAILS", "end_step", "cannot remember"),
  ]

  @Test(arguments: faults) func refusesWrongAnswers(
    fault: String,
    hook: String,
    word: String
  ) throws {
    let strategy = try fixture(fault).strategy()
    let error = try #require(
      pluginError {
        _ = try strategy.beginStep(context(step: 9))
        _ = try strategy.shapeRollout(shapeRequest())
        _ = try strategy.route(routeRequest())
        _ = try strategy.advantages(advantageRequest())
        _ = try strategy.stepWeights(statistics())
        _ = try strategy.tokenWeights(tokenRequest())
        try strategy.endStep(report(1))
      }
    )
    #expect(error.hook == hook)
    #expect(error.description.contains(word), "\(error)")
  }

  @Test func needsAreChecked() throws {
    let unknown = try fixture("UNKNOWN_NEED")
    let error = try #require(pluginError { _ = try unknown.strategy() })
    #expect(error.description.contains("0x1000000000000000"))
    let extra = try fixture("NEED_NOT_IN_MANIFEST", extra: "needs: [kl, statistics_pass]")
    let second = try #require(pluginError { _ = try extra.strategy() })
    #expect(second.description.contains("it needs probe, which the manifest's needs do not list"))
  }

  // MARK: - State

  @Test func stateRoundTrip() throws {
    let fixture = try fixture()
    let first = try fixture.strategy()
    try first.endStep(report(40))
    try first.endStep(report(2))
    let state = try first.saveState()
    #expect(try first.saveState() == state)
    let second = try fixture.strategy()
    try second.loadState(state)
    let plan = try second.beginStep(context(step: 2))
    #expect(plan.diagnostics == [Diagnostic("state", 45)])
    #expect(try second.saveState() == state)
  }

  @Test func garbageIsRefusedAndTheOldStateStays() throws {
    let strategy = try fixture().strategy()
    try strategy.endStep(report(40))
    let state = try strategy.saveState()
    var generator = SystemRandomNumberGenerator()
    var candidates: [[UInt8]] = [[], [0], Array(state.dropLast()), state + [0]]
    for count in [8, 200, 1 << 20] {
      candidates.append((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
    for index in state.indices {
      var flipped = state
      flipped[index] ^= 1 << UInt8(index % 8)
      candidates.append(flipped)
    }
    for bytes in candidates {
      let error = try #require(pluginError { try strategy.loadState(bytes) })
      #expect(error.problem == .state)
    }
    #expect(try strategy.saveState() == state)
  }

  @Test func stateOfAnotherComponentIsNamed() throws {
    let other = StateEnvelope(id: "org.example.other", version: 3, payload: [1]).encoded()
    let strategy = try fixture().strategy()
    let error = try #require(pluginError { try strategy.loadState(other) })
    #expect(error.description.contains("the saved state is that of org.example.other"))
  }

  /// What the plugin itself refuses, behind an envelope that is sound.
  @Test func thePluginRefusesForeignPayload() throws {
    let fixture = try fixture()
    let strategy = try fixture.strategy()
    for (version, payload) in [
      (UInt32(3), [UInt8]()), (3, [1, 2, 3]), (3, Array(repeating: 7, count: 9)),
      (4, Array(repeating: 0, count: 8)),
    ] {
      let bytes = StateEnvelope(id: fixture.id, version: version, payload: payload).encoded()
      let error = try #require(pluginError { try strategy.loadState(bytes) })
      #expect(error.problem == .state)
      #expect(error.hook == "load")
    }
  }

  @Test func oneByteAtATime() throws {
    let strategy = try #require(try fixture().strategy() as? PluginStrategy)
    let fresh = try PluginInstance(strategy.source)
    try fresh.load(Array(repeating: 1, count: 8), version: 3, chunk: 1)
    #expect(try fresh.save() == Array(repeating: 1, count: 8))
  }

  // MARK: - Requests

  private func routeRequest() -> RouteRequest {
    RouteRequest(
      step: 3,
      prompts: [
        PromptGroup(
          exampleID: 70,
          rewards: [0.5, nil],
          succeeded: [false, false],
          hasDemonstration: false
        ),
        PromptGroup(
          exampleID: 71,
          rewards: [1, 2],
          succeeded: [false, true],
          hasDemonstration: true
        ),
      ]
    )
  }

  private func advantageRequest() -> AdvantageRequest {
    AdvantageRequest(
      step: 3,
      rewards: [1.5, nil, 3],
      group: [0, 1, 2],
      isDemonstration: [false, false, true]
    )
  }

  private func statistics() -> StepStatistics {
    StepStatistics(
      step: 5,
      sequences: [
        SequenceStatistics(
          kind: .demonstration,
          group: -1,
          tokens: 10,
          nll: 2,
          entropy: 4,
          advantage: 0
        ),
        SequenceStatistics(
          kind: .scoredDemonstration,
          group: 3,
          tokens: 22,
          nll: 0.5,
          entropy: 1,
          advantage: 2
        ),
      ]
    )
  }

  private func tokenRequest() -> TokenWeightRequest {
    TokenWeightRequest(
      step: 1,
      sequenceStarts: [0, 1, 1, 3],
      sequenceKinds: [.rollout, .demonstration, .scoredDemonstration],
      logProbs: [1, 2, 3],
      oldLogProbs: [2, 3, 4],
      entropies: [3, 4, 5],
      advantages: [4, 5, 6],
      kinds: [.rollout, .demonstration, .hint],
      coefficients: [5, 6, 7],
      scales: [1, 2, 3],
      klCoefficients: [0, 1, 0]
    )
  }
}
