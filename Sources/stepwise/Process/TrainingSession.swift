import Components
import Foundation
import RunControl
import RunStore
import Training

/// One stretch of training from a start or a resume to an end, with what is shown meanwhile.
struct TrainingSession {
  let json: Bool
  /// Where a picture of the last screen goes; `nil` for none.
  var picture: String?
  let notices = NoticeBoard()
  private let device = TerminalDevice()

  init(json: Bool) { self.json = json }

  /// A run that is ready to train.
  struct Stretch {
    var composition: RunComposition
    var trainer: Trainer
    var run: RunDirectory
    var watcher: SessionWatcher
    /// Who steers it; `nil` for a run that nobody reaches.
    var controller: RunController?
  }

  /// Begins a run.
  func begin(_ loaded: LoadedConfiguration, name: String) throws {
    let composition = try RunComposition(loaded, notices: notices)
    try ScheduleCheck.check(composition)
    if let warning = try composition.plugins.contaminationWarning(
      maxPrompts: loaded.configuration.training.evaluation.maxPrompts
    ) {
      notices.post(warning)
    }
    let run: RunDirectory
    if let path = loaded.configuration.outputDir {
      run = try .create(at: URL(filePath: path, directoryHint: .isDirectory))
    } else {
      run = try .create(named: name, in: URL(filePath: "runs", directoryHint: .isDirectory))
    }
    var stretch = try prepare(composition, run)
    do {
      try steer(&stretch, from: nil)
    } catch {
      run.discard()
      throw error
    }
    try train(stretch)
  }

  /// Gives a run its controller.
  ///
  /// - Parameter steering: what a checkpoint says that the run has become.
  func steer(_ stretch: inout Stretch, from steering: Steering?) throws {
    let controller = try RunController(
      stretch.composition,
      run: stretch.run,
      steering: steering,
      notices: notices
    )
    stretch.controller = controller
    stretch.trainer.control = controller
  }

  /// Makes the trainer of a new run, and leaves nothing behind when that fails: the same command must work once the cause is gone.
  func prepare(_ composition: RunComposition, _ run: RunDirectory) throws -> Stretch {
    let watcher = watcher(composition, run)
    do {
      try composition.record(into: run)
      let trainer = try composition.makeTrainer(run: run, observer: watcher)
      return Stretch(composition: composition, trainer: trainer, run: run, watcher: watcher)
    } catch {
      run.discard()
      throw error
    }
  }

  func train(_ stretch: Stretch) throws {
    StopRequest.listen()
    let reason = try execute(stretch)
    let path = ProcessPaths.shown(stretch.run.url)
    if reason == .interrupted {
      StandardError.write(
        "stepwise: stopped after step \(stretch.trainer.completedSteps) of "
          + "\(stretch.trainer.horizon); the checkpoint is written. Go on with: "
          + "\(ProcessPaths.program) train --resume \(path)"
      )
      throw Interrupted()
    }
    let control = try ControlRun(session: self, main: stretch).run()
    if !json { try show(stretch, control) }
    if StopRequest.isPending { throw Interrupted() }
  }

  /// Trains to the end; whatever happens, the terminal is as it was.
  func execute(_ stretch: Stretch) throws -> StopReason {
    let server = stretch.controller.flatMap { listen($0, horizon: stretch.trainer.horizon) }
    defer {
      stretch.controller?.close()
      server?.close()
    }
    do {
      let reason = try stretch.trainer.train(shouldStop: { StopRequest.isPending })
      stretch.watcher.close()
      return reason
    } catch {
      stretch.watcher.close()
      throw TrainingFailed(error: error, run: ProcessPaths.shown(stretch.run.url))
    }
  }

  /// Opens the run's socket. A run that cannot have one goes on without.
  private func listen(_ controller: RunController, horizon: Int) -> ControlServer? {
    let handler = ControlHandler(controller, horizon: horizon)
    do {
      return try ControlServer(run: controller.run.url.path) { handler.answer($0, progress: $1) }
    } catch {
      notices.post("no control of this run: \(error.problem) \(error.cure)")
      return nil
    }
  }

  private func show(_ stretch: Stretch, _ control: RunSummary.Accuracy?) throws {
    let path = ProcessPaths.shown(stretch.run.url)
    let state = stretch.watcher.state
    let newest = try stretch.run.latestGoodCheckpoint()?.url.lastPathComponent ?? ""
    var summary = try RunSummary(
      run: stretch.run.url,
      tokens: state.totalTokens,
      seconds: state.elapsed,
      next: [
        (
          "\(ProcessPaths.program) generate --model \(path)/checkpoints/\(newest) --prompt TEXT",
          "ask the model"
        ),
        (
          "\(ProcessPaths.program) train --resume \(path) max_steps=\(state.horizon * 2)",
          "train on"
        ),
      ]
    )
    if let control { summary.accuracies.append(control) }
    let lines = summary.lines(glyphs: device.glyphs)
    try StandardOutput.write(lines.map { $0.ansi(colour: device.hasColour) + "\n" }.joined())
    if let picture {
      let screen = RunScreen(state, columns: 92).lines()
      let svg = ScreenPicture.svg(screen + summary.lines(), columns: 106)
      try Data(svg.utf8).write(to: URL(filePath: picture))
    }
  }

  func watcher(_ composition: RunComposition, _ run: RunDirectory) -> SessionWatcher {
    let state = RunScreenState(
      title: run.url.lastPathComponent,
      strategy: composition.strategyName,
      path: ProcessPaths.shown(run.url)
    )
    return SessionWatcher(
      state,
      json: json,
      device: device,
      notices: notices,
      loggingSteps: composition.loaded.configuration.training.loggingSteps
    )
  }

  /// A composition of a changed configuration, with this session's messages.
  func compose(_ loaded: LoadedConfiguration, run: URL) throws -> RunComposition {
    try RunComposition(loaded, notices: notices, run: run)
  }

  /// Tells the user.
  func note(_ text: String) { StandardError.write("stepwise: \(text)") }
}

/// The run was interrupted and has its checkpoint; the message is already said.
struct Interrupted: Error {}

/// A run is not what it was, and its bits would differ.
struct ResumeRefused: Error, CustomStringConvertible {
  var run: String
  var differences: [Provenance.Difference]

  var description: String {
    let list = differences.map { "\n  \($0)" }.joined()
    return "\(run): the run would go on with other bits than it began with:\(list)\n"
      + "Restore what differs, or go on all the same with --accept-changes."
  }
}

/// Training ended with an error; what is on disk can be gone on with.
struct TrainingFailed: Error, CustomStringConvertible {
  var error: any Error
  var run: String

  var description: String {
    "\(ErrorReport(error).message)\nThe run is kept as it was at its last checkpoint. Once the cause is gone, go on with: "
      + "\(ProcessPaths.program) train --resume \(run)"
  }
}
