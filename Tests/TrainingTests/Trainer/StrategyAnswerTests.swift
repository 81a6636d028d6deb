import Components
import Foundation
import RunStore
import Tensors
import Testing

@testable import Training

@Suite("Trainer: answers of strategies")
struct StrategyAnswerTests {
  private func run(
    _ strategy: FakeStrategy,
    steps: Int = 1,
    _ change: (inout TinyRun) -> Void = { _ in }
  ) throws -> Trainer {
    var run = TinyRun(strategy)
    run.configuration.maxSteps = steps
    change(&run)
    defer { run.remove() }
    let trainer = try run.trainer().0
    _ = try trainer.train()
    return trainer
  }

  private func generation(_ trainer: Trainer) throws -> GenerationBatch {
    try #require(trainer.state.generation)
  }

  @Test(
    "scales are what a token's own loss weighs, of hints too; the KL part is given apart",
    arguments: [GRPOConfiguration.LossType.dapo, .grpo, .drGRPO]
  )
  func scales(loss: GRPOConfiguration.LossType) throws {
    let strategy = FakeStrategy([.statisticsPass]) { StepPlan($0.step == 0 ? .sft : .both) }
    strategy.shape = { _ in RolloutShape(prefixLengths: [0, 1, 2, 3]) }
    strategy.weights = { statistics in
      let weights = statistics.sequences.indices.map { 1 + Double($0) / 8 }
      return StepWeights(sftWeight: 0.5, rlWeight: 2, sequenceWeights: weights)
    }
    var requests: [TokenWeightRequest] = []
    strategy.tokens = { request in
      requests.append(request)
      return nil
    }
    let trainer = try run(strategy, steps: 2) {
      $0.configuration.grpo.lossType = loss
      $0.configuration.grpo.beta = 0.2
      $0.configuration.grpo.useBiasCorrectionKL = false
    }
    let request = try #require(requests.last)
    let sequences = try generation(trainer).sequences
    let sampled = sequences.reduce(0) { $0 + $1.sampledTokens }
    var hints = 0
    for (index, kind) in request.sequenceKinds.enumerated() {
      let weight = 1 + Double(index) / 8
      for token in request.sequenceStarts[index]..<request.sequenceStarts[index + 1] {
        let scale = Double(request.scales[token])
        let coefficient = Double(request.coefficients[token])
        let kl = Double(request.klCoefficients[token])
        if kind == .demonstration {
          #expect(abs(scale - 0.5 * weight / 12) < 1e-7)
          #expect(abs(coefficient + scale) < 1e-7 && kl == 0)
          continue
        }
        let length = sequences[index - 4].sampledTokens
        let divisor =
          switch loss {
          case .grpo: 4.0 * Double(max(length, 1))
          case .drGRPO: 4.0 * 6
          default: Double(sampled)
          }
        #expect(abs(scale - 2 * weight / divisor) < 1e-6)
        if request.kinds[token] == .hint {
          hints += 1
          #expect(coefficient == 0 && kl == 0)
        } else {
          // The first use of a batch: the ratio is 1.
          let expected = -Double(request.advantages[token]) * scale + kl
          #expect(abs(coefficient - expected) < 1e-6)
          #expect(kl != 0)
        }
      }
    }
    #expect(hints == 1 + 2 + 3)
  }

