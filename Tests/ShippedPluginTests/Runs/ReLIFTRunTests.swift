import Components
import Foundation
import LanguageModels
import RunStore
import Tensors
import Testing

@testable import Training

@Suite("relift in a run")
struct ReLIFTRunTests {
  /// A run in which nothing is ever solved or rewarded: RL moves no weight, so an SFT step starts from the first ones.
  private func hopeless(_ parameters: ParameterValue, steps: Int = 3) throws -> StrategyRun {
    var run = try StrategyRun("relift", parameters)
    run.reward = { _ in 0 }
    run.configuration.maxSteps = steps
    return run
  }

  @Test("failed rows come back, in their order, as one SFT step on their own demonstrations")
  func comesBack() throws {
    let run = try hopeless(["buffer_size": 8])
    defer { run.remove() }
    let trainer = try run.trained()
    #expect(run.strategy.reports.map(\.kind) == [.rl, .rl, .sft])
    let ids = run.strategy.plans[2].exampleIDs
    #expect(ids.count == 8 && Set(ids).count == 8)
    let slow = try SlowGradient()
    for id in ids {
      let row = try trainer.demonstration(run.rows[Int(id) - 1_000], slot: "prompts")
      slow.add(row, all: -1 / 56.0)
    }
    #expect(relativeDifference(gradient(of: trainer.model), slow.gradient) < 2e-5)
    // Moments of its own: AdamW counts one update there, and two in the shared slot.
    #expect(trainer.optimizer.updates == [2, 1])
    #expect(run.strategy.reports[2].learningRate == run.configuration.sft.learningRate)
  }

  @Test("the update is clipped; a norm above the limit leaves the weights, and the rows are gone")
  func limits() throws {
    let before = ShippedPluginTests.weights(of: try StrategyRun.model())
    let skipped = try outcome(["buffer_size": 8, "skip_above_grad_norm": 1e-6])
    #expect(skipped.weights == before)
    #expect(skipped.updates == [3])
    #expect(skipped.flags == [nil, nil, 1, nil])
    for limit in [0.01, 0.1] {
      let clipped = try outcome(["buffer_size": 8, "max_grad_norm": .double(limit)])
      #expect(clipped.weights != before)
      #expect(clipped.updates == [3, 1])
      #expect(clipped.flags == [nil, nil, 0, nil])
      // AdamW's first moment after one update is a tenth of the clipped gradient.
      #expect(abs(clipped.momentNorm / (0.1 * limit) - 1) < 1e-3)
    }
  }

  /// What four steps, the third of them SFT, leave.
  private func outcome(
    _ parameters: ParameterValue
  ) throws -> (weights: [Float], updates: [Int], momentNorm: Double, flags: [Double?]) {
    let run = try hopeless(parameters, steps: 4)
    defer { run.remove() }
    let (weights, updates, norm) = try {
      let trainer = try run.trained()
      let updates = trainer.optimizer.updates
      let moment = trainer.model.store.backend.read(trainer.optimizer.state(1).firstMoment)
      let norm = moment.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      return (ShippedPluginTests.weights(of: trainer.model), updates, norm)
    }()
    #expect(run.strategy.reports.map(\.kind) == [.rl, .rl, .sft, .rl])
    let directory = try RunDirectory.open(at: run.directory)
    let flags = try directory.records(in: .metrics).map { $0["update_skipped"]?.number }
    let decisions = try directory.records(in: .decisions).map { $0["update_skipped"] != nil }
    #expect(decisions == flags.map { $0 == 1 })
    return (weights, updates, norm, flags)
  }

  @Test("a run without a demonstrations section does; a row that is gone is named")
  func rows() throws {
    var run = try hopeless(["buffer_size": 4], steps: 2)
    defer { run.remove() }
    #expect(!run.hasDemonstrations)
    run.rows[3].completion = nil
    let trainer = try run.trainer()
    let error = #expect(throws: TrainingError.self) {
      for _ in 0..<8 { try trainer.runStep() }
    }
    #expect(error?.description.contains("row 1003") == true)
    #expect(error?.description.contains("no demonstration") == true)
  }
}
