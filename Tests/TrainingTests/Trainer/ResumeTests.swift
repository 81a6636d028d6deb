import Components
import Foundation
import LanguageModels
import RunStore
import Testing

@testable import Training

/// A run that stops at any step and goes on must end at the bits of the run that never stopped.
@Suite("Resume is bit-exact")
struct ResumeTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var change: @Sendable (inout TrainingConfiguration) -> Void
    var plan: @Sendable (StepContext) -> StepPlan
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(
      name: "SFT over several epochs",
      change: { $0.maxSteps = 14 },
      plan: { _ in StepPlan(.sft) }
    ),
    Case(
      name: "GRPO with num_iterations 2, in the middle of a reused generation batch",
      change: {
        $0.maxSteps = 7
        $0.grpo.numIterations = 2
        $0.grpo.beta = 0.05
      },
      plan: { _ in StepPlan(.rl) }
    ),
    Case(
      name: "steps_per_generation 4 with 2 accumulation steps",
      change: {
        $0.maxSteps = 6
        $0.grpo.stepsPerGeneration = 4
        $0.grpo.gradientAccumulationSteps = 2
      },
      plan: { _ in StepPlan(.rl) }
    ),
    Case(
      name: "steps_per_generation 1 with 3 accumulation steps",
      change: {
        $0.maxSteps = 4
        $0.grpo.stepsPerGeneration = 1
        $0.grpo.gradientAccumulationSteps = 3
      },
      plan: { _ in StepPlan(.rl) }
    ),
    Case(
      name: "a reference in BF16 that moves, blocks computed again",
      change: {
        $0.maxSteps = 5
        $0.grpo.beta = 0.1
        $0.grpo.refModelDtype = .bfloat16
        $0.gradientCheckpointing = true
      },
      plan: { StepPlan(.rl, snapshotReference: $0.step == 2) }
    ),
    Case(
      name: "mixed, two optimizer slots, a reference that moves",
      change: {
        $0.maxSteps = 9
        $0.grpo.beta = 0.1
        $0.grpo.numIterations = 2
      },
      plan: {
        StepPlan(
          $0.uniform(0) < 0.5 ? .sft : .rl,
          optimizerSlot: $0.step % 2,
          snapshotReference: $0.step == 4
        )
      }
    ),
  ]

  @Test("stopped after every step in turn", arguments: cases, [false, true])
  func everyStep(_ test: Case, trainsAdapter: Bool) throws {
    func run() -> TinyRun {
      var run = TinyRun(FakeStrategy { test.plan($0) })
      if trainsAdapter { run.lora = LoRAConfiguration(rank: 2, alpha: 16) }
      test.change(&run.configuration)
      return run
    }
    let whole = run()
    defer { whole.remove() }
    let expected = try whole.weights()
    let metrics = try RunDirectory.open(at: whole.directory).records(in: .metrics)

    // One run, stopped after each step and started anew in a fresh trainer.
    let broken = run()
    defer { broken.remove() }
    for stop in 1...whole.configuration.maxSteps {
      let (trainer, model) = try broken.trainer(resume: stop > 1)
      var steps = 0
      _ = try trainer.train(shouldStop: {
        defer { steps += 1 }
        return steps == 1
      })
      #expect(trainer.completedSteps == stop)
      if stop == whole.configuration.maxSteps {
        #expect(values(of: model) == expected)
      }
    }
    let again = try RunDirectory.open(at: broken.directory).records(in: .metrics)
    #expect(again.count == metrics.count)
    for (a, b) in zip(metrics, again) {
      for name in ["step", "grad_norm", "num_tokens", "reward", "sft/loss", "rl/loss", "epoch"] {
        #expect(a[name] == b[name], "\(name) at step \(String(describing: a["step"]))")
      }
    }
  }

  @Test("1, 2 and 3 threads give the same bits")
  func threads() throws {
    let weights = try (1...3).map { threads in
      var run = TinyRun(FakeStrategy { StepPlan($0.step % 2 == 0 ? .sft : .rl) })
      run.threads = threads
      defer { run.remove() }
      return try run.weights()
    }
    #expect(weights[0] == weights[1] && weights[1] == weights[2])
  }

  @Test("a damaged checkpoint is passed over for the one before")
  func damaged() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.sft) })
    run.configuration.saveSteps = 1
    run.configuration.saveTotalLimit = 3
    defer { run.remove() }
    let expected = try run.weights()
    let newest = try #require(try RunDirectory.open(at: run.directory).latestGoodCheckpoint())
    #expect(newest.step == 4)
    let file = newest.url.appending(path: "model.safetensors")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: file)
    let (trainer, model) = try run.trainer(resume: true)
    #expect(trainer.completedSteps == 3)
    _ = try trainer.train()
    #expect(values(of: model) == expected)
  }
}

@Suite("A branch goes on under another strategy")
struct BranchTests {
  @Test("under the same plans it is the run itself; under others it departs")
  func branch() throws {
    func run(_ plan: @escaping (StepContext) -> StepPlan, steps: Int) -> TinyRun {
      var run = TinyRun(FakeStrategy { plan($0) })
      run.configuration.maxSteps = steps
      return run
    }
    let whole = run({ _ in StepPlan(.sft) }, steps: 6)
    defer { whole.remove() }
    let expected = try whole.weights()

    let parent = run({ _ in StepPlan(.sft) }, steps: 3)
    defer { parent.remove() }
    _ = try parent.weights()
    let checkpoint = parent.directory.appending(path: "checkpoints/step-00000003")

    let same = run({ _ in StepPlan(.sft) }, steps: 6)
    let other = run({ _ in StepPlan(.rl) }, steps: 6)
    for branch in [same, other] {
      defer { branch.remove() }
      let (trainer, model) = try branch.trainer()
      try trainer.branch(from: checkpoint)
      #expect(trainer.completedSteps == 3)
      _ = try trainer.train()
      #expect((values(of: model) == expected) == (branch.directory == same.directory))
    }
  }
}