  @Test("the logged loss is that of the strategy's coefficients, weights included")
  func loggedLoss() throws {
    func losses(
      _ kind: StepKind,
      _ type: SFTConfiguration.LossType = .nll,
      tokens: @escaping (TokenWeightRequest) -> [Float]?
    ) throws -> (loss: Double, report: StepReport) {
      let strategy = FakeStrategy([.statisticsPass]) { _ in
        StepPlan(kind, sftWeight: 0.3, rlWeight: 0.7)
      }
      strategy.tokens = tokens
      var run = TinyRun(strategy)
      run.configuration.maxSteps = 1
      run.configuration.grpo.beta = 0.1
      run.configuration.sft.lossType = type
      defer { run.remove() }
      _ = try run.trainer().0.train()
      let record = try RunDirectory.open(at: run.directory).records(in: .metrics)[0]
      return (try #require(record["loss"]?.number), strategy.reports[0])
    }
    let host = try losses(.both) { _ in nil }
    let same = try losses(.both) { $0.coefficients }
    #expect(abs(same.loss - host.loss) < 1e-7)
    #expect(abs(host.loss - 0.3 * host.report.sft!.loss - 0.7 * host.report.rl!.loss) < 1e-12)
    #expect(abs(same.report.sft!.loss - 0.3 * host.report.sft!.loss) < 1e-7)
    // A part of one kind: linear in its coefficients.
    let nll = try losses(.sft) { _ in nil }
    let twice = try losses(.sft) { $0.coefficients.map { 2 * $0 } }
    #expect(abs(twice.loss - 2 * nll.loss) < 1e-6)
    let dft = try losses(.sft, .dft) { _ in nil }
    let own = try losses(.sft) { request in
      zip(request.coefficients, request.logProbs).map { $0 * Float(exp(Double($1))) }
    }
    #expect(abs(dft.loss - own.loss) < 1e-6)
  }

  @Test("a sequence that is masked out has no scale")
  func masked() throws {
    let strategy = FakeStrategy([.statisticsPass]) { _ in StepPlan(.rl) }
    var request: TokenWeightRequest?
    strategy.tokens = {
      request = $0
      return nil
    }
    let trainer = try run(strategy) {
      $0.configuration.grpo.maskTruncatedCompletions = true
      $0.configuration.grpo.perDeviceTrainBatchSize = 32
    }
    let sequences = try generation(trainer).sequences
    #expect(sequences.contains { $0.truncated } && sequences.contains { !$0.truncated })
    let seen = try #require(request)
    for (index, sequence) in sequences.enumerated() {
      let scales = seen.scales[seen.sequenceStarts[index]..<seen.sequenceStarts[index + 1]]
      #expect(scales.allSatisfy { ($0 == 0) == sequence.truncated })
    }
  }

  @Test("members kept for demonstrations are not sampled, and the batch keeps its size")
  func groupDemonstrations() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl, groupDemonstrations: 1) }
    strategy.shape = { request in
      #expect(request.groupSize == 3)
      return nil
    }
    strategy.routes = { request in
      #expect(request.prompts.map(\.rewards.count) == [3, 3])
      return request.prompts.map { _ in PromptRoute(demonstration: .groupMember) }
    }
    let trainer = try run(strategy) { $0.configuration.grpo.perDeviceTrainBatchSize = 8 }
    let kinds = try generation(trainer).sequences.map(\.kind)
    #expect(kinds.count == 8 && kinds.count { $0 == .scoredDemonstration } == 2)
    for count in [-1, 4] {
      let greedy = FakeStrategy { _ in StepPlan(.rl, groupDemonstrations: count) }
      let error = #expect(throws: TrainingError.self) { try run(greedy) }
      #expect(error?.description.contains("of 4 members") == true)
    }
  }

  @Test("a demonstration without a given reward has what the run's rewards say of it")
  func judged() throws {
    for abstains in [false, true] {
      let strategy = FakeStrategy { _ in StepPlan(.rl) }
      strategy.routes = { request in
        request.prompts.map { _ in
          PromptRoute(demonstration: .groupMember, demonstrationReward: nil)
        }
      }
      var seen: [RewardItem] = []
      let trainer = try run(strategy) {
        $0.reward = FakeReward { _, item in
          if item.completionIDs.count == 3, item.completionIDs.last == 1 { seen.append(item) }
          return item.id >= 4 && abstains ? .abstained : .score(Double(item.completionIDs.count))
        }
      }
      let members = try generation(trainer).sequences
      let shown = try #require(members.first { $0.kind == .scoredDemonstration })
      #expect(shown.reward == (abstains ? nil : 3))
      #expect(shown.scores == [abstains ? nil : 3])
      #expect(shown.advantage == 0 || !abstains)
      let item = try #require(seen.last)
      #expect(item.completionIDs == shown.completion && !item.truncated)
      #expect(item.completion == item.example.completion?.plain)
      // Ids are never used twice: they are random streams.
      #expect(trainer.state.rolloutsDrawn == 5)
    }
  }

  @Test(
    "a group member has the group's prompt, untrained, whatever the SFT part does with its rows"
  )
  func member() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    strategy.routes = { $0.prompts.map { _ in PromptRoute(demonstration: .groupMember) } }
    let trainer = try run(strategy) {
      $0.configuration.sft.completionOnlyLoss = false
      $0.configuration.sft.maxLength = 1
    }
    let members = try generation(trainer).sequences
    let shown = try #require(members.first { $0.kind == .scoredDemonstration })
    #expect(shown.prompt == members.first { $0.kind == .rollout }?.prompt)
    #expect(shown.prompt.count == 2 && shown.trainedTokens == 3 && !shown.truncated)
  }

  @Test("a demonstration longer than a completion may be is cut to that, as prefix and as member")
  func long() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    strategy.shape = { request in
      #expect(request.demonstration.count == 2)
      return RolloutShape(prefixLengths: Array(repeating: 2, count: 4))
    }
    strategy.routes = { $0.prompts.map { _ in PromptRoute(demonstration: .groupMember) } }
    let trainer = try run(strategy) { $0.configuration.grpo.maxCompletionLength = 2 }
    let members = try generation(trainer).sequences
    #expect(members.count == 5 && members.allSatisfy { $0.completion.count == 2 && $0.truncated })
  }

  @Test("what stands behind the first end of sequence is no part of a completion")
  func end() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    strategy.shape = { request in
      #expect(request.demonstration == [4, 1])
      return RolloutShape(prefixLengths: [2, 2, 0, 0])
    }
    strategy.routes = { $0.prompts.map { _ in PromptRoute(demonstration: .groupMember) } }
    let trainer = try run(strategy) { run in
      for index in run.rows.indices { run.rows[index].completion = .text("b<eos>c d") }
    }
    let members = try generation(trainer).sequences
    #expect(members.first { $0.kind == .scoredDemonstration }?.completion == [4, 1])
    #expect(members.count { $0.hintLength == 2 && $0.completion == [4, 1] } == 2)
  }

  @Test(
    "routed demonstrations are spread over the steps of their generation batch, and come again with it"
  )
  func spread() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    strategy.routes = { request in
      request.prompts.indices.map {
        PromptRoute(keepRollouts: $0 > 2, demonstration: $0 > 2 ? .none : .sft)
      }
    }
    _ = try run(strategy, steps: 4) {
      $0.configuration.grpo.perDeviceTrainBatchSize = 8
      $0.configuration.grpo.stepsPerGeneration = 2
      $0.configuration.grpo.numIterations = 2
    }
    #expect(strategy.reports.map(\.sft?.tokens) == [3, 6, 3, 6])
    #expect(strategy.reports.allSatisfy { $0.kind == .both })
  }

  @Test("the rate is that of the plan, however the route empties the step")
  func rate() throws {
    let strategy = FakeStrategy { StepPlan($0.step < 2 ? .rl : .sft) }
    strategy.routes = { request in
      request.prompts.map { _ in
        request.step == 0
          ? PromptRoute(keepRollouts: false, demonstration: .sft) : PromptRoute()
      }
    }
    _ = try run(strategy, steps: 3) {
      $0.configuration.sft.learningRate = 0.3
      $0.configuration.grpo.learningRate = 0.01
    }
    #expect(strategy.reports.map(\.kind) == [.sft, .rl, .sft])
    #expect(strategy.reports.map(\.learningRate) == [0.01, 0.01, 0.3])
  }

  @Test("a step above the plan's norm updates nothing and says so")
  func skip() throws {
    let before = values(of: try TinyRun.model(CPUBackend(threads: 1)))
    for (limit, isSkipped) in [(1e-9, true), (1e9, false)] {
      let strategy = FakeStrategy { _ in StepPlan(.sft, skipAboveGradNorm: limit) }
      var run = TinyRun(strategy)
      run.configuration.maxSteps = 2
      defer { run.remove() }
      let after = try run.weights()
      #expect((after == before) == isSkipped)
      let records = try RunDirectory.open(at: run.directory)
      #expect(
        try records.records(in: .decisions).allSatisfy {
          ($0["update_skipped"] == .bool(true)) == isSkipped
        }
      )
      #expect(try records.records(in: .metrics).count == 2)
    }
    let strategy = FakeStrategy { _ in StepPlan(.sft, skipAboveGradNorm: 0) }
    #expect(throws: TrainingError.self) { try run(strategy) }
  }

  @Test("rows by id can be the prompts', whose ids are what route sees")
  func promptRows() throws {
    let strategy = FakeStrategy {
      $0.step == 0
        ? StepPlan(.rl) : StepPlan(.sft, exampleIDs: [2_003, 2_001], exampleSlot: .prompts)
    }
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 2
    run.promptRows = TinyRun.examples(8).map { row in
      var row = row
      row.id += 1_000
      return row
    }
    defer { run.remove() }
    _ = try run.trainer().0.train()
    #expect(strategy.reports[1].sft?.tokens == 6)
  }

  @Test("a row without the demonstration that every prompt must have is named")
  func missingDemonstration() throws {
    let strategy = FakeStrategy([.promptDemonstrations]) { _ in StepPlan(.rl) }
    let error = #expect(throws: TrainingError.self) {
      try run(strategy, steps: 24) { $0.rows[5].completion = nil }
    }
    #expect(error?.description.contains("row 1005") == true)
    #expect(error?.description.contains("org.example.fake") == true)
  }
}
