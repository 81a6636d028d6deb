public import Components

/// Exchanging parts at a step boundary. Each function checks everything first: where it throws, the run is as it was.
extension Trainer {
  /// Another strategy plans from the next step on.
  ///
  /// It is measured what it needs: a probe is drawn and held out of the demonstrations from here on, and the reference becomes a
  /// copy of the policy, where the run has none of them yet.
  ///
  /// - Parameters:
  ///   - strategy: The newcomer. Its first context shows it the run's history.
  ///   - state: What `saveState` of the same strategy gave, or `nil` for a fresh start.
  public func exchange(strategy: any MixingStrategy, state saved: [UInt8]? = nil) throws {
    var parts = parts
    parts.strategy = strategy
    try parts.check()
    if let saved, !saved.isEmpty { try strategy.loadState(saved) }
    var drawn: (positions: [Int], batches: [MicroBatch])?
    if strategy.requirements.contains(.probe), state.probe.isEmpty,
      let dataset = parts.demonstrations
    {
      let positions = probePositions(of: dataset, size: configuration.probeSize, random: random)
      drawn = (positions, try probeMicroBatches(dataset, positions))
    }
    if let drawn {
      let cursor = demonstrations?.cursor
      try openDemonstrations(heldOut: Set(drawn.positions))
      // The epoch's order without the probe is another one: it begins anew.
      if let cursor { try demonstrations?.restore(.init(epoch: cursor.epoch, drawn: cursor.drawn)) }
      state.probe = drawn.positions
      probe = drawn.batches
    }
    self.parts = parts
    if needsReference, reference == nil { try snapshotReference() }
  }

  /// Other rewards score from the next generation batch on; one that is in use keeps its advantages.
  public func exchange(rewards: [WeightedReward]) throws {
    var parts = parts
    parts.rewards = rewards
    try parts.check()
    let panel = try self.rewards.replacing(rewards)
    self.parts = parts
    self.rewards = panel
  }

  /// Another dataset gives the rows of a slot from the next batch on, from its beginning.
  ///
  /// A probe stays what it was: its rows were taken from the old demonstrations.
  public func exchange(dataset: any Dataset, in slot: DataSlot) throws {
    var parts = parts
    switch slot {
    case .prompts: parts.prompts = dataset
    case .demonstrations: parts.demonstrations = dataset
    }
    try parts.check()
    let source = try RowSource(
      slot: slot.rawValue,
      dataset: dataset,
      random: random,
      shuffle: configuration.shuffleDataset
    )
    self.parts = parts
    switch slot {
    case .prompts: prompts = source
    case .demonstrations: demonstrations = source
    }
  }

  /// Other settings hold from the next step on.
  public func exchange(configuration: TrainingConfiguration) throws {
    try configuration.check()
    let changed = configuration.grpo.beta != 0 && self.configuration.grpo.beta == 0
    self.configuration = configuration
    if changed, needsReference, reference == nil { try snapshotReference() }
  }
}

/// The slots of a run that hold datasets.
public enum DataSlot: String, Sendable, CaseIterable {
  /// Rows that are rolled out.
  case prompts
  /// Rows that are imitated.
  case demonstrations
}
