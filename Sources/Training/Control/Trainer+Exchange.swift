public import Components

/// Exchanging parts at a step boundary. Each function checks everything first: where it throws, the run is as it was.
extension Trainer {
  /// Exchanges several parts that need each other: whether they fit is looked at when all are in their places. Where it throws, the
  /// caller goes back to a moment of before.
  public func exchangeTogether(_ exchanges: () throws -> Void) throws {
    precondition(!isExchangingTogether, "exchanges do not nest")
    isExchangingTogether = true
    defer { isExchangingTogether = false }
    try exchanges()
    try parts.check()
  }

  private func checkTogether(_ parts: TrainingParts) throws {
    if !isExchangingTogether { try parts.check() }
  }

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
    try checkTogether(parts)
    if let saved, !saved.isEmpty { try strategy.loadState(saved) }
    let old = (parts: self.parts, probe: state.probe, cursor: demonstrations?.cursor)
    self.parts = parts
    do {
      if strategy.requirements.contains(.probe), state.probe.isEmpty,
        let dataset = parts.demonstrations
      {
        try holdOut(
          probe: probePositions(of: dataset, size: configuration.probeSize, random: random)
        )
        // The epoch's order without the probe is another one: it begins anew.
        if let cursor = old.cursor {
          try demonstrations?.restore(.init(epoch: cursor.epoch, drawn: cursor.drawn))
        }
      }
      if needsReference, reference == nil { try snapshotReference() }
    } catch {
      self.parts = old.parts
      try holdOut(probe: old.probe)
      if let cursor = old.cursor { try demonstrations?.restore(cursor) }
      throw error
    }
  }

  /// Other rewards score from the next generation batch on; one that is in use keeps its advantages.
  public func exchange(rewards: [WeightedReward]) throws {
    var parts = parts
    parts.rewards = rewards
    try checkTogether(parts)
    let panel = try self.rewards.replacing(rewards)
    self.parts = parts
    self.rewards = panel
  }

  /// Another dataset gives the rows of a slot from the next batch on.
  ///
  /// Where demonstrations have a probe, it is drawn anew from the newcomer.
  ///
  /// - Parameter keepsPlace: whether it goes on where the old one stood, as a new build of the same dataset does; else it begins
  ///   anew.
  public func exchange(
    dataset: any Dataset,
    in slot: DataSlot,
    keepsPlace: Bool = false
  ) throws {
    var parts = parts
    switch slot {
    case .prompts: parts.prompts = dataset
    case .demonstrations: parts.demonstrations = dataset
    }
    try checkTogether(parts)
    let moment = try moment()
    let (old, cursor) =
      slot == .prompts
      ? (self.parts.prompts, prompts?.cursor) : (self.parts.demonstrations, demonstrations?.cursor)
    do {
      self.parts = parts
      switch slot {
      case .prompts: try openPrompts()
      case .demonstrations:
        var positions = state.probe
        if !keepsPlace, !positions.isEmpty {
          positions = probePositions(of: dataset, size: configuration.probeSize, random: random)
        }
        try holdOut(probe: positions)
      }
      if keepsPlace, let old, let cursor {
        let saved = try old.saveState()
        if !saved.isEmpty { try dataset.loadState(saved) }
        try (slot == .prompts ? prompts : demonstrations)?.restore(cursor)
      }
    } catch {
      try goBack(to: moment)
      throw error
    }
  }

  /// Other rows are held out for evaluation from the next one on; `nil` for none.
  public func exchange(evaluation: (any Dataset)?) throws {
    var parts = parts
    parts.evaluation = evaluation
    try checkTogether(parts)
    self.parts = parts
  }

  /// Other settings hold from the next step on. `seed`, `probeSize` and `shuffleDataset` must be those of the run's beginning.
  public func exchange(configuration: TrainingConfiguration) throws {
    try configuration.check()
    let (old, new) = (self.configuration.grpo, configuration.grpo)
    self.configuration = configuration
    optimizer.configuration = configuration
    // Log-probabilities of a batch in use belong to its temperature, and its place to its geometry: what is left of it is not used.
    let geometry = { (grpo: GRPOConfiguration) in
      [
        grpo.perDeviceTrainBatchSize, grpo.resolvedStepsPerGeneration, grpo.numIterations,
        grpo.numGenerations,
      ]
    }
    if old.temperature != new.temperature || geometry(old) != geometry(new) {
      let use = new.resolvedStepsPerGeneration * new.numIterations
      state.generation = nil
      state.rlMicroSteps = (state.rlMicroSteps + use - 1) / use * use
    }
    if old.beta == 0, new.beta != 0, needsReference, reference == nil { try snapshotReference() }
  }
}

/// The slots of a run that hold datasets.
public enum DataSlot: String, Sendable, CaseIterable {
  /// Rows that are rolled out.
  case prompts
  /// Rows that are imitated.
  case demonstrations
}
