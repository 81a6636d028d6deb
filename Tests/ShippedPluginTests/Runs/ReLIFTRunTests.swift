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
    func weights(_ parameters: ParameterValue) throws -> (after: [Float], trainer: Trainer) {
      let run = try hopeless(parameters, steps: 4)
      defer { run.remove() }
      let trainer = try run.trained()
      let records = try RunDirectory.open(at: run.directory).records(in: .decisions)
      let skipped = records.map { $0["update_skipped"] == .bool(true) }
      let metrics = try RunDirectory.open(at: run.directory).records(in: .metrics)
      let isSkipped = parameters["skip_above_grad_norm"] != nil
      #expect(skipped == [false, false, isSkipped, false])
      #expect(metrics.map { $0["update_skipped"] } == [nil, nil, .double(isSkipped ? 1 : 0), nil])
      // The rows of the skipped step do not come back: only those of the first steps' third, if any.
      #expect(run.strategy.reports.map(\.kind) == [.rl, .rl, .sft, .rl])
      return (ShippedPluginTests.weights(of: trainer.model), trainer)
    }
    let before = ShippedPluginTests.weights(of: try StrategyRun.model())
    let skipped = try weights(["buffer_size": 8, "skip_above_grad_norm": 1e-6])
    #expect(skipped.after == before)
    #expect(skipped.trainer.optimizer.updates == [3])
    let clipped = try weights(["buffer_size": 8])
    #expect(clipped.after != before)
    // AdamW's second moment after one update is 0.001 times the square of the clipped gradient, whose norm is then max_grad_norm.
    for limit in [0.01, 0.1] {
      let trainer = try weights(["buffer_size": 8, "max_grad_norm": .double(limit)]).trainer
      let state = trainer.optimizer.state(1)
      let moment = trainer.model.store.backend.read(state.firstMoment)
      let norm = moment.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(norm / (0.1 * limit) - 1) < 1e-3)
    }
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
