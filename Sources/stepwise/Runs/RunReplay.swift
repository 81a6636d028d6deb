import Foundation
import PluginHost
import RunStore
import Training

/// A run, trained once more from its beginning: with the plugins that it kept, and everything that was done to it done at the same
/// steps.
struct RunReplay {
  let source: RunReference
  /// Where it goes; `nil`: beside the source.
  let output: String?
  let session: TrainingSession

  /// What came out.
  struct Result {
    var url: URL
    var steps: Int
    var interventions: Int
    var comparisons: [ResumeProof.Comparison]
    var notes: [String]

    var isEqual: Bool { comparisons.allSatisfy(\.isEqual) }
  }

  func run() throws -> Result {
    guard let last = RunDirectory.checkpoints(of: source.url).last else {
      throw RunError(
        source.shown,
        "it has no checkpoint to compare with",
        cure: "Write one: `stepwise ctl \(source.shown) checkpoint`"
      )
    }
    let copy = try RunCopy(of: source.url, to: output, suffix: "replay")
    do {
      // What came after the checkpoint that is compared with is not part of it.
      let steering = try Steering(try Trainer.controlState(of: last.url))
      let sequence = Double(steering?.sequence ?? 0)
      try copy.copyJournal { record in
        (record["step"]?.number ?? 0) < Double(last.step)
          || (record["seq"]?.number ?? 0) <= sequence
      }
      let isAfterBoundary = (steering?.entered ?? last.step) >= last.step
      return try train(copy, to: .init(step: last.step, isAfterBoundary: isAfterBoundary))
    } catch let error as Interrupted {
      throw error
    } catch {
      copy.discard()
      throw error
    }
  }

  private func train(_ copy: RunCopy, to end: RunController.End) throws -> Result {
    let provenance = try RunDirectory.provenance(of: copy.source)
    _ = FileManager.default.changeCurrentDirectoryPath(provenance.workingDirectory)
    let run = try RunDirectory.open(at: copy.target)
    let loaded = try RunConfiguration.load(
      yaml: try run.configuration(),
      file: "\(source.shown)/config.yaml"
    )
    let composition = try RunComposition(
      loaded,
      notices: session.notices,
      run: copy.target,
      pins: PluginPins(provenance.plugins, run: copy.target)
    )
    let notes = composition.provenance.differences(from: provenance)
      .filter { !$0.field.hasPrefix("plugins.") }.map(\.description)
    let watcher = session.watcher(composition, run)
    let trainer = try composition.makeTrainer(run: run, observer: watcher)
    var stretch = TrainingSession.Stretch(
      composition: composition,
      trainer: trainer,
      run: run,
      watcher: watcher
    )
    try session.steer(&stretch, from: nil)
    stretch.controller?.end = end
    let count = stretch.controller?.scripted ?? 0
    StopRequest.listen()
    _ = try session.execute(stretch)
    if StopRequest.isPending { throw Interrupted() }
    return Result(
      url: copy.target,
      steps: trainer.completedSteps,
      interventions: count,
      comparisons: try ResumeProof.compare(copy.source, copy.target),
      notes: notes
    )
  }
}

extension PluginPins {
  /// The bytes that a run's record names.
  init(_ plugins: [Provenance.Plugin], run: URL) {
    self.init()
    self.run = run
    for (slot, plugin) in SlotNames.numbered(plugins) {
      bySlot[slot] = Pin(
        id: plugin.id,
        version: plugin.version,
        digest: plugin.digest,
        manifestDigest: plugin.manifestDigest
      )
    }
  }
}
