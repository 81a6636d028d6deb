import Components
import Foundation
import RunStore
import Training

/// One stretch of training from a start or a resume to an end, with what is shown meanwhile.
struct TrainingSession {
  let json: Bool
  private let notices = NoticeBoard()
  private let device = TerminalDevice()

  init(json: Bool) {
    self.json = json
  }

  /// Begins a run.
  mutating func begin(_ loaded: LoadedConfiguration, name: String) throws {
    let composition = try RunComposition(loaded, notices: notices)
    let run: RunDirectory
    if let path = loaded.configuration.outputDir {
      run = try .create(at: URL(filePath: path, directoryHint: .isDirectory))
    } else {
      run = try .create(
        named: name,
        in: URL(filePath: "runs", directoryHint: .isDirectory)
      )
    }
    let watcher = watcher(composition, run)
    let trainer: Trainer
    do {
      try composition.record(into: run)
      trainer = try composition.makeTrainer(run: run, observer: watcher)
    } catch {
      // Nothing was trained: the same command must work once the cause is gone.
      run.discard()
      throw error
    }
    try train(trainer, run, watcher)
  }

  /// Goes on with a run from its newest whole checkpoint.
  mutating func resume(_ path: String, overrides: [String], acceptChanges: Bool) throws {
    let url = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL
    let run = try RunDirectory.open(at: url)
    run.onWarning = { [notices] in notices.post($0) }
    let loaded = try RunConfiguration.load(
      yaml: try run.configuration(),
      file: "\(path)/config.yaml",
      overrides: overrides
    )
    var recorded = try run.provenance()
    // Relative paths in the configuration are those of where the run began.
    _ = FileManager.default.changeCurrentDirectoryPath(recorded.workingDirectory)
    let checkpoint = try run.latestGoodCheckpoint()
    let composition = try RunComposition(
      loaded,
      notices: notices,
      run: url,
      checkpoint: checkpoint?.url
    )
    let present = composition.provenance
    let differences = present.differences(from: recorded)
    guard differences.isEmpty || acceptChanges else {
      throw ResumeRefused(run: path, differences: differences)
    }
    let watcher = watcher(composition, run)
    let trainer = try composition.makeTrainer(run: run, observer: watcher)
    try run.rewind(to: checkpoint)
    if let checkpoint { try trainer.resume(from: checkpoint) }
    recorded.resumptions.append(
      Provenance.Resumption(
        step: checkpoint?.step ?? 0,
        at: present.startedAt,
        commandLine: present.commandLine,
        changes: differences.map(\.description)
      )
    )
    try run.write(recorded)
    try composition.archive(into: run)
    if !overrides.isEmpty { try run.writeConfiguration(loaded.configuration.yaml) }
    watcher.preload(
      kinds: try RunHistory.kinds(url),
      evaluations: try RunHistory.evaluations(url)
    )
    try train(trainer, run, watcher)
  }

  private func train(_ trainer: Trainer, _ run: RunDirectory, _ watcher: SessionWatcher) throws {
    StopRequest.listen()
    let reason: StopReason
    do {
      reason = try trainer.train(shouldStop: { StopRequest.isPending })
    } catch {
      watcher.close()
      throw TrainingFailed(error: error, run: run.url.relativePath)
    }
    watcher.close()
    let path = run.url.relativePath
    if !json { try show(watcher, run, reason) }
    if reason == .interrupted {
      StandardError.write(
        "stepwise: stopped after step \(trainer.completedSteps) of \(trainer.horizon); the checkpoint "
          + "is written. Go on with: stepwise train --resume \(path)"
      )
      throw Interrupted()
    }
  }

  private func show(_ watcher: SessionWatcher, _ run: RunDirectory, _ reason: StopReason) throws {
    let path = run.url.relativePath
    guard reason == .completed else { return }
    let newest = try run.latestGoodCheckpoint()?.url.lastPathComponent ?? ""
    let checkpoint = "\(path)/checkpoints/\(newest)"
    let summary = try RunSummary(
      run: run.url,
      tokens: watcher.state.totalTokens,
      seconds: watcher.state.elapsed,
      next: [
        ("stepwise generate --model \(checkpoint) --prompt TEXT", "ask the model"),
        ("stepwise train --resume \(path) max_steps=\(watcher.state.horizon * 2)", "train on"),
      ]
    )
    let lines = summary.lines(glyphs: device.glyphs).map { $0.ansi(colour: device.hasColour) }
    try StandardOutput.write(lines.map { $0 + "\n" }.joined())
  }

  private func watcher(_ composition: RunComposition, _ run: RunDirectory) -> SessionWatcher {
    let state = RunScreenState(
      title: run.url.lastPathComponent,
      strategy: composition.strategyName,
      path: run.url.relativePath
    )
    return SessionWatcher(
      state,
      json: json,
      device: device,
      notices: notices,
      loggingSteps: composition.loaded.configuration.training.loggingSteps
    )
  }
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
    "\(error)\nThe run is kept as it was at its last checkpoint. Once the cause is gone, go on with: "
      + "stepwise train --resume \(run)"
  }
}
