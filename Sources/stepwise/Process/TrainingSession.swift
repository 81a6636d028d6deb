import Components
import Foundation
import RunStore
import Training

/// One stretch of training from a start or a resume to an end, with what is shown meanwhile.
struct TrainingSession {
  let json: Bool
  /// Where a picture of the last screen goes; `nil` for none.
  var picture: String?
  private let notices = NoticeBoard()
  private let device = TerminalDevice()

  init(json: Bool) { self.json = json }

  /// A run that is ready to train.
  struct Stretch {
    var composition: RunComposition
    var trainer: Trainer
    var run: RunDirectory
    var watcher: SessionWatcher
  }

  /// Begins a run.
  func begin(_ loaded: LoadedConfiguration, name: String) throws {
    let composition = try RunComposition(loaded, notices: notices)
    let run: RunDirectory
    if let path = loaded.configuration.outputDir {
      run = try .create(at: URL(filePath: path, directoryHint: .isDirectory))
    } else {
      run = try .create(named: name, in: URL(filePath: "runs", directoryHint: .isDirectory))
    }
    try train(try prepare(composition, run))
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

  /// Goes on with a run from its newest whole checkpoint.
  func resume(_ path: String, overrides: [String], acceptChanges: Bool) throws {
    let url = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL
    let run = try RunDirectory.open(at: url)
    run.onWarning = { [notices] in notices.post($0) }
    let loaded = try RunConfiguration.load(
      yaml: try run.configuration(),
      file: "\(path)/config.yaml",
      overrides: overrides
    )
    var provenance = try run.provenance()
    // Relative paths in the configuration are those of where the run began.
    _ = FileManager.default.changeCurrentDirectoryPath(provenance.workingDirectory)
    let checkpoint = try run.latestGoodCheckpoint()
    let composition = try RunComposition(
      loaded,
      notices: notices,
      run: url,
      checkpoint: checkpoint?.url
    )
    let present = composition.provenance
    let differences = present.differences(from: provenance)
    guard differences.isEmpty || acceptChanges else {
      throw ResumeRefused(run: path, differences: differences)
    }
    let watcher = watcher(composition, run)
    let trainer = try composition.makeTrainer(run: run, observer: watcher)
    try run.rewind(to: checkpoint)
    if let checkpoint { try trainer.resume(from: checkpoint) }
    provenance.resumptions.append(
      Provenance.Resumption(
        step: checkpoint?.step ?? 0,
        at: present.startedAt,
        commandLine: present.commandLine,
        changes: differences.map(\.description)
      )
    )
    try run.write(provenance)
    try composition.archive(into: run)
    if !overrides.isEmpty { try run.writeConfiguration(loaded.configuration.yaml) }
    watcher.preload(
      kinds: try RunHistory.kinds(url),
      evaluations: try RunHistory.evaluations(url)
    )
    try train(
      Stretch(composition: composition, trainer: trainer, run: run, watcher: watcher)
    )
  }

  private func train(_ stretch: Stretch) throws {
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
    do {
      let reason = try stretch.trainer.train(shouldStop: { StopRequest.isPending })
      stretch.watcher.close()
      return reason
    } catch {
      stretch.watcher.close()
      throw TrainingFailed(error: error, run: ProcessPaths.shown(stretch.run.url))
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

  private func watcher(_ composition: RunComposition, _ run: RunDirectory) -> SessionWatcher {
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
