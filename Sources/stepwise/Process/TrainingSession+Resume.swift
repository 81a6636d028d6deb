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
  ///
  /// - Parameter keepsPlugins: whether every plugin is the one that the run kept, as in a branch, whose past is that of the run. Else
  ///   that holds for the slots that were steered, and a change of the others is noticed.
  func reopen(
    _ path: String,
    overrides: [String],
    acceptChanges: Bool,
    who: String,
    keepsPlugins: Bool = false
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
    let pinned = try steering?.pinnedSlots(Journal.records(of: url), all: keepsPlugins) ?? []
    let composition = try RunComposition(
      loaded,
      notices: notices,
      run: url,
      checkpoint: checkpoint?.url,
      pins: steering?.pins(of: pinned, in: url) ?? PluginPins()
    )
    let present = composition.provenance
    let differences = present.differences(from: provenance.with(present, pinned))
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
  /// The slots whose plugins are those that the run kept: what came later, and what somebody swapped and took back. The others are
  /// looked for as in the beginning, so that a change is noticed.
  func pinnedSlots(_ journal: [Record], all: Bool) -> Set<String> {
    if all { return Set(pins.keys) }
    let swapped = journal.compactMap { $0["action"]?.text == "set" ? nil : $0["slot"]?.text }
    return Set(exchanged).union(
      pins.keys.filter { slot in
        swapped.contains(slot)
          || (slot.hasPrefix("rewards.") && swapped.contains { $0.hasPrefix("rewards") })
          // The plugins of a mixture.
          || exchanged.contains { slot.hasPrefix("\($0).") }
      }
    )
  }

  /// Their bytes, for loading.
  func pins(of slots: Set<String>, in run: URL) -> PluginPins {
    PluginPins(bySlot: pins.filter { slots.contains($0.key) }, run: run)
  }
}

extension Provenance {
  /// What is expected of a run some of whose plugins are pinned: those cannot be others.
  fileprivate func with(_ present: Provenance, _ pinned: Set<String>) -> Provenance {
    if pinned.isEmpty { return self }
    var expected = self
    expected.plugins = SlotNames.numbered(present.plugins).compactMap { slot, plugin in
      if pinned.contains(slot) { return plugin }
      return plugins.first { $0.slot == plugin.slot }
    }
    return expected
  }
}
