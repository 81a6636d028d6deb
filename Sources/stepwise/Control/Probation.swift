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
  /// The swaps' records in the journal.
  var swaps: [Int] = []
  /// What else was done at the same boundary after it.
  var others: [(intervention: Intervention, sequence: Int)] = []
  /// Who waits to hear how it went.
  var waiting: [(pending: ControlDesk.Pending, text: [String])] = []

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
      live: live
    )
  }

  /// Where weights and moments of before a swap are kept meanwhile.
  private var keptTensors: URL {
    run.url.appending(path: ".before-swap", directoryHint: .isDirectory)
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
    guard let failed = probation, !failed.swaps.isEmpty else { return false }
    let problem = ControlProblem(error)
    probation = nil
    try trainer.goBack(to: failed.moment)
    (steering, loaded, live) = (failed.steering, failed.loaded, failed.live)
    for sequence in failed.swaps {
      let record: Record = [
        "step": .int(Int64(failed.moment.step)), "by": "stepwise", "action": "revert",
        "of": .int(Int64(sequence)), "text": .string("the newcomer of record \(sequence) goes"),
        "outcome": "done", "problem": .string(problem.problem),
      ]
      let written = try journal.append(record)
      steering.sequence = max(steering.sequence, Int(written["seq"]?.number ?? 0))
    }
    repeated = failed.others
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
}
