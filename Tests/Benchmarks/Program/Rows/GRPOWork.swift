import BenchmarkFigures
import Components

/// Whole GRPO steps of the real trainer, with a trivial reward.
struct GRPOWork {
  var prompts: Int
  var group: Int
  var prompt: Int
  var new: Int

  func measure(_ shape: BenchmarkShape, _ parts: WorkParts, _ pace: Pace) throws -> Measurement {
    var run = GRPORun(shape: shape, prompts: prompts, group: group, prompt: prompt, new: new)
    run.parts = CompiledParts(rows: run.rows)
    let result = try run.train(parts, pace)
    return Measurement(
      program: "stepwise",
      variant: parts.backend.name,
      tokens: prompts * group * new,
      samples: result.steps.map(\.seconds),
      phases: [
        "generate": result.steps.map(\.generate), "reference": result.steps.map(\.reference),
        "update": result.steps.map(\.update), "plugins": result.steps.map(\.plugins),
      ],
      parameters: result.parameters
    )
  }
}

/// The parts of a GRPO run: plugins, or what is compiled in here.
struct CompiledParts {
  var strategy: any MixingStrategy
  var dataset: any Dataset
  var reward: any RewardFunction

  init(strategy: any MixingStrategy, dataset: any Dataset, reward: any RewardFunction) {
    self.strategy = strategy
    self.dataset = dataset
    self.reward = reward
  }

  init(rows: [Example]) {
    self.init(
      strategy: AlwaysRL(),
      dataset: MemoryDataset(rows),
      reward: ShareOfOddTokens()
    )
  }
}

/// Reinforcement learning at every step.
final class AlwaysRL: MixingStrategy {
  let identity = ComponentIdentity(id: "org.stepwise.bench.rl", version: "1.0.0", digest: "0")
  let requirements = StrategyRequirements.prompts

  func beginStep(_ context: StepContext) throws -> StepPlan { StepPlan(.rl) }
  func endStep(_ report: StepReport) throws {}
  func saveState() throws -> [UInt8] { [] }
  func loadState(_ bytes: [UInt8]) throws {}
}

/// Rows held in memory.
final class MemoryDataset: Dataset {
  let identity = ComponentIdentity(id: "org.stepwise.bench.rows", version: "1.0.0", digest: "0")
  private let rows: [Example]

  init(_ rows: [Example]) { self.rows = rows }

  var count: Int? { rows.count }
  func examples(in range: Range<Int>) throws -> [Example] { Array(rows[range]) }
}

/// The share of odd token ids: some of it in every completion, so that every group has an advantage.
final class ShareOfOddTokens: RewardFunction {
  let identity = ComponentIdentity(id: "org.stepwise.bench.odd", version: "1.0.0", digest: "0")
  let description = RewardDescription(name: "odd", minimum: 0, maximum: 1)

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    batch.items.map { item in
      let odd = item.completionIDs.count { $0 % 2 == 1 }
      return .score(Double(odd) / Double(max(item.completionIDs.count, 1)))
    }
  }
}
