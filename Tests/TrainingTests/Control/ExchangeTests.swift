import Components
import Foundation
import Testing

@testable import Training

@Suite("Parts are exchanged at step boundaries")
struct ExchangeTests {
  /// Does what a test says at the boundary before a step.
  private final class Script: TrainerControl {
    var actions: [Int: (Trainer) throws -> Void]

    init(_ actions: [Int: (Trainer) throws -> Void]) { self.actions = actions }

    func boundary(_ trainer: Trainer) throws -> BoundaryAnswer {
      try actions[trainer.completedSteps]?(trainer)
      return .goOn
    }

    func saveState() throws -> ControlState { { [7, 7] } }
  }

  private func weights(
    _ run: TinyRun,
    _ actions: [Int: (Trainer) throws -> Void] = [:]
  ) throws -> [Float] {
    let (trainer, model) = try run.trainer()
    let script = Script(actions)
    trainer.control = script
    _ = try trainer.train()
    return values(of: model)
  }

  private func run(_ begin: @escaping (StepContext) -> StepPlan) -> TinyRun {
    var run = TinyRun(FakeStrategy([], begin))
    run.configuration.maxSteps = 6
    return run
  }

  @Test("a strategy that takes over trains what one strategy would have that plans both")
  func strategy() throws {
    let both = run { StepPlan($0.step < 3 ? .sft : .rl) }
    let first = run { _ in StepPlan(.sft) }
    defer { for run in [both, first] { run.remove() } }
    var seen: [Int] = []
    let second = FakeStrategy { context in
      seen.append(context.history.count)
      return StepPlan(.rl)
    }
    let exchanged = try weights(first, [3: { try $0.exchange(strategy: second) }])
    #expect(exchanged == (try weights(both)))
    #expect(seen == [3, 4, 5], "it sees the history of its predecessor")
    #expect(second.reports.count == 3 && first.strategy.reports.count == 3)
  }

  @Test("a newcomer that needs a probe and a reference gets them")
  func measured() throws {
    let run = run { _ in StepPlan(.sft) }
    defer { run.remove() }
    let newcomer = FakeStrategy([.probe, .kl]) {
      StepPlan($0.measurements < 1 ? .measure : .rl)
    }
    _ = try weights(run, [2: { try $0.exchange(strategy: newcomer) }])
    #expect(newcomer.reports.filter { $0.kind == .measure }.count == 4)
    #expect(newcomer.reports.filter { $0.kind == .rl }.allSatisfy { $0.rl?.kl.isFinite == true })
  }

  @Test("a newcomer that does not fit leaves the run as it was")
  func refused() throws {
    let run = run { _ in StepPlan(.sft) }
    let plain = self.run { _ in StepPlan(.sft) }
    defer { for run in [run, plain] { run.remove() } }
    struct Unknown: Error {}
    let stubborn = FakeStrategy { _ in StepPlan(.rl) }
    stubborn.load = { _ in throw Unknown() }
    let result = try weights(
      run,
      [
        2: { trainer in
          #expect(throws: Unknown.self) { try trainer.exchange(strategy: stubborn, state: [1]) }
          let twins = [FakeReward { _ in .abstained }, FakeReward { _ in .abstained }]
          #expect(throws: TrainingError.self) {
            try trainer.exchange(rewards: twins.map { WeightedReward($0) })
          }
          var wrong = trainer.configuration
          wrong.grpo.perDeviceTrainBatchSize = 5
          #expect(throws: TrainingError.self) { try trainer.exchange(configuration: wrong) }
        }
      ]
    )
    #expect(result == (try weights(plain)))
  }

  @Test("rewards, datasets and settings")
  func others() throws {
    let moved = run { _ in StepPlan(.rl) }
    let plain = run { _ in StepPlan(.rl) }
    let factor = run { StepPlan(.rl, learningRateFactor: $0.step < 3 ? 1 : 2) }
    defer { for run in [moved, plain, factor] { run.remove() } }
    let faster = try weights(
      moved,
      [
        3: { trainer in
          var configuration = trainer.configuration
          configuration.grpo.learningRate *= 2
          try trainer.exchange(configuration: configuration)
        }
      ]
    )
    #expect(faster == (try weights(factor)))

    let (other, rows) = (run { _ in StepPlan(.rl) }, run { _ in StepPlan(.rl) })
    defer { for run in [other, rows] { run.remove() } }
    let base = try weights(plain)
    let rewarded = try weights(
      other,
      [
        3: {
          try $0.exchange(rewards: [
            WeightedReward(FakeReward { .score(Double($0.completionIDs.count)) })
          ])
        }
      ]
    )
    let reread = try weights(
      rows,
      [3: { try $0.exchange(dataset: ArrayDataset(TinyRun.examples(7)), in: .prompts) }]
    )
    #expect(rewarded != base && reread != base && rewarded != reread)
  }

  @Test("what the control saves is in the checkpoint, and it may end the run")
  func stops() throws {
    final class Stopper: TrainerControl {
      func boundary(_ trainer: Trainer) throws -> BoundaryAnswer {
        trainer.completedSteps == 2 ? .stop : .goOn
      }
      func saveState() throws -> ControlState { { [1, 2, 3] } }
    }
    let run = run { _ in StepPlan(.sft) }
    defer { run.remove() }
    let trainer = try run.trainer().0
    let stopper = Stopper()
    trainer.control = stopper
    #expect(try trainer.train() == .interrupted)
    #expect(trainer.completedSteps == 2)
    let checkpoints = run.directory.appending(path: "checkpoints")
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).first
    )
    #expect(try Trainer.controlState(of: checkpoints.appending(path: name)) == [1, 2, 3])
  }
}
