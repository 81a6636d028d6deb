public import Foundation
import LanguageModels
import RunStore
import Tensors

/// A step boundary to which a run can go back within its process: after a newcomer failed, as if it had never come.
public struct TrainerMoment {
  let snapshot: TrainerSnapshot
  let parts: TrainingParts
  let configuration: TrainingConfiguration
  let rewards: RewardPanel
  let streams: RunDirectory.Mark
  let outcomes: RewardLedger.Mark?
  /// Where weights and moments were written to; `nil` where they are not kept.
  let tensors: URL?

  /// Optimizer steps complete at it.
  public var step: Int { snapshot.state.step }
}

extension Trainer {
  /// This boundary.
  ///
  /// - Parameter tensors: A folder for weights and optimizer moments, made anew; `nil` where going back happens before the next
  ///   update or not at all.
  public func moment(keepingTensorsIn tensors: URL? = nil) throws -> TrainerMoment {
    let snapshot = try snapshot()
    if let tensors {
      try? FileManager.default.removeItem(at: tensors)
      try FileManager.default.createDirectory(at: tensors, withIntermediateDirectories: true)
      try model.saveTrained(to: tensors.appending(path: Self.weightsName))
      try writeSafetensors(
        to: tensors.appending(path: Self.momentsName).path,
        tensors: optimizer.tensors,
        metadata: [:]
      )
    }
    return TrainerMoment(
      snapshot: snapshot,
      parts: parts,
      configuration: configuration,
      rewards: rewards,
      streams: run.mark(),
      outcomes: rewards.ledger?.mark(),
      tensors: tensors
    )
  }

  /// Goes back to a boundary: parts, settings, states, and what the streams held. Weights and moments are those of then where the
  /// moment kept them; else they must not have changed since.
  public func goBack(to moment: TrainerMoment) throws {
    precondition(
      moment.tensors != nil || hasUpdatedSince(moment) == false,
      "weights changed since step \(moment.step), and the moment kept none"
    )
    configuration = moment.configuration
    parts = moment.parts
    rewards = moment.rewards
    let referenceDigest = state.referenceDigest
    let old = moment.snapshot.state
    try holdOut(probe: old.probe)
    try openPrompts()
    try restore(moment.snapshot)
    if let tensors = moment.tensors {
      try model.loadTrained(from: tensors.appending(path: Self.weightsName))
      try optimizer.load(
        SafetensorsFile(path: tensors.appending(path: Self.momentsName).path),
        updates: state.slotUpdates
      )
    }
    if state.referenceDigest == nil {
      reference = nil
    } else if state.referenceDigest != referenceDigest {
      try loadReference(named: state.referenceDigest!, in: run.url)
    }
    try run.rewind(to: moment.streams)
    if let outcomes = moment.outcomes { try rewards.ledger?.rewind(to: outcomes) }
  }

  private func hasUpdatedSince(_ moment: TrainerMoment) -> Bool {
    optimizer.updates != moment.snapshot.state.slotUpdates
  }

  private static let weightsName = "weights.safetensors"
  private static let momentsName = "moments.safetensors"
}
