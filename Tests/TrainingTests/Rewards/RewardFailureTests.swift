import Components
import Foundation
import RunStore
import Testing

@testable import Training

@Suite("Rewards that fail, and rewards that answer otherwise when asked again")
struct RewardFailureTests {
  private struct Broken: Error, CustomStringConvertible {
    var description: String { "the judge is out" }
  }

  private final class Warnings: TrainingObserver {
    var texts: [String] = []

    func observe(_ event: TrainingEvent) {
      if case .warning(let text) = event { texts.append(text) }
    }
  }

  private static func score(_ item: RewardItem) -> RewardOutcome {
    .score(Double(item.completionIDs.filter { $0 % 2 == 1 }.count))
  }

  private func run(
    _ onFailure: RewardFailurePolicy,
    _ judge: @escaping (RewardBatch, RewardItem) throws -> RewardOutcome
  ) -> TinyRun {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    run.configuration.maxSteps = 5
    run.onFailure = onFailure
    run.reward = FakeReward("judge", judge)
    return run
  }

  @Test("a run that goes on from failed batches is the run in which they were abstained from")
  func abstains() throws {
    let failing = run(.abstain) { batch, item in
      if batch.step == 1 || batch.step == 3 { throw Broken() }
      return Self.score(item)
    }
    let declared = run(.stop) { batch, item in
      batch.step == 1 || batch.step == 3 ? .abstained : Self.score(item)
    }
    let healthy = run(.stop) { _, item in Self.score(item) }
    defer { for run in [failing, declared, healthy] { run.remove() } }
    let warnings = Warnings()
    do {
      let (trainer, model) = try failing.trainer(observer: warnings)
      _ = try trainer.train()
      #expect(values(of: model) == (try declared.weights()))
      #expect(values(of: model) != (try healthy.weights()))
    }
    #expect(warnings.texts.count == 2)
    #expect(
      warnings.texts[0].contains("reward judge abstains")
        && warnings.texts[0].contains("the judge is out")
    )
    let outcomes = try String(
      contentsOf: failing.directory.appending(path: OutcomeLog.fileName),
      encoding: .utf8
    ).split(separator: "\n")
    #expect(outcomes.count == 2 && outcomes[1].contains("\"step\":3"))
  }

  @Test("without a policy the run stops with the reward's own error")
  func stops() throws {
    let run = run(.stop) { _, _ in throw Broken() }
    defer { run.remove() }
    let trainer = try run.trainer().0
    #expect(throws: Broken.self) { try trainer.train() }
  }

  @Test("the step that failed is done again after a resume, with nothing lost before it")
  func failsOnce() throws {
    var isBroken = true
    let run = run(.stop) { batch, item in
      if batch.step == 3, isBroken { throw Broken() }
      return Self.score(item)
    }
    let healthy = self.run(.stop) { _, item in Self.score(item) }
    defer { for run in [run, healthy] { run.remove() } }
    do {
      let trainer = try run.trainer().0
      #expect(throws: Broken.self) { try trainer.train() }
    }
    isBroken = false
    let (trainer, model) = try run.trainer(resume: true)
    #expect(trainer.completedSteps == 3, "save_steps is 0: the failure itself saved the run")
    _ = try trainer.train()
    #expect(values(of: model) == (try healthy.weights()))
  }

  /// A reward that reads a clock, here a counter: what it said before a kill is what the resumed run trains on.
  @Test("what a moody reward said is not asked again after a resume")
  func resumed() throws {
    var calls = 0
    let moody: (RewardBatch, RewardItem) -> RewardOutcome = { _, item in
      calls += 1
      return .score(Double((calls * 7 + item.completionIDs.count) % 5))
    }
    var run = run(.stop, moody)
    defer { run.remove() }
    run.reward.isReproducible = false
    run.configuration.saveSteps = 2
    do {
      // Stops hard in step 4, after the checkpoint of step 2 and two more batches.
      run.strategy.begin = { context in
        if context.step == 4 { throw Broken() }
        return StepPlan(.rl)
      }
      let trainer = try run.trainer().0
      #expect(throws: Broken.self) { try trainer.train() }
    }
    // What a run gives that is never stopped, with the answers as they were given.
    let given = try RunDirectory.open(at: run.directory).openOutcomes().records
    #expect(given.count == 4)
    let checkpoints = try FileManager.default.contentsOfDirectory(
      atPath: run.directory.appending(path: "checkpoints").path
    )
    try #require(checkpoints.count == 2, "\(checkpoints)")
    // The newer checkpoint is lost, so that steps 2 and 3 are done again.
    try FileManager.default.removeItem(
      at: run.directory.appending(path: "checkpoints").appending(path: checkpoints.max()!)
    )
    run.strategy.begin = { _ in StepPlan(.rl) }
    calls = 1000
    var resumed: [Float] = []
    do {
      let (trainer, model) = try run.trainer(resume: true)
      #expect(trainer.completedSteps == 2)
      _ = try trainer.train()
      resumed = values(of: model)
    }
    #expect(calls == 1000 + 4, "only the batch of step 4 was scored")

    let answers = try RunDirectory.open(at: run.directory).openOutcomes().records
    #expect(answers.count == 5)
    let replay = self.run(.stop) { batch, item in
      guard case .array(let scores)? = answers[batch.step]["scores"],
        let index = batch.items.firstIndex(where: { $0.id == item.id })
      else { throw Broken() }
      return .score(scores[index].number!)
    }
    defer { replay.remove() }
    #expect(resumed == (try replay.weights()))
  }

  @Test("a step that trains nothing moves nothing")
  func emptyStep() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 2
    defer { run.remove() }
    let (trainer, model) = try run.trainer()
    var between: [Float] = []
    strategy.routes = { request in
      guard request.step == 1 else { return nil }
      between = values(of: model)
      return request.prompts.map { _ in PromptRoute(keepRollouts: false) }
    }
    _ = try trainer.train()
    #expect(!between.isEmpty && values(of: model) == between, "AdamW's momentum moved the weights")
  }

  @Test("metrics have TRL's loss and clip ratios")
  func metrics() throws {
    let run = run(.stop) { _, item in Self.score(item) }
    defer { run.remove() }
    _ = try run.trainer().0.train()
    let first = try #require(try RunDirectory.records(in: .metrics, of: run.directory).first)
    #expect(first["loss"]?.number == first["rl/loss"]?.number && first["loss"] != nil)
    #expect(first["clip_ratio/region_mean"]?.number == 0)
  }
}
