import Foundation
import RunStore
import Training

/// Another run that shares one's past up to a checkpoint, and changes something there.
struct RunBranch {
  let source: RunReference
  /// The checkpoint's step; `nil` for the newest.
  let step: Int?
  /// Where it goes; `nil`: beside the source.
  let output: String?

  /// Makes the directory of the branch, which is gone on with as any run.
  func make() throws -> (url: URL, step: Int) {
    let checkpoint = try checkpoint()
    let copy = try RunCopy(of: source.url, to: output, suffix: "branch")
    do {
      try copy.copy("checkpoints/\(checkpoint.url.lastPathComponent)")
      // Only the references that a checkpoint names are read; the folder is small beside the checkpoints.
      try copy.copy("references")
      for stream in RunStream.allCases { try copy.copy(stream.fileName) }
      let steering = try Steering(try Trainer.controlState(of: checkpoint.url))
      let sequence = Double(steering?.sequence ?? 0)
      try copy.copyJournal { record in
        (record["step"]?.number ?? 0) < Double(checkpoint.step)
          || (record["seq"]?.number ?? 0) <= sequence
      }
      return (copy.target, checkpoint.step)
    } catch {
      copy.discard()
      throw error
    }
  }

  private func checkpoint() throws -> Checkpoint {
    let all = RunDirectory.checkpoints(of: source.url)
    guard let newest = all.last else {
      throw RunError(
        source.shown,
        "it has no checkpoint yet",
        cure: "Write one: `stepwise ctl \(source.shown) checkpoint`"
      )
    }
    guard let step else { return newest }
    if let found = all.first(where: { $0.step == step }) { return found }
    let steps = all.map { String($0.step) }.joined(separator: ", ")
    throw RunError(
      source.shown,
      "there is no checkpoint of step \(step), only of \(steps)",
      cure: "Branch at one of these; save_steps and save_total_limit decide which there are"
    )
  }
}
