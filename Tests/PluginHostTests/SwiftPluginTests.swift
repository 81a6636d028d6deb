import Components
import Foundation
import Testing

@testable import PluginHost

/// The Swift SDK from the host's side: the plugin is a library of its own, loaded as any other.
@Suite struct SwiftPluginTests {
  private let catalog = FixtureSuite.catalog

  private func object(_ entries: (String, ParameterValue)...) -> ParameterValue {
    .object(entries.map { ParameterEntry($0.0, $0.1) })
  }

  @Test func itemReward() throws {
    let reward = try catalog.loadReward(
      PluginReference("org.stepwise.fixture.suite", parameters: object(("limit", .int(3))))
    )
    #expect(
      reward.part.description
        == RewardDescription(name: "short", minimum: 0, maximum: 1, successThreshold: 1)
    )
    let outcomes = try reward.part.score(batch(["abc", "abcd", "abstain"]))
    #expect(outcomes == [.score(1), .score(0), .abstained])
    let many = (0..<500).map { String(repeating: "x", count: $0 % 7) }
    let expected = many.map { RewardOutcome.score($0.utf8.count <= 3 ? 1 : 0) }
    #expect(try reward.part.score(batch(many)) == expected)
    let error = try #require(pluginError { _ = try reward.part.score(batch(["a", "fail"])) })
    #expect(error.description.contains("item 1"))
    #expect(error.description.contains("nothing can be said"))
  }

  @Test func reconfigure() throws {
    let reward = try catalog.loadReward(PluginReference("org.stepwise.fixture.suite"))
    #expect(try reward.part.score(batch(["1234567"])) == [.score(0)])
    try reward.reconfigure(object(("limit", .int(7))))
    #expect(try reward.part.score(batch(["1234567"])) == [.score(1)])
    let refused = try #require(pluginError { try reward.reconfigure(object(("limit", .int(13)))) })
    #expect(refused.description.contains("13 is not wanted"))
    let fixed = try #require(
      pluginError { try reward.reconfigure(object(("mode", .string("terse")))) }
    )
    #expect(fixed.description.contains("'mode' cannot change"))
    #expect(pluginError { try reward.reconfigure(object(("limit", .int(101)))) } != nil)
    #expect(try reward.part.score(batch(["1234567", "12345678"])) == [.score(1), .score(0)])
  }

  @Test func batchRewardSeesEverything() throws {
    let log = Log()
    var services = HostServices()
    services.metric = { log.add("\($0) \($1) \($2)") }
    let reward = try catalog.loadReward(
      PluginReference("compare"),
      services: services
    ).part
    #expect(reward.description.requiredColumns == ["answer"])
    let items = batch(["yes", "yes", "no"], columns: [Column("answer", .text("yes"))])
    let outcomes = try reward.score(items)
    func expected(_ item: UInt64, _ truncated: Double) -> RewardOutcome {
      let draw = Philox4x32.uniform(seed: 17, step: 3, item: item, draw: 1)
      return .score(draw + 6 + truncated + 14)
    }
    #expect(outcomes == [expected(100, 0), expected(101, 1000), .score(-1)])
    #expect(log.all == ["compare seen 3.0", "compare seen 3.0"])
  }

  @Test func servicesOfTheSDK() throws {
    let log = Log()
    var services = HostServices()
    services.log = { log.add("\($0) \($1) \($2)") }
    // More ids and more bytes than the SDK makes room for at first.
    services.encode = { Array(repeating: 7, count: $0.utf8.count * 100) }
    services.decode = { ids, keep in
      String(repeating: keep ? "<é>" : "é", count: ids.count * 100)
    }
    services.logProbabilities = { model, context, ids in
      guard model == .policy else { throw FixtureFailure(message: "there is no reference model") }
      return ids.map { Float($0) * Float(context.count) / 2 }
    }
    let reward = try catalog.loadReward(PluginReference("swift-services"), services: services).part
    let outcomes = try reward.score(
      batch(["cancelled", "remaining", "encode", "decode", "kept", "policy", "other"])
    )
    #expect(outcomes.dropLast() == [0, 1, 600, 600, 400, 5.5].map { .score($0) })
    #expect(outcomes.last == .abstained)
    #expect(log.all.count == 1)
    #expect(log.all.first?.hasSuffix("/Tests/Fixtures/plugins/swift/FixtureSuite") == true)
    let error = try #require(pluginError { _ = try reward.score(batch(["reference"])) })
    #expect(error.description.contains("there is no reference model"))
    let bare = try catalog.loadReward(PluginReference("swift-services")).part
    let missing = try #require(pluginError { _ = try bare.score(batch(["encode"])) })
    #expect(missing.description.contains("this host has not given a tokenizer to the plugin"))
  }

  @Test func dataset() throws {
    let dataset = try catalog.loadDataset(
      PluginReference("org.stepwise.fixture.suite", parameters: object(("rows", .int(120))))
    ).part
    #expect(dataset.count == 120)
    try dataset.beginEpoch(4)
    let rows = try dataset.examples(in: 7..<9)
    #expect(
      rows[0]
        == Example(
          id: (1 << 40) + 7,
          prompt: .messages([
            Message(role: "system", content: "Be brief."), Message(role: "user", content: "7"),
          ]),
          completion: .text("it is 49"),
          difficulty: 7,
          stepBoundaries: [0, 3],
          columns: columns(7)
        )
    )
    #expect(rows[1].prompt == .text("8\u{0} squared é"))
    #expect(rows[1].difficulty == nil)
    #expect(try dataset.examples(in: 9..<10)[0].completion == nil)
    let error = try #require(pluginError { _ = try dataset.examples(in: 98..<101) })
    #expect(error.description.contains("row 99 is damaged"))
  }

  private func columns(_ index: Int) -> [Column] {
    [
      Column("nothing", .null), Column("integer", .int(Int64(index) - 5)),
      Column("real", .real(Double(index) / 8)), Column("text", .text("t\(index)")),
      Column("list", .list([.int(1), .list([.text("deep"), .null]), .real(0.5)])),
      Column("turns", .messages([Message(role: "assistant", content: "yes")])),
      Column("epoch", .int(4)),
    ]
  }

  @Test func missingParameter() throws {
    let error = try #require(
      pluginError { _ = try catalog.loadDataset(PluginReference("org.stepwise.fixture.suite")) }
    )
    #expect(error.problem == .parameters)
    #expect(error.description.contains("parameter 'rows' is missing; give a whole number"))
  }

  @Test func sequentialDatasetGoesOnAfterAResume() throws {
    let first = try catalog.loadDataset(PluginReference("counter")).part
    #expect(first.count == nil)
    #expect(try first.examples(in: 0..<3).map(\.id) == [0, 1, 2])
    let state = try first.saveState()
    let second = try catalog.loadDataset(PluginReference("counter")).part
    try second.loadState(state)
    #expect(try second.examples(in: 3..<5).map(\.id) == [3, 4])
    #expect(pluginError { _ = try second.examples(in: 0..<1) } != nil)
    let third = try catalog.loadDataset(PluginReference("counter")).part
    #expect(try third.examples(in: 3..<5).map(\.id) == [3, 4])
  }

  @Test func strategyWithState() throws {
    let load = { try catalog.loadStrategy(PluginReference("org.stepwise.fixture.suite")).part }
    let first = try load()
    #expect(try first.beginStep(context(step: 4)).kind == .sft)
    #expect(try first.beginStep(context(step: 5)).kind == .rl)
    try first.endStep(report(100))
    try first.endStep(report(7))
    let state = try first.saveState()
    let second = try load()
    try second.loadState(state)
    let plan = try second.beginStep(context())
    #expect(plan.reason == "2 norms")
    #expect(plan.diagnostics == [Diagnostic("norm", 20)])
    #expect(try second.saveState() == state)
  }

  /// Behind a sound envelope of the host, the SDK's own frame refuses what is not a state of the plugin.
  @Test func theSDKRefusesGarbage() throws {
    let strategy = try #require(
      try catalog.loadStrategy(PluginReference("org.stepwise.fixture.suite")).part
        as? PluginStrategy
    )
    let good = try StateEnvelope(decoding: try strategy.saveState())
    var candidates: [[UInt8]] = [[], [1], Array(good.payload.dropLast()), good.payload + [0]]
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<3 {
      candidates.append((0..<(1 << 20)).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
    for index in good.payload.indices {
      var flipped = good.payload
      flipped[index] ^= 0x10
      candidates.append(flipped)
    }
    for payload in candidates {
      let fresh = try PluginInstance(strategy.source)
      let error = try #require(pluginError { try fresh.load(payload, version: 2) })
      #expect(error.problem == .state)
    }
    let slow = try PluginInstance(strategy.source)
    try slow.load(good.payload, version: 2, chunk: 1)
    #expect(try slow.save() == good.payload)
    let newer = try PluginInstance(strategy.source)
    #expect(pluginError { try newer.load(good.payload, version: 3) }?.problem == .state)
  }

  @Test func everyHookOfAStrategy() throws {
    let strategy = try catalog.loadStrategy(PluginReference("echo")).part
    #expect(strategy.requirements == [.kl, .probe, .statisticsPass])
    let plan = try strategy.beginStep(context(step: 9, horizon: 500, history: [report(1000)]))
    #expect(
      plan
        == StepPlan(
          .both,
          sftWeight: 21,
          rlWeight: 22,
          learningRateFactor: 7.0 / 16,
          samplesPerPrompt: 6,
          groupDemonstrations: 3,
          optimizerSlot: 1,
          maxGradNorm: 500,
          skipAboveGradNorm: 12.5,
          exampleIDs: [(1 << 63) + 5, 5],
          exampleSlot: .prompts,
          difficulty: 2...9,
          snapshotReference: true,
          reason: "because é",
          diagnostics: plan.diagnostics
        )
    )
    #expect(plan.diagnostics.map(\.value) == expectedNumbers(1000))
    #expect(try strategy.shapeRollout(shapeRequest())?.prefixLengths == [13, 11, 3, 3, 7])
    #expect(try strategy.shapeRollout(shapeRequest(groupSize: 1)) == nil)
    let error = try #require(pluginError { _ = try strategy.beginStep(context(horizon: 666)) })
    #expect(error.hook == "begin_step")
    #expect(error.description.contains("number of the beast"))
  }

  @Test func everyRequestOfAStrategy() throws {
    let strategy = try catalog.loadStrategy(PluginReference("echo")).part
    let routes = try strategy.route(
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
            succeeded: [true, false],
            hasDemonstration: true
          ),
          PromptGroup(exampleID: 0, rewards: [1], succeeded: [true], hasDemonstration: true),
        ]
      )
    )
    #expect(
      routes == [
        PromptRoute(
          keepRollouts: false,
          demonstration: .none,
          demonstrationReward: -99.5,
          weight: 73
        ),
        PromptRoute(
          keepRollouts: true,
          demonstration: .groupMember,
          demonstrationReward: 3,
          weight: 74
        ),
        PromptRoute(demonstration: .groupMember, demonstrationReward: nil, weight: 3),
      ]
    )
    let advantages = try strategy.advantages(
      AdvantageRequest(
        step: 0,
        rewards: [1.5, nil],
        group: [0, 2],
        isDemonstration: [true, false]
      )
    )
    #expect(advantages == [1001.5, 13])
    let weights = try strategy.stepWeights(
      StepStatistics(
        step: 5,
        sequences: [
          SequenceStatistics(
            kind: .demonstration,
            group: -1,
            tokens: 10,
            nll: 2,
            entropy: 4,
            advantage: 8
          )
        ]
      )
    )
    #expect(weights == StepWeights(sftWeight: 5, rlWeight: 0.25, sequenceWeights: [1015]))
    let tokens = try strategy.tokenWeights(
      TokenWeightRequest(
        step: 1,
        sequenceStarts: [0, 1, 2],
        sequenceKinds: [.rollout, .scoredDemonstration],
        logProbs: [1, 2],
        oldLogProbs: [2, 3],
        entropies: [3, 4],
        advantages: [4, 5],
        kinds: [.rollout, .hint],
        coefficients: [5, 6],
        scales: [1, 2],
        klCoefficients: [0, 1]
      )
    )
    #expect(tokens == [20_129, 242_360])
  }

  @Test func listingLoadsNothing() throws {
    #expect(
      catalog.list().map(\.kind) == [
        .reward, .reward, .reward, .reward, .dataset, .dataset, .strategy, .strategy,
      ]
    )
    let first = try #require(catalog.list().first)
    #expect(first.libraryFile?.hasSuffix("/libFixtureSuite.so") == true)
  }
}
