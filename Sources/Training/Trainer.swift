public import Components
public import LanguageModels
public import RunStore
public import Tensors
public import Tokenizers

/// Trains one model: asks the strategy what each step is, and does it.
///
/// One step, as data flows: `beginStep` -> demonstrations and rollouts -> rewards, routes, advantages -> losses and gradients ->
/// clip, AdamW -> `endStep` -> records, checkpoint. The steps' own parts stand in extensions, one file each.
///
/// A trainer belongs to one thread. The strategy, the datasets and the rewards are known by their protocols alone.
public final class Trainer {
  /// What decides the run.
  public internal(set) var configuration: TrainingConfiguration {
    didSet { model.gradientCheckpointing = configuration.gradientCheckpointing }
  }
  let model: DecoderModel
  let backend: any Backend
  /// Strategy, datasets and rewards as they are now.
  public internal(set) var parts: TrainingParts
  let rows: RowTokenizer
  var rewards: RewardPanel
  let random: CounterRandom
  let generator: Generator
  let endOfSequence: Set<Int32>
  let run: RunDirectory
  weak var observer: (any TrainingObserver)?
  /// Who steers the run; held weakly.
  public weak var control: (any TrainerControl)?
  let optimizer: OptimizerSlots
  var reference: DecoderModel?
  var prompts: RowSource?
  var demonstrations: RowSource?
  var probe: [MicroBatch] = []
  /// The packed sequences of the present window, those that were trained included; `nil` before the first and after a resume.
  var packedWindow: [[TrainingSequence]]?
  /// Packed sequences of an epoch, or rows without those that are left out, where the run's length is counted in them.
  var countedEpochLength: Int?
  /// Whether somebody was told of rows that are longer than `sft.max_length`.
  var hasToldOfOverlongRows = false
  /// Whether somebody was told of prompts that leave no room for a completion.
  var hasToldOfLongPrompts = false
  var state = TrainerState()
  /// Whether parts are being exchanged that need each other.
  var isExchangingTogether = false
  /// Completions of the step that is being made; they are written with its other records, so that a step that fails leaves none.
  var rolloutRecords: [Record] = []

  /// Sets a run up at its first step.
  ///
  /// - Parameters:
  ///   - configuration: What decides the run.
  ///   - model: The policy; it is trained in place.
  ///   - tokenizer: Encodes rows and decodes completions.
  ///   - chat: Renders conversational rows; `nil` where the tokenizer has no chat template.
  ///   - endOfSequence: Ids that end a completion, the first of which is appended to demonstrations.
  ///   - parts: Strategy, datasets and rewards.
  ///   - backend: Where tensors live.
  ///   - run: Where records and checkpoints go.
  ///   - observer: Who watches; held weakly.
  /// - Throws: `TrainingError` where parts or settings do not fit together.
  public init(
    configuration: TrainingConfiguration,
    model: DecoderModel,
    tokenizer: Tokenizer,
    chat: ChatRenderer?,
    endOfSequence: [Int32],
    parts: TrainingParts,
    backend: any Backend,
    run: RunDirectory,
    observer: (any TrainingObserver)? = nil
  ) throws {
    guard let eosID = endOfSequence.first else {
      throw TrainingError.missingPart(
        "the model has no end-of-sequence token",
        cure: "Set eos_token_id in config.json or generation_config.json"
      )
    }
    try configuration.check()
    try parts.check()
    self.configuration = configuration
    self.model = model
    model.gradientCheckpointing = configuration.gradientCheckpointing
    self.backend = backend
    self.parts = parts
    self.run = run
    self.observer = observer
    rows = RowTokenizer(tokenizer: tokenizer, chat: chat, eosID: eosID)
    rewards = try RewardPanel(
      parts.rewards,
      ledger: RewardLedger(try run.openOutcomes())
    ) { [weak observer] in observer?.observe(.warning($0)) }
    random = CounterRandom(seed: configuration.seed)
    generator = Generator(model: model)
    self.endOfSequence = Set(endOfSequence)
    optimizer = OptimizerSlots(store: model.trained, configuration: configuration)
    try openSources()
    // The last row that an evaluation will ask for: a dataset that does not have it fails now, and not after an hour.
    if let evaluation = parts.evaluation {
      let count = min(configuration.evaluation.maxPrompts, evaluation.count ?? .max)
      if count > 0 { _ = try evaluation.examples(in: count - 1..<count) }
    }
    if needsReference { try snapshotReference() }
  }

