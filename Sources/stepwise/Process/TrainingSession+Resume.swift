import Components
import Foundation
import RunStore
import Training

extension TrainingSession {
  /// Goes on with a run from its newest whole checkpoint, as what it had become there; what the journal says was done to it since is
  /// done again at its steps.
  ///
  /// - Parameters:
  ///   - overrides: configuration arguments that hold from there on.
  ///   - who: whose they are, for the journal.
  func resume(
    _ path: String,
    overrides: [String],
    acceptChanges: Bool,
    who: String = "train --resume"
  ) throws {
    try train(try reopen(path, overrides: overrides, acceptChanges: acceptChanges, who: who))
  }

  /// The run, ready to go on.
  func reopen(
    _ path: String,
    overrides: [String],
    acceptChanges: Bool,
    who: String
  ) throws -> Stretch {
    let url = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL
    let run = try RunDirectory.open(at: url)
    run.onWarning = { [notices] in notices.post($0) }
    var provenance = try run.provenance()
    let checkpoint = try run.latestGoodCheckpoint()
    let steering = try checkpoint.flatMap { try Steering(try Trainer.controlState(of: $0.url)) }
    // How the process computes is its own affair; all else is part of the run, and written into its journal.
    let own = overrides.filter { $0.hasPrefix("numerics.") }
    let lasting = overrides.filter { !$0.hasPrefix("numerics.") }
    let yaml = try steering?.configuration ?? run.configuration()
    let file = "\(path)/config.yaml"
    // Wrong arguments are refused before anything is loaded.
    _ = try RunConfiguration.load(yaml: yaml, file: file, overrides: overrides)
    let loaded = try RunConfiguration.load(yaml: yaml, file: file, overrides: own)
    // Relative paths in the configuration are those of where the run began.
    _ = FileManager.default.changeCurrentDirectoryPath(provenance.workingDirectory)
    let composition = try RunComposition(
      loaded,
      notices: notices,
      run: url,
      checkpoint: checkpoint?.url,
      pins: steering?.pinned(in: url) ?? PluginPins()
    )
    let present = composition.provenance
    let differences = present.differences(from: provenance.with(present, steering))
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
    watcher.preload(
      kinds: try RunHistory.kinds(url),
      evaluations: try RunHistory.evaluations(url)
    )
    var stretch = Stretch(composition: composition, trainer: trainer, run: run, watcher: watcher)
    try steer(&stretch, from: steering)
    if !lasting.isEmpty {
      try stretch.controller?.begin(.configure(lasting), trainer, who: who)
    }
    return stretch
  }
}

extension Steering {
  /// The bytes of the plugins that came later, for loading: those that the run began with are looked for as then, so that a change
  /// is noticed.
  func pinned(in run: URL) -> PluginPins {
    PluginPins(bySlot: pins.filter { exchanged.contains($0.key) }, run: run)
  }
}

extension Provenance {
  /// What is expected of a run whose plugins were exchanged while it went: those are pinned already.
  fileprivate func with(_ present: Provenance, _ steering: Steering?) -> Provenance {
    guard let steering, !steering.exchanged.isEmpty else { return self }
    var expected = self
    var rewards = 0
    expected.plugins = present.plugins.compactMap { plugin in
      var slot = plugin.slot
      if slot.hasPrefix("rewards/") {
        slot = "rewards.\(rewards)"
        rewards += 1
      }
      if steering.exchanged.contains(slot) { return plugin }
      return plugins.first { $0.slot == plugin.slot }
    }
    return expected
  }
}
