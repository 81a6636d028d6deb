public import Components
public import LanguageModels
public import Tensors
public import Tokenizers

/// Asks another reward about the stored rollouts of a run, as the trainer would have asked it.
public final class RolloutRescoring {
  private let dataset: any Dataset
  private let rows: RowTokenizer
  private let configuration: TrainingConfiguration
  private var epoch = 0

  /// Prepares for the rollouts of one run.
  ///
  /// - Parameters:
  ///   - dataset: the run's prompts.
  ///   - configuration: the run's.
  public init(
    dataset: any Dataset,
    tokenizer: Tokenizer,
    chat: ChatRenderer?,
    configuration: TrainingConfiguration
  ) {
    self.dataset = dataset
    self.configuration = configuration
    // Completions are stored as ids, with their ends: no token is appended to any here.
    rows = RowTokenizer(tokenizer: tokenizer, chat: chat, eosID: tokenizer.eosID ?? -1)
  }

  /// What the reward says of each rollout, `nil` where it abstains. A demonstration whose reward the strategy gave keeps it.
  ///
  /// - Throws: `TrainingError` where a row is not in the dataset any more, and what reward and dataset throw.
  public func scores(
    of rollouts: [StoredRollout],
    by reward: any RewardFunction
  ) throws -> [Double?] {
    let panel = try RewardPanel([WeightedReward(reward)])
    var scores: [Double?] = rollouts.map(\.reward)
    for batch in Self.batches(rollouts) {
      let items = try batch.map { try item(rollouts[$0], panel) }
      let given = try panel.score(
        RewardBatch(
          step: rollouts[batch[0]].step,
          seed: configuration.seed,
          items: items
        )
      )[0]
      for (index, score) in zip(batch, given) { scores[index] = score }
    }
    return scores
  }

  /// The advantages that scores would have given, had they been the only reward: relative to the group, divided as the run's
  /// `scale_rewards` says.
  public func advantages(
    _ rollouts: [StoredRollout],
    scores: [Double?]
  ) throws -> [Double] {
    let estimator = AdvantageEstimator(scaling: configuration.grpo.scaleRewards)
    var advantages = [Double](repeating: 0, count: rollouts.count)
    for generation in Self.runs(rollouts.indices.map { rollouts[$0].generation }) {
      let values = try estimator.estimate(
        scores: [generation.map { scores[$0] }],
        groups: generation.map { rollouts[$0].group }
      ).values
      for (index, value) in zip(generation, values) { advantages[index] = value }
    }
    return advantages
  }

  /// How alike the policy gradients are that rollouts give under the advantages that they were trained with and under others.
  /// Those that were not trained are left out.
  public func gradientAgreement(
    _ rollouts: [StoredRollout],
    advantages: [Double],
    model: DecoderModel,
    backend: any Backend
  ) throws -> GradientAgreement {
    var sequences: [TrainingSequence] = []
    var (first, second): ([Double], [Double]) = ([], [])
    for (rollout, advantage) in zip(rollouts, advantages) {
      guard let trained = rollout.advantage else { continue }
      sequences.append(
        TrainingSequence(
          kind: rollout.isDemonstration ? .scoredDemonstration : .rollout,
          exampleID: rollout.promptID,
          group: rollout.group,
          prompt: try rows.prompt(try row(rollout), slot: "prompts"),
          completion: rollout.completionIDs,
          hintLength: rollout.hint,
          weight: rollout.weight,
          truncated: !rollout.terminated
        )
      )
      first.append(trained)
      second.append(advantage)
    }
    return Objective(model: model, backend: backend).gradientAgreement(
      sequences,
      advantages: (first, second),
      configuration: configuration.grpo,
      batchSize: configuration.grpo.perDeviceTrainBatchSize
    )
  }

  private func item(_ rollout: StoredRollout, _ panel: RewardPanel) throws -> RewardItem {
    let row = try row(rollout)
    try panel.check(row, slot: "prompts")
    let group = RolloutGroup(
      example: row,
      promptText: try rows.promptText(row, slot: "prompts"),
      prompt: []
    )
    return group.item(
      rollout.id,
      rollout.completionIDs,
      truncated: !rollout.terminated,
      rows: rows
    )
  }

  private var latest: (position: Int, epoch: Int, row: Example)?

  private func row(_ rollout: StoredRollout) throws -> Example {
    if let latest, latest.position == rollout.position, latest.epoch == rollout.epoch {
      return latest.row
    }
    if rollout.epoch != epoch {
      try dataset.beginEpoch(rollout.epoch)
      epoch = rollout.epoch
    }
    let isThere = dataset.count.map { rollout.position < $0 } ?? true
    let found =
      isThere
      ? try dataset.examples(in: rollout.position..<(rollout.position + 1)).first : nil
    guard let row = found, row.id == rollout.promptID else {
      throw TrainingError.row(
        slot: "prompts",
        id: rollout.promptID,
        problem: "of step \(rollout.step) is not at position \(rollout.position) of the dataset",
        cure: "Rescore with the dataset that the run used, in the same version"
      )
    }
    latest = (rollout.position, rollout.epoch, row)
    return row
  }

  /// What was scored together: members of one round of a generation batch; the demonstrations of a batch on their own.
  private static func batches(_ rollouts: [StoredRollout]) -> [[Int]] {
    runs(rollouts.map(\.generation)).flatMap { generation -> [[Int]] in
      let sampled = generation.filter { !rollouts[$0].isDemonstration }
      let rounds = sampled.map { rollouts[$0].round }.max() ?? -1
      let judged = generation.filter {
        rollouts[$0].isDemonstration && !rollouts[$0].rewards.isEmpty
      }
      let batches = (0..<(rounds + 1)).map { round in
        sampled.filter { rollouts[$0].round == round }
      }
      return (batches + [judged]).filter { !$0.isEmpty }
    }
  }

  /// Indices of equal neighbours.
  private static func runs(_ values: [Int]) -> [[Int]] {
    var runs: [[Int]] = []
    for (index, value) in values.enumerated() {
      if let last = runs.last?.last, values[last] == value {
        runs[runs.count - 1].append(index)
      } else {
        runs.append([index])
      }
    }
    return runs
  }
}
