import Components
public import Foundation
import LanguageModels
public import RunStore
import Tensors
import Tokenizers

/// What a checkpoint holds, beside the files of the model or the adapter.
private enum CheckpointFile {
  static let optimizer = "optimizer.safetensors"
  static let trainer = "trainer_state.json"
  static let strategy = "strategy.state"
  static let prompts = "prompts.state"
  static let demonstrations = "demonstrations.state"
  static let control = "control.state"
}

/// The run at a step boundary, without its tensors.
struct TrainerSnapshot {
  var state: TrainerState
  var strategy: [UInt8]
  var prompts: [UInt8]
  var demonstrations: [UInt8]
  var control: ControlState
}

extension Trainer {
  /// Goes to where a checkpoint of this run stood; what follows has the bits of a run that was never interrupted.
  ///
  /// Call once, before `train`, and after `RunDirectory.rewind(to:)`.
  public func resume(from checkpoint: Checkpoint) throws {
    let snapshot = try read(checkpoint.url)
    if state.probe != snapshot.state.probe {
      // A run that was steered may have had a strategy with a probe before; any other has the one of its dataset and seed.
      guard try !snapshot.control().isEmpty else {
        throw TrainingError.checkpoint(
          path: checkpoint.url.path,
          problem: "its probe rows are not those of this dataset and seed",
          cure: "Resume with the dataset, seed and probe_size of the run"
        )
      }
      try holdOut(probe: snapshot.state.probe)
    }
    try enter(snapshot, from: checkpoint.url)
  }

  /// Goes on from another run's checkpoint under this run's own strategy, which starts afresh: weights, moments, data order and
  /// counters are the other run's, so that the two differ in what the strategies do and in nothing else.
  ///
  /// Rows that the other run held out as its probe stay held out. Call once, before `train`.
  ///
  /// - Parameter directory: the checkpoint's own directory.
  public func branch(from directory: URL) throws {
    var snapshot = try read(directory)
    snapshot.strategy = []
    snapshot.state.history = []
    if state.probe.isEmpty {
      try openDemonstrations(heldOut: Set(snapshot.state.probe))
    } else {
      snapshot.state.probe = state.probe
    }
    try enter(snapshot, from: directory)
  }

  private func read(_ directory: URL) throws -> TrainerSnapshot {
    TrainerSnapshot(
      state: try decodeState(directory.appending(path: CheckpointFile.trainer)),
      strategy: try Self.bytes(directory, CheckpointFile.strategy),
      prompts: try Self.bytes(directory, CheckpointFile.prompts),
      demonstrations: try Self.bytes(directory, CheckpointFile.demonstrations),
      control: { try Self.controlState(of: directory) }
    )
  }

  private func enter(_ snapshot: TrainerSnapshot, from directory: URL) throws {
    try loadModel(from: directory)
    try restore(snapshot)
    try optimizer.load(
      SafetensorsFile(path: directory.appending(path: CheckpointFile.optimizer).path),
      updates: state.slotUpdates
    )
    try loadReference(of: directory)
  }

  /// Writes the state as it stands, atomically.
  public func writeCheckpoint() throws {
    try writeCheckpoint(try snapshotBeforeTheUnproven ?? snapshot())
  }

  /// The state of this boundary before what has not proven itself; weights and moments are the same.
  var snapshotBeforeTheUnproven: TrainerSnapshot? {
    control?.unproven.flatMap { $0.step == state.step ? $0.snapshot : nil }
  }

  /// Writes the tensors as they stand with a state that belongs to them; asks no plugin for anything.
  func writeCheckpoint(_ snapshot: TrainerSnapshot) throws {
    let control = try snapshot.control()
    let checkpoint = try run.checkpoint(
      step: snapshot.state.step,
      keeping: configuration.saveTotalLimit
    ) { directory in
      try saveModel(to: directory)
      try rows.tokenizer.save(to: directory)
      try writeSafetensors(
        to: directory.appending(path: CheckpointFile.optimizer).path,
        tensors: optimizer.tensors,
        metadata: ["format": "stepwise-adamw"]
      )
      try encodeState(snapshot.state).write(
        to: directory.appending(path: CheckpointFile.trainer)
      )
      for (name, bytes) in [
        (CheckpointFile.strategy, snapshot.strategy), (CheckpointFile.prompts, snapshot.prompts),
        (CheckpointFile.demonstrations, snapshot.demonstrations),
        (CheckpointFile.control, control),
      ] where !bytes.isEmpty {
        try Data(bytes).write(to: directory.appending(path: name))
      }
    }
    observer?.observe(.checkpoint(step: checkpoint.step, path: checkpoint.url.path))
  }

  /// Everything but tensors, as it stands.
  func snapshot() throws -> TrainerSnapshot {
    var state = state
    state.slotUpdates = optimizer.updates
    state.prompts = prompts?.cursor
    state.demonstrations = demonstrations?.cursor
    return TrainerSnapshot(
      state: state,
      strategy: try parts.strategy.saveState(),
      prompts: try parts.prompts?.saveState() ?? [],
      demonstrations: try parts.demonstrations?.saveState() ?? [],
      control: try control?.saveState() ?? { [] }
    )
  }

  /// Puts everything but tensors back.
  func restore(_ snapshot: TrainerSnapshot) throws {
    state = snapshot.state
    packedWindow = nil
    if !snapshot.strategy.isEmpty { try parts.strategy.loadState(snapshot.strategy) }
    if !snapshot.prompts.isEmpty { try parts.prompts?.loadState(snapshot.prompts) }
    if !snapshot.demonstrations.isEmpty {
      try parts.demonstrations?.loadState(snapshot.demonstrations)
    }
    if let cursor = state.prompts { try prompts?.restore(cursor) }
    if let cursor = state.demonstrations { try demonstrations?.restore(cursor) }
  }

  /// What the control of a run had saved in a checkpoint; empty where there was none. It is read before the trainer is made, since
  /// it decides of which parts.
  public static func controlState(of checkpoint: URL) throws -> [UInt8] {
    try bytes(checkpoint, CheckpointFile.control)
  }

  private static func bytes(_ directory: URL, _ name: String) throws -> [UInt8] {
    let url = directory.appending(path: name)
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    return [UInt8](try Data(contentsOf: url))
  }

  private func encodeState(_ state: TrainerState) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    return try encoder.encode(state)
  }

  private func decodeState(_ url: URL) throws -> TrainerState {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    do {
      return try decoder.decode(TrainerState.self, from: try Data(contentsOf: url))
    } catch {
      throw TrainingError.checkpoint(
        path: url.path,
        problem: "cannot be read as a trainer state (\(error))",
        cure: "Resume with the version of Stepwise that wrote it, or from an earlier checkpoint"
      )
    }
  }
}
