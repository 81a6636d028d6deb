import Components
import Foundation
import RunStore
import Testing

@testable import Training

/// What must not matter to any of these strategies: how a step is cut into micro-batches, and where a run is stopped.
@Suite("Micro-batches and resumes change nothing")
struct StrategyInvarianceTests {
  static let strategies: [(name: String, parameters: ParameterValue)] = [
    ("hpt", ["gate": 1]), ("hpt", ["gate": 1, "normaliser": "prompts"]),
    ("superrl", ["no_reward": 0.2]),
    ("relift", ["buffer_size": 5]), ("luffy", [:]), ("luffy", ["demonstration_reward": 1.0]),
    ("uft", ["beta": 0.3, "hint_steps": 5]), ("prefix-rft", [:]), ("trapo", ["threshold": 0.4]),
  ]

  @Test(
    "k micro-batches give the gradient of one batch",
    arguments: strategies.indices,
    [GRPOConfiguration.LossType.dapo, .grpo, .drGRPO]
  )
  func microBatches(index: Int, loss: GRPOConfiguration.LossType) throws {
    let (name, parameters) = Self.strategies[index]
    func trained(_ batch: Int, _ accumulation: Int) throws -> (gradient: [Float], StepReport) {
      var run = try StrategyRun(name, parameters)
      // One more step than relift needs for its SFT step, which must be the last.
      run.configuration.maxSteps = name == "relift" ? 3 : 1
      run.configuration.grpo.lossType = loss
      run.configuration.grpo.perDeviceTrainBatchSize = batch
      run.configuration.grpo.gradientAccumulationSteps = accumulation
      run.configuration.sft.perDeviceTrainBatchSize = max(batch / 4, 1)
      if name == "relift" { run.reward = { _ in 0 } }
      defer { run.remove() }
      let trainer = try run.trained()
      return (gradient(of: trainer.model), run.strategy.reports.last!)
    }
    let whole = try trained(16, 1)
    if name == "relift" { #expect(whole.1.kind == .sft) }
    #expect(whole.gradient.contains { $0 != 0 })
    for (batch, accumulation) in [(8, 2), (4, 4), (2, 8)] {
      let cut = try trained(batch, accumulation)
      let difference = relativeDifference(cut.gradient, whole.gradient)
      #expect(difference < 2e-5, "\(name) in \(accumulation) pieces: \(difference)")
      #expect(cut.1.kind == whole.1.kind)
      #expect(abs((cut.1.sft?.loss ?? 0) - (whole.1.sft?.loss ?? 0)) < 1e-5)
      #expect(abs((cut.1.rl?.loss ?? 0) - (whole.1.rl?.loss ?? 0)) < 1e-5)
    }
  }

  @Test(
    "stopped after every step in turn, the run ends at the same bits",
    arguments: strategies.indices
  )
  func resume(index: Int) throws {
    let (name, parameters) = Self.strategies[index]
    func run() throws -> StrategyRun {
      var run = try StrategyRun(name, parameters)
      run.configuration.maxSteps = 9
      // In the middle of a generation batch as well as between two.
      run.configuration.grpo.stepsPerGeneration = 2
      run.configuration.grpo.perDeviceTrainBatchSize = 8
      run.configuration.grpo.beta = 0.02
      // relift's buffer must fill.
      if name == "relift" { run.threshold = 0.9 }
      return run
    }
    let whole = try run()
    defer { whole.remove() }
    let trainer = try whole.trained()
    let expected = weights(of: trainer.model)
    let state = try whole.strategy.saveState()
    if name == "relift" { #expect(whole.strategy.reports.contains { $0.kind == .sft }) }

    var broken = try run()
    defer { broken.remove() }
    for stop in 1...9 {
      // A fresh instance of the plugin each time: all that it knows comes from the checkpoint.
      broken.strategy = try ObservedStrategy(name, parameters)
      let trainer = try broken.trainer(resume: stop > 1)
      var steps = 0
      _ = try trainer.train(shouldStop: {
        defer { steps += 1 }
        return steps == 1
      })
      #expect(trainer.completedSteps == stop)
      #expect(broken.strategy.plans == [whole.strategy.plans[stop - 1]])
      if stop == 9 {
        #expect(weights(of: trainer.model) == expected)
        #expect(try broken.strategy.saveState() == state)
      }
    }
  }
}
