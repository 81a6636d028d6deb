import Components
import Foundation
import RunControl
import RunStore
import Training

/// From a swap to the end of the step after it: where that step fails, the newcomer goes and the run is as if it had never come.
struct Probation {
  /// The run just before the swap.
  let moment: TrainerMoment
  let steering: Steering
  let loaded: LoadedConfiguration
  let live: LoadedParts
  /// A trial that went on then.
  let shadow: Shadow?
  let trial: Steering.Trial?
  /// What was done at this boundary since, in order.
  var done: [Entry] = []
  /// Who waits to hear how it went.
  var waiting: [(pending: ControlDesk.Pending, text: [String])] = []

  /// Something that was done, with its record in the journal.
  struct Entry {
    var intervention: Intervention
    var sequence: Int
    /// Whether a plugin came with it.
    var isNewcomer: Bool

    init(_ intervention: Intervention, _ sequence: Int, isNewcomer: Bool = false) {
      self.intervention = intervention
      self.sequence = sequence
      if case .swap(let swap) = intervention {
        self.isNewcomer = isNewcomer || swap.shadow == 0
      } else {
        self.isNewcomer = isNewcomer
      }
    }
  }

  /// What is taken back where the newcomers fail: them, and rollbacks of them. The rest is done again.
  var split: (reverted: [Int], repeated: [(intervention: Intervention, sequence: Int)]) {
    var reverted = Set(done.filter(\.isNewcomer).map(\.sequence))
    var undoable: [Entry] = []
    for entry in done {
      switch entry.intervention {
      case .rollback:
        if let undone = undoable.popLast(), undone.isNewcomer { reverted.insert(entry.sequence) }
      case .drop: break
      case .swap where !entry.isNewcomer: break
      default: undoable.append(entry)
      }
    }
    return (
      reverted.sorted(),
      done.filter { !reverted.contains($0.sequence) }.map { ($0.intervention, $0.sequence) }
    )
  }

  mutating func answerWhilePaused() {
    for (pending, text) in waiting {
      pending.answer(
        .done(
          text + ["the run is paused: it takes effect with the next step"],
          ["step": .int(Int64(moment.step))]
        )
      )
    }
    waiting = []
  }
}

extension RunController {
  /// Keeps the run as it is before a newcomer comes: it may fail after the weights have changed, at the end of its step or in an
  /// evaluation.
  func beginProbation(_ trainer: Trainer) throws {
    guard probation == nil else { return }
    probation = Probation(
      moment: try trainer.moment(keepingTensorsIn: keptTensors),
      steering: steering,
      loaded: loaded,
      live: live,
      shadow: shadow,
      trial: try shadow?.saved()
    )
  }

  /// Where weights and moments of before a swap are kept meanwhile.
  private var keptTensors: URL {
    run.url.appending(path: ".before-swap", directoryHint: .isDirectory)
  }

  var unproven: TrainerMoment? {
    probation.flatMap { $0.done.contains(where: \.isNewcomer) ? $0.moment : nil }
  }

  /// The newcomer's first step is made.
  func endProbation(_ trainer: Trainer) {
    guard let ended = probation, trainer.completedSteps > ended.moment.step else { return }
    probation = nil
    for (pending, text) in ended.waiting {
      let waited = (ContinuousClock.now - pending.arrived).components
      let seconds = Double(waited.seconds) + Double(waited.attoseconds) * 1e-18
      pending.answer(
        .done(
          text,
          ["step": .int(Int64(ended.moment.step)), "seconds": .double(seconds)]
        )
      )
    }
    try? FileManager.default.removeItem(at: keptTensors)
  }

  /// A step failed. Where a newcomer just came, it is taken back, and what else was done since is done again.
  func recovers(_ trainer: Trainer, from error: any Error) throws -> Bool {
    if StopRequest.isPending { return false }
    guard let failed = probation, failed.done.contains(where: \.isNewcomer) else { return false }
    let problem = ControlProblem(error)
    probation = nil
    // What plugins reported in a step that was not made is no part of the next one.
    _ = trainer.parts.ownMetrics()
    try trainer.goBack(to: failed.moment)
    try? FileManager.default.removeItem(at: keptTensors)
    (steering, loaded, live) = (failed.steering, failed.loaded, failed.live)
    let (reverted, repeated) = failed.split
    for sequence in reverted {
      try revert(sequence, "record \(sequence) is taken back", problem, trainer)
    }
    self.repeated = repeated
    if let shadow, repeated.contains(where: { $0.sequence == shadow.sequence }) {
      waitingForTrial = shadow.waiting
    }
    shadow = failed.shadow
    if let trial = failed.trial { try shadow?.goBack(to: trial) }
    notices.post("the newcomer failed in its first step and is taken back: \(problem.problem)")
    for (pending, _) in failed.waiting {
      pending.answer(
        .refused(
          "the newcomer failed in its first step, and the one before goes on: \(problem.problem)",
          cure: "The run is as if it had never come. Run `stepwise plugin check` on it."
        )
      )
    }
    return true
  }

  /// Does again what was done beside a newcomer that failed. What only made sense with it is taken back, too.
  func repeatAfterRevert(_ trainer: Trainer) {
    for (intervention, sequence) in repeated {
      do {
        try apply(intervention, trainer, newcomer: nil) { _ in sequence }
        if shadow?.sequence == sequence { shadow?.waiting = waitingForTrial }
      } catch {
        let problem = ControlProblem(error)
        do {
          try revert(sequence, "\(intervention.text) went with the newcomer", problem, trainer)
        } catch {
          notices.post("\(error)")
        }
      }
    }
    (repeated, waitingForTrial) = ([], nil)
  }

  /// Writes down that a record holds no longer. No state knows of it: whoever reads the journal passes over both.
  private func revert(
    _ sequence: Int,
    _ text: String,
    _ problem: ControlProblem,
    _ trainer: Trainer
  ) throws {
    try journal.append([
      "step": .int(Int64(trainer.completedSteps)), "by": "stepwise", "action": "revert",
      "of": .int(Int64(sequence)), "text": .string(text), "outcome": "done",
      "problem": .string(problem.problem),
    ])
  }
}
