import Components
import Foundation
import Testing

@testable import PluginHost

/// Datasets and strategies in Python.
@Suite(.enabled(if: PythonFixture.obstacle == nil, "needs python3 of at least 3.9"))
struct PythonPartsTests {
  // MARK: - Datasets

  @Test func rowsArriveWithTheirTypes() throws {
    let dataset = try PythonFixture("rows", .dataset, object: "puzzles").dataset()
    #expect(dataset.count == 3)
    let rows = try dataset.examples(in: 0..<3)
    #expect(
      rows == [
        Example(
          id: 1 << 63 + 1,
          prompt: .text("one?"),
          completion: .text("1"),
          difficulty: 1.5,
          columns: [Column("answer", .int(1)), Column("difficulty", .real(1.5))]
        ),
        Example(
          id: 1,
          prompt: .messages([Message(role: "user", content: "two?\0")]),
          columns: [
            Column("answer", .null),
            Column("tags", .list([.text("a"), .list([.text("b"), .real(2)])])),
            Column("share", .real(1)),
          ]
        ),
        Example(
          id: 2,
          prompt: .text(""),
          completion: .text("three"),
          columns: [
            Column("history", .messages([Message(role: "user", content: "h")])),
            Column("flag", .int(1)),
          ]
        ),
      ]
    )
    #expect(pluginError { _ = try dataset.examples(in: 2..<4) }?.message.contains("2..<4") ?? false)
    #expect(try dataset.examples(in: 1..<1) == [])
  }

  @Test func aGeneratorTakesParameters() throws {
    let fixture = try PythonFixture(
      "rows",
      .dataset,
      object: "counted",
      extra: "parameters: { size: { type: integer, default: 4 } }"
    )
    #expect(try fixture.dataset().count == 4)
    let seven = try fixture.dataset(.object([ParameterEntry("size", .int(7))]))
    #expect(seven.count == 7)
    #expect(try seven.examples(in: 5..<7).map(\.prompt) == [.text("row 5"), .text("row 6")])
  }

  @Test func aBadRowIsNamed() throws {
    let dataset = try PythonFixture("rows", .dataset, object: "bad").dataset()
    let error = try #require(pluginError { _ = try dataset.examples(in: 0..<2) })
    #expect(error.problem == .output)
    #expect(error.message.hasPrefix("row 1, column 'when', is <object"), "\(error)")
    #expect(try dataset.examples(in: 0..<1).count == 1)
    let splits = try PythonFixture("rows", .dataset, object: "splits")
    #expect(pluginError { _ = try splits.dataset() }?.message.contains("'train', 'test'") ?? false)
  }

  @Test func aNewInterpreterHearsOfTheEpoch() throws {
    let fixture = try PythonFixture("rows", .dataset, object: "Epochs")
    let dataset = try fixture.dataset()
    // The copy is held open: an interpreter that is started later has it, too.
    try FileManager.default.removeItem(at: fixture.folder.appending(path: "images"))
    try dataset.beginEpoch(7)
    #expect(try dataset.examples(in: 0..<1)[0].prompt == .text("7/0"))
    let error = try #require(pluginError { _ = try dataset.examples(in: 2..<3) })
    #expect(error.message.contains("exit status 9"))
    #expect(try dataset.examples(in: 1..<2)[0].prompt == .text("7/1"))
    let state = try dataset.saveState()
    let other = try PythonFixture("rows", .dataset, object: "Epochs").dataset()
    try other.loadState(state)
    #expect(try other.examples(in: 1..<2)[0].prompt == .text("7/1"))
  }

  @Test func aLostStateIsSaid() throws {
    let dataset = try PythonFixture("rows", .dataset, object: "Stateful").dataset()
    try dataset.beginEpoch(7)
    let state = try dataset.saveState()
    #expect(pluginError { _ = try dataset.examples(in: 2..<3) } != nil)
    let error = try #require(pluginError { _ = try dataset.examples(in: 0..<1) })
    #expect(error.problem == .state)
    #expect(error.message.contains("exit status 9"))
    try dataset.loadState(state)
    #expect(try dataset.examples(in: 0..<1)[0].prompt == .text("7/0"))
  }

  // MARK: - Strategies

  private func alternate(_ period: Int? = nil) throws -> LoadedComponent<any MixingStrategy> {
    try PythonFixture(
      "strategies",
      .strategy,
      object: "Alternate",
      extra: """
        parameters: { period: { type: integer, default: 2, minimum: 1, changeable: true } }
        needs: [statistics_pass, kl, entropy]
        """
    ).strategy(period.map { .object([ParameterEntry("period", .int(Int64($0)))]) } ?? .null)
  }

  @Test func plansAndDiagnostics() throws {
    let strategy = try alternate()
    #expect(strategy.part.requirements == [.statisticsPass, .kl])
    let plan = try strategy.part.beginStep(context(step: 4))
    #expect(
      plan
        == StepPlan(
          .sft,
          sftWeight: 0.5,
          samplesPerPrompt: 4,
          groupDemonstrations: 1,
          maxGradNorm: 0.25,
          skipAboveGradNorm: 8,
          exampleIDs: [.max],
          exampleSlot: .prompts,
          difficulty: 1...3,
          reason: "step 4 of 10",
          diagnostics: [
            Diagnostic("draw", 3.0 / 16), Diagnostic("seen", 0),
            Diagnostic("seed", Double((UInt64(1) << 63 + 5) % 1000)),
          ]
        )
    )
    try strategy.reconfigure(.object([ParameterEntry("period", .int(3))]))
    #expect(try strategy.part.beginStep(context(step: 4)).kind == .rl)
  }

  @Test func everyNumberOfAReportArrives() throws {
    let numbers = try PythonFixture("strategies", .strategy, object: "Numbers").strategy().part
    let plan = try numbers.beginStep(context(history: [report(1000), report(2000)]))
    #expect(plan.reason.split(separator: " ").compactMap { Double($0) } == expectedNumbers(2000))
  }

  @Test func hooksAnswer() throws {
    let strategy = try alternate().part
    #expect(try strategy.shapeRollout(shapeRequest()) == RolloutShape(prefixLengths: [4, 6]))
    #expect(try strategy.shapeRollout(shapeRequest(groupSize: 1)) == nil)
    let routes = try strategy.route(
      RouteRequest(
        step: 1,
        prompts: [
          PromptGroup(
            exampleID: 1,
            rewards: [0, nil],
            succeeded: [false, false],
            hasDemonstration: true
          ),
          PromptGroup(exampleID: 2, rewards: [1], succeeded: [true], hasDemonstration: true),
        ]
      )
    )
    #expect(
      routes == [
        PromptRoute(demonstration: .sft, demonstrationReward: nil, weight: 2), PromptRoute(),
      ]
    )
    let advantages = try strategy.advantages(
      AdvantageRequest(
        step: 1,
        rewards: [2, nil, 0.5],
        group: [0, 0, 1],
        isDemonstration: [false, true, false]
      )
    )
    #expect(advantages == [2, 0, -0.5])
    let sequence = SequenceStatistics(
      kind: .rollout,
      group: 0,
      tokens: 3,
      nll: 1.25,
      entropy: .nan,
      advantage: 0
    )
    #expect(
      try strategy.stepWeights(StepStatistics(step: 1, sequences: [sequence, sequence]))
        == StepWeights(sftWeight: 0.25, rlWeight: 0.75, sequenceWeights: [1.25, 1.25])
    )
    let request = TokenWeightRequest(
      step: 1,
      sequenceStarts: [0, 2, 3],
      sequenceKinds: [.rollout, .demonstration],
      logProbs: [-1, -2, -3],
      oldLogProbs: [-1, -2, -3],
      entropies: [0.1, 0.2, 0.3],
      advantages: [1, 1, 0],
      kinds: [.rollout, .hint, .demonstration],
      coefficients: [0.1, 0.2, 0.3],
      scales: [1, 2, 3],
      klCoefficients: [8, 16, 32]
    )
    #expect(try strategy.tokenWeights(request) == [0.2, Float(0.2) + 18, Float(0.3) + 35])
  }

  @Test func wrongAnswersAreRefused() throws {
    for (object, words) in [
      ("BadKind", "'later'"), ("BadWeight", "sft_weight is -1.0"), ("BadSlot", "'evaluation'"),
    ] {
      let strategy = try PythonFixture("strategies", .strategy, object: object).strategy().part
      let error = try #require(pluginError { _ = try strategy.beginStep(context()) })
      #expect(error.hook == "begin_step")
      #expect(error.message.contains(words), "\(error)")
    }
    let unknown = try PythonFixture("strategies", .strategy, object: "Unknown")
    let needs = try #require(pluginError { _ = try unknown.strategy() })
    #expect(needs.message.contains("'entropie'"))
    #expect(needs.cure == "did you mean 'entropy'?")
    let bad = try PythonFixture("strategies", .strategy, object: "BadHooks").strategy().part
    let group = PromptGroup(exampleID: 1, rewards: [0], succeeded: [false], hasDemonstration: false)
    let tokens = TokenWeightRequest(
      step: 1,
      sequenceStarts: [0, 1],
      sequenceKinds: [.rollout],
      logProbs: [0],
      oldLogProbs: [0],
      entropies: [0],
      advantages: [0],
      kinds: [.rollout],
      coefficients: [0]
    )
    let faults: [(String, () throws -> Void, String)] = [
      ("shape_rollout", { _ = try bad.shapeRollout(shapeRequest()) }, "99 tokens"),
      ("route", { _ = try bad.route(RouteRequest(step: 1, prompts: [group])) }, "has none"),
      (
        "advantages",
        {
          _ = try bad.advantages(
            AdvantageRequest(step: 1, rewards: [1], group: [0], isDemonstration: [false])
          )
        }, "nan"
      ),
      ("step_weights", { _ = try bad.stepWeights(StepStatistics(step: 1, sequences: [])) }, "-1.0"),
      ("token_weights", { _ = try bad.tokenWeights(tokens) }, "inf"),
    ]
    for (hook, body, words) in faults {
      let error = try #require(pluginError(body))
      #expect(error.hook == hook)
      #expect(error.message.contains(words), "\(error)")
    }
  }

  @Test func stateSurvivesAResume() throws {
    let strategy = try alternate().part
    for step in 0..<3 {
      _ = try strategy.beginStep(context(step: step))
      try strategy.endStep(report(Double(step)))
    }
    let state = try strategy.saveState()
    #expect(try strategy.saveState() == state)
    let resumed = try alternate().part
    try resumed.loadState(state)
    #expect(try resumed.beginStep(context()).diagnostics[1].value == 3)
    #expect(try resumed.saveState() == state)
    // Damaged, foreign and senseless states leave the present one in place.
    var damaged = state
    damaged[20] ^= 1
    let senseless = StateEnvelope(
      id: strategy.identity.id,
      version: 1,
      payload: Array("J{\"other\":1}".utf8)
    ).encoded()
    let garbage = StateEnvelope(id: strategy.identity.id, version: 1, payload: [9, 9]).encoded()
    let newer = StateEnvelope(id: strategy.identity.id, version: 2, payload: []).encoded()
    for (bytes, words) in [
      (damaged, "SHA-256"), ([], "empty"), (senseless, "the state of something else"),
      (garbage, "none of a Python plugin"), (newer, "version 2"),
    ] {
      let error = try #require(pluginError { try resumed.loadState(bytes) })
      #expect(error.problem == .state)
      #expect(error.message.contains(words), "\(error)")
    }
    #expect(try resumed.saveState() == state)
    #expect(pluginError { _ = try resumed.beginStep(context(step: 666)) } != nil)
    #expect(pluginError { _ = try resumed.beginStep(context()) }?.problem == .state)
    try resumed.loadState(state)
    #expect(try resumed.beginStep(context()).diagnostics[1].value == 3)
  }
}
