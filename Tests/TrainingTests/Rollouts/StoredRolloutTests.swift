import Components
import Foundation
import RunStore
import Testing
import Tokenizers

@testable import Training

/// What `rollouts.jsonl` holds, and what another reward says of it.
@Suite("Stored rollouts")
struct StoredRolloutTests {
  @Test("every completion is kept with its row, its scores and its advantage")
  func everyCompletion() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    run.configuration.maxSteps = 3
    run.configuration.grpo.perDeviceTrainBatchSize = 8
    defer { run.remove() }
    do { _ = try run.trainer().0.train() }
    let rollouts = try StoredRollout.all(of: run.directory)
    #expect(rollouts.count == 3 * 8)
    #expect(rollouts.map(\.step) == (0..<3).flatMap { Array(repeating: $0, count: 8) })
    #expect(rollouts.map(\.generation) == rollouts.map(\.step))
    #expect(rollouts.map(\.id) == (0..<24).map(UInt64.init))
    let tokenizer = try Tokenizer.wordLevel(vocabulary: TinyRun.words)
    for rollout in rollouts {
      #expect(run.rows[rollout.position].id == rollout.promptID)
      #expect(rollout.terminated == (rollout.completionIDs.last == 1))
      #expect(rollout.completion == tokenizer.decode(rollout.completionIDs))
      #expect(rollout.rewards.map(\.reward) == ["fake"])
      #expect(
        rollout.rewards[0].score == Double(rollout.completionIDs.filter { $0 % 2 == 1 }.count)
      )
      #expect(rollout.reward == rollout.rewards[0].score)
      #expect(StoredRollout(rollout.record) == rollout)
    }
    // The metric `reward` of each step is the mean of what was kept.
    let metrics = try RunDirectory.recordsSoFar(in: .metrics, of: run.directory)
    for step in 0..<3 {
      let rewards = rollouts.filter { $0.step == step }.compactMap(\.reward)
      let mean = rewards.reduce(0, +) / Double(rewards.count)
      #expect(abs((metrics[step]["reward"]?.number ?? .nan) - mean) < 1e-12)
    }
    for step in 0..<3 {
      let members = rollouts.filter { $0.step == step }
      let expected = try AdvantageEstimator().estimate(
        scores: [members.map(\.reward)],
        groups: members.map(\.group)
      )
      #expect(members.map(\.advantage) == expected.values)
    }
  }

  @Test("log_completions: false keeps none")
  func off() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    run.configuration.grpo.logCompletions = false
    defer { run.remove() }
    do { _ = try run.trainer().0.train() }
    #expect(try StoredRollout.all(of: run.directory).isEmpty)
  }

  @Test("a step that fails leaves no rollouts, and the resumed run has each once")
  func failedStep() throws {
    struct Broken: Error {}
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    let fails = Box(true)
    run.reward = FakeReward("fake") { batch, item in
      if batch.step == 2, fails.value, item.id == batch.items.last?.id { throw Broken() }
      return .score(Double(item.completionIDs.count))
    }
    defer { run.remove() }
    do { #expect(throws: Broken.self) { _ = try run.trainer().0.train() } }
    #expect(try StoredRollout.all(of: run.directory).map(\.step).max() == 1)
    fails.value = false
    do { _ = try run.trainer(resume: true).0.train() }
    let ids = try StoredRollout.all(of: run.directory).map(\.id)
    #expect(ids == (0..<16).map(UInt64.init))
  }

  private final class Box { var value: Bool; init(_ value: Bool) { self.value = value } }

  @Test("what a route drops has no advantage, and demonstrations in a group are kept as such")
  func routes() throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    strategy.routes = { request in
      request.prompts.indices.map { index in
        index == 0
          ? PromptRoute(keepRollouts: false, demonstration: .sft)
          : PromptRoute(demonstration: .groupMember, demonstrationReward: nil, weight: 0.5)
      }
    }
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 1
    run.configuration.grpo.perDeviceTrainBatchSize = 8
    defer { run.remove() }
    do { _ = try run.trainer().0.train() }
    let rollouts = try StoredRollout.all(of: run.directory)
    #expect(rollouts.count == 9)
    #expect(rollouts.filter { $0.group == 0 }.allSatisfy { $0.advantage == nil })
    let kept = rollouts.filter { $0.group == 1 }
    #expect(kept.map(\.isDemonstration) == [false, false, false, false, true])
    #expect(kept.allSatisfy { $0.advantage != nil && $0.weight == 0.5 })
    #expect(kept.last?.rewards.count == 1 && kept.last?.id == 8)
    #expect(StoredRollout(kept.last!.record) == kept.last)
  }

  @Test("a damaged line is named")
  func damaged() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    run.configuration.maxSteps = 1
    defer { run.remove() }
    do { _ = try run.trainer().0.train() }
    let file = run.directory.appending(path: "rollouts.jsonl")
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data((text + "{\"step\":1}\n").utf8).write(to: file)
    #expect { _ = try StoredRollout.all(of: run.directory) } throws: {
      "\($0)".contains("rollouts.jsonl") && "\($0)".contains("line 5")
    }
  }

  /// A batch as a reward saw it.
  private struct Seen: Equatable {
    var step: Int
    var seed: UInt64
    var ids: [UInt64]
    var rows: [UInt64]
    var prompts: [String]
    var texts: [String]
    var special: [String]
    var tokens: [[Int32]]
    var truncated: [Bool]

    init(_ batch: RewardBatch) {
      (step, seed, ids) = (batch.step, batch.seed, batch.items.map(\.id))
      (rows, prompts) = (batch.items.map(\.example.id), batch.items.map(\.promptText))
      texts = batch.items.map(\.completion)
      special = batch.items.map(\.completionWithSpecialTokens)
      (tokens, truncated) = (batch.items.map(\.completionIDs), batch.items.map(\.truncated))
    }
  }

  private final class Watching: RewardFunction {
    let identity = ComponentIdentity(id: "org.example.watching", version: "1.0.0", digest: "0")
    let description = RewardDescription(name: "fake", successThreshold: 1)
    var seen: [Seen] = []

    func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
      seen.append(Seen(batch))
      return batch.items.map { .score(Double($0.completionIDs.reduce(0, +) % 5)) }
    }
  }

  @Test("another reward sees the batches that the trainer presented", arguments: [false, true])
  func rescoring(inRounds: Bool) throws {
    let strategy = FakeStrategy { _ in StepPlan(.rl) }
    if inRounds {
      // Two completions at a time, with prefixes: a batch is scored in several rounds.
      strategy.shape = { request in
        RolloutShape(prefixLengths: [0, min(1, request.demonstration.count)])
      }
      strategy.routes = { request in
        request.prompts.map { _ in
          PromptRoute(demonstration: .groupMember, demonstrationReward: nil)
        }
      }
    }
    let watching = Watching()
    var run = TinyRun(strategy)
    run.configuration.maxSteps = 4
    run.configuration.grpo.perDeviceTrainBatchSize = 8
    run.reward = FakeReward("fake") { _, _ in .abstained }
    defer { run.remove() }
    let configuration = run.configuration
    let rows = run.rows
    try run.train(with: watching)
    let rollouts = try StoredRollout.all(of: run.directory)
    let presented = watching.seen
    #expect(!presented.isEmpty)
    #expect(presented.count == (inRounds ? 4 * 3 : 4))
    watching.seen = []

    let rescoring = RolloutRescoring(
      dataset: ArrayDataset(rows),
      tokenizer: try .wordLevel(vocabulary: TinyRun.words),
      chat: nil,
      configuration: configuration
    )
    let scores = try rescoring.scores(of: rollouts, by: watching)
    #expect(watching.seen == presented)
    #expect(scores == rollouts.map(\.reward))
    #expect(
      try rescoring.advantages(rollouts, scores: scores) == rollouts.map { $0.advantage ?? 0 }
    )
    #expect(rollouts.contains { $0.hint > 0 } == inRounds)
  }

  @Test("a dataset that is not the run's is refused")
  func otherRows() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    run.configuration.maxSteps = 1
    defer { run.remove() }
    do { _ = try run.trainer().0.train() }
    let rollouts = try StoredRollout.all(of: run.directory)
    for rows in [Array(run.rows.reversed()), Array(run.rows.prefix(1))] {
      let rescoring = RolloutRescoring(
        dataset: ArrayDataset(rows),
        tokenizer: try .wordLevel(vocabulary: TinyRun.words),
        chat: nil,
        configuration: run.configuration
      )
      #expect { _ = try rescoring.scores(of: rollouts, by: run.reward) } throws: {
        "\($0)".contains("prompts: row \(rollouts[0].promptID)") && "\($0)".contains("position")
      }
    }
  }
}

extension TinyRun {
  /// Trains to the end with another reward.
  fileprivate mutating func train(with reward: any RewardFunction) throws {
    let (trainer, _) = try trainer()
    try trainer.exchange(rewards: [WeightedReward(reward)])
    _ = try trainer.train()
  }
}