  /// Optimizer steps of the whole run.
  public var horizon: Int {
    if configuration.maxSteps >= 0 { return configuration.maxSteps }
    let source: (length: Int?, perStep: Int) =
      demonstrations.map {
        (countedEpochLength ?? $0.epochLength, configuration.sft.rowsPerStep)
      }
      ?? (prompts?.epochLength, configuration.grpo.promptsPerStep)
    let length = Double(source.length ?? 0) * configuration.numTrainEpochs
    return Int((length / Double(max(source.perStep, 1))).rounded(.up))
  }

  /// Optimizer steps complete.
  public var completedSteps: Int { state.step }

  /// What strategies were told of the newest steps, oldest first; at most `StepContext.historyLimit`.
  public var history: [StepReport] { state.history }

  /// Trains to the horizon, or until `shouldStop` answers true at a step boundary.
  ///
  /// - Returns: Why it ended. Either way the last state is on disk.
  public func train(shouldStop: () -> Bool = { false }) throws -> StopReason {
    guard horizon > 0 else {
      throw TrainingError.configuration(
        key: "max_steps",
        value: String(configuration.maxSteps),
        problem: "gives no step to train",
        cure: "Set max_steps to the number of optimizer steps"
      )
    }
    observer?.observe(
      .started(step: state.step, horizon: horizon, parameters: model.parameterCount)
    )
    if state.step == 0 { try namingSources { try lookForOverlongRows() } }
    if configuration.evaluation.evalOnStart, state.step == 0, state.evaluation == nil {
      try evaluate()
    }
    var reason = StopReason.completed
    while true {
      // Also at the end: what is due there may lengthen the run.
      let answer = try control?.boundary(self)
      guard state.step < horizon else { break }
      if answer == .stop || shouldStop() {
        reason = .interrupted
        break
      }
      guard try runStep() else { continue }
      if isDue(configuration.saveSteps), state.step < horizon { try writeCheckpoint() }
    }
    try writeCheckpoint()
    try writeAdapter()
    observer?.observe(.finished(steps: state.step, reason: reason))
    return reason
  }

  /// Whether something that happens every `period` steps happens now.
  func isDue(_ period: Int) -> Bool { period > 0 && state.step % period == 0 }

  /// Whether the run has a reference model.
  var needsReference: Bool {
    let needs = parts.strategy.requirements
    return (configuration.grpo.beta != 0 && prompts != nil) || needs.contains(.reference)
      || needs.contains(.kl)
  }

  private func openSources() throws {
    var heldOut: Set<Int> = []
    if let dataset = parts.demonstrations, parts.strategy.requirements.contains(.probe) {
      state.probe = probePositions(of: dataset, size: configuration.probeSize, random: random)
      heldOut = Set(state.probe)
      probe = try probeMicroBatches(dataset, state.probe)
    }
    try openDemonstrations(heldOut: heldOut)
    try openPrompts()
  }

  /// Makes a probe of the demonstrations at these positions, none for none, and opens the demonstrations without them.
  func holdOut(probe positions: [Int]) throws {
    probe = []
    if !positions.isEmpty, let dataset = parts.demonstrations {
      probe = try probeMicroBatches(dataset, positions)
    }
    try openDemonstrations(heldOut: Set(positions))
    state.probe = positions
  }

  /// Opens the prompts at their beginning.
  func openPrompts() throws {
    prompts = try parts.prompts.map {
      try RowSource(
        slot: "prompts",
        dataset: $0,
        random: random,
        shuffle: configuration.shuffleDataset
      )
    }
  }

  /// Opens the demonstrations without the rows of a probe.
  func openDemonstrations(heldOut: Set<Int>) throws {
    demonstrations = try parts.demonstrations.map {
      try RowSource(
        slot: "demonstrations",
        dataset: $0,
        random: random,
        shuffle: configuration.shuffleDataset,
        heldOut: heldOut
      )
    }
    packedWindow = nil
    state.packing = nil
    countedEpochLength = nil
    guard configuration.maxSteps < 0 else { return }
    if configuration.sft.packing {
      countedEpochLength = try countPackedEpoch(heldOut: heldOut)
    } else if configuration.sft.onOverlongRow == .skip {
      countedEpochLength = try countFittingRows(heldOut: heldOut)
    }
  }
}

extension SFTConfiguration {
  /// Rows in an optimizer step.
  var rowsPerStep: Int { perDeviceTrainBatchSize * gradientAccumulationSteps }
}

extension GRPOConfiguration {
  /// Completions in an optimizer step.
  var completionsPerStep: Int { perDeviceTrainBatchSize * gradientAccumulationSteps }
  /// Prompts in an optimizer step, reuse of generation batches included.
  var promptsPerStep: Int { max(1, completionsPerStep / (numGenerations * numIterations)) }
}
