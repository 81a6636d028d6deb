import Components
import Foundation
import RunStore
import Testing

@testable import Training

@Suite("Trainer: plans are carried out")
struct TrainerTests {
  @Test("each kind of plan trains what it says, and reports it")
  func kinds() throws {
    let kinds: [StepKind] = [.sft, .rl, .both, .sft]
    let strategy = FakeStrategy { StepPlan(kinds[$0.step]) }
    let run = TinyRun(strategy)
    defer { run.remove() }
    do {
      let (trainer, model) = try run.trainer()
      let before = values(of: model)
      #expect(try trainer.train() == .completed)
      #expect(values(of: model) != before)
    }
    #expect(strategy.reports.map(\.kind) == kinds)
    #expect(strategy.reports.map { $0.sft != nil } == [true, false, true, true])
    #expect(strategy.reports.map { $0.rl != nil } == [false, true, true, false])
    #expect(strategy.reports.allSatisfy { $0.gradNorm.isFinite && $0.gradNorm > 0 })
    let metrics = try RunDirectory.open(at: run.directory).records(in: .metrics)
    #expect(metrics.count == 4)
    #expect(metrics[1]["reward"] != nil && metrics[0]["reward"] == nil)
  }

  @Test("measure plans update nothing, and the strategy is asked again")
  func measure() throws {
    let strategy = FakeStrategy([.probe]) { StepPlan($0.measurements < 2 ? .measure : .sft) }
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 1
    run.configuration.probeSize = 6
    defer { run.remove() }
    _ = try run.trainer().0.train()
    #expect(strategy.reports.map(\.kind) == [.measure, .measure, .sft])
    let probes = strategy.reports.compactMap(\.probe)
    #expect(probes.count == 2 && probes[0] == probes[1])
    #expect(probes[0].tokens == 6 * 3)
  }

  @Test("a strategy that never stops measuring is stopped")
  func endlessMeasuring() throws {
    let run = TinyRun(FakeStrategy([.probe]) { _ in StepPlan(.measure) })
    defer { run.remove() }
    let trainer = try run.trainer().0
    #expect(throws: TrainingError.self) { try trainer.train() }
  }

  @Test("parts' gradients add up with their weights; norms and cosine are of the parts")
  func partsAddUp() throws {
    func report(_ needs: StrategyRequirements, sft: Double, rl: Double) throws -> StepReport {
      let strategy = FakeStrategy(needs) { _ in StepPlan(.both, sftWeight: sft, rlWeight: rl) }
      var run = TinyRun(strategy)
      run.configuration.maxSteps = 1
      defer { run.remove() }
      _ = try run.trainer().0.train()
      return strategy.reports[0]
    }
    let apart = try report([.gradientNorms, .gradientCosine], sft: 0.3, rl: 2)
    let together = try report([], sft: 0.3, rl: 2)
    let (s, r, c) = (apart.sft!.gradNorm, apart.rl!.gradNorm, apart.gradientCosine)
    let expected = (0.09 * s * s + 4 * r * r + 2 * 0.6 * s * r * c).squareRoot()
    #expect(abs(apart.gradNorm - expected) < 1e-4 * expected)
    #expect(abs(together.gradNorm - expected) < 1e-4 * expected)
    #expect(together.gradientCosine.isNaN && together.sft!.gradNorm.isNaN)
    #expect(abs(c) <= 1)
  }

  @Test("k micro-batches give the gradient of one batch", arguments: [StepKind.sft, .rl, .both])
  func microBatches(kind: StepKind) throws {
    func report(batch: Int, accumulation: Int) throws -> StepReport {
      let strategy = FakeStrategy([.gradientNorms, .statisticsPass]) { _ in StepPlan(kind) }
      // Weights that depend on whole-step arrays: they must not see the cut.
      strategy.weights = { statistics in
        StepWeights(
          sftWeight: 0.5,
          rlWeight: 1.5,
          sequenceWeights: statistics.sequences.map { 1 / (1 + $0.nll) }
        )
      }
      strategy.tokens = { request in
        let mean = request.entropies.reduce(0, +) / Float(request.entropies.count)
        return zip(request.coefficients, request.entropies).map { $0 * ($1 > mean ? 1 : 0.5) }
      }
      var run = TinyRun(strategy)
      run.configuration.maxSteps = 1
      run.configuration.sft.perDeviceTrainBatchSize = batch
      run.configuration.sft.gradientAccumulationSteps = accumulation
      run.configuration.grpo.perDeviceTrainBatchSize = batch
      run.configuration.grpo.gradientAccumulationSteps = accumulation
      defer { run.remove() }
      _ = try run.trainer().0.train()
      return strategy.reports[0]
    }
    let whole = try report(batch: 8, accumulation: 1)
    for (batch, accumulation) in [(4, 2), (2, 4)] {
      let cut = try report(batch: batch, accumulation: accumulation)
      #expect(abs(cut.gradNorm - whole.gradNorm) < 1e-5 * whole.gradNorm, "\(accumulation) pieces")
      #expect(abs((cut.sft?.loss ?? 0) - (whole.sft?.loss ?? 0)) < 1e-6)
      #expect(abs((cut.rl?.loss ?? 0) - (whole.rl?.loss ?? 0)) < 1e-6)
    }
  }

  @Test("routes drop rollouts, send demonstrations to SFT and make them group members")
  func routing() throws {
    let strategy = FakeStrategy([.promptDemonstrations]) { _ in StepPlan(.rl) }
    strategy.routes = { request in
      request.prompts.enumerated().map { index, group in
        #expect(group.hasDemonstration && group.rewards.count == 4)
        return index == 0
          ? PromptRoute(keepRollouts: false, demonstration: .sft)
          : PromptRoute(demonstration: .groupMember, demonstrationReward: 5)
      }
    }
    var asked: [AdvantageRequest] = []
    strategy.advantage = { request in
      asked.append(request)
      return nil
    }
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 1
    run.configuration.grpo.perDeviceTrainBatchSize = 8
    defer { run.remove() }
    _ = try run.trainer().0.train()
    #expect(asked.count == 1)
    #expect(asked[0].rewards.count == 5)
    #expect(asked[0].isDemonstration == [false, false, false, false, true])
    #expect(asked[0].rewards.last == .some(5))
    let report = strategy.reports[0]
    #expect(report.kind == .both && report.sft?.tokens == 3)
  }

  @Test("a route that drops everything leaves the SFT part alone")
  func routeDropsAll() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    strategy.routes = {
      $0.prompts.map { _ in PromptRoute(keepRollouts: false, demonstration: .sft) }
    }
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 1
    defer { run.remove() }
    _ = try run.trainer().0.train()
    #expect(strategy.reports[0].kind == .sft)
  }

  @Test("shaped rollouts start with the demonstration and see the rewards so far")
  func shapedRollouts() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    var seen: [[Double?]] = []
    strategy.shape = { request in
      seen.append(request.rewards)
      #expect(request.demonstration.count == 3 && request.stepBoundaries == [0, 1])
      return RolloutShape(prefixLengths: request.rewards.isEmpty ? [0, 1] : [2, 2])
    }
    strategy.requirements = [.statisticsPass]
    var kinds: [TokenKind] = []
    strategy.tokens = { request in
      kinds = request.kinds
      return nil
    }
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 1
    defer { run.remove() }
    _ = try run.trainer().0.train()
    #expect(seen.map(\.count) == [0, 2])
    #expect(kinds.filter { $0 == .hint }.count == 1 + 2 + 2)
  }

  @Test("a difficulty window is kept, and one that nothing fits is an error")
  func difficulty() throws {
    let strategy = FakeStrategy { StepPlan(.sft, difficulty: $0.step < 2 ? 1...2 : 7...9) }
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 3
    defer { run.remove() }
    let trainer = try run.trainer().0
    #expect(throws: TrainingError.self) { try trainer.train() }
    #expect(trainer.completedSteps == 2)
  }

  @Test("rows by id come back, unknown ids are refused")
  func storedRows() throws {
    let strategy = FakeStrategy { StepPlan(.sft, exampleIDs: $0.step == 0 ? [1_003, 1_001] : [9]) }
    let run = TinyRun(strategy)
    defer { run.remove() }
    let trainer = try run.trainer().0
    let error = #expect(throws: TrainingError.self) { try trainer.train() }
    #expect(strategy.reports[0].sft?.tokens == 6)
    #expect(error?.description.contains("row 9") == true)
  }

  @Test("a reward that makes the loss NaN stops the run with the state before the step on disk")
  func nonFinite() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    strategy.requirements = [.statisticsPass]
    strategy.weights = { [weak strategy] _ in
      StepWeights(sftWeight: 1, rlWeight: strategy!.reports.count == 2 ? 1e300 : 1)
    }
    var run = TinyRun(strategy)
    run.configuration.grpo.beta = 0.1
    defer { run.remove() }
    let error = #expect(throws: TrainingError.self) { try run.trainer().0.train() }
    #expect(error?.description.contains("step 2") == true)
    let checkpoint = try RunDirectory.open(at: run.directory).latestGoodCheckpoint()
    #expect(checkpoint?.step == 2)
  }

  @Test("parts that are missing are named at the start")
  func missingParts() throws {
    let run = TinyRun(FakeStrategy([.demonstrations]) { _ in StepPlan(.sft) })
    defer { run.remove() }
    var parts = TrainingParts(strategy: run.strategy)
    let error = #expect(throws: TrainingError.self) { try parts.check() }
    #expect(error?.description.contains("demonstrations: section") == true)
    parts = TrainingParts(
      strategy: FakeStrategy([.promptDemonstrations]) { _ in StepPlan(.rl) },
      prompts: ArrayDataset([Example(id: 1, prompt: .text("a"))])
    )
    #expect(throws: TrainingError.self) { try parts.check() }
  }

  @Test("rollouts learn what is rewarded, demonstrations what is shown")
  func learning() throws {
    let reinforced = FakeStrategy { _ in StepPlan(.rl) }
    var run = TinyRun(reinforced)
    run.configuration.maxSteps = 60
    run.configuration.grpo.perDeviceTrainBatchSize = 32
    run.configuration.grpo.numGenerations = 8
    run.reward = FakeReward { item in
      .score(Double(item.completionIDs.filter { $0 == 5 }.count) / Double(item.completionIDs.count))
    }
    defer { run.remove() }
    _ = try run.weights()
    let rewards = reinforced.reports.compactMap { $0.rl?.rewardMean }
    let (first, last) = (rewards.prefix(5).reduce(0, +) / 5, rewards.suffix(5).reduce(0, +) / 5)
    #expect(first < 0.6 && last > 0.9, "mean reward went from \(first) to \(last)")

    let shown = FakeStrategy { _ in StepPlan(.sft) }
    var imitation = TinyRun(shown)
    imitation.configuration.maxSteps = 60
    defer { imitation.remove() }
    _ = try imitation.weights()
    let losses = shown.reports.compactMap { $0.sft?.nll }
    #expect(losses[0] > 1.5 && losses.suffix(5).reduce(0, +) / 5 < 0.3)
  }

  @Test("bad batch arithmetic is refused with the nearest good values")
  func batchArithmetic() throws {
    var configuration = TrainingConfiguration()
    configuration.grpo.numGenerations = 3
    let error = #expect(throws: TrainingError.self) { try configuration.check() }
    #expect(error?.description.contains("6 or 9") == true)
  }
}
