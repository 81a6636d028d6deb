import ArgumentParser
import Components
import Foundation
import RunStore

/// `stepwise runs verify-resume`.
struct RunsVerifyResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-resume",
    abstract: "Prove that a configuration goes on with the same bits after a kill.",
    discussion: """
      Trains the configuration for a few steps in one go, then again: that process is killed (SIGKILL) \
      behind a checkpoint, and another goes on from it. Weights, optimizer, trainer state and every \
      stream must have the same SHA-256; columns that say how long something took are left out. The \
      exit code is 1 where a file differs, and both runs are then kept.
      """
  )

  @Argument(help: "CONFIG.yaml, then key=value ...; without a file, the default recipe.")
  var arguments: [String] = []

  @Option(help: "Optimizer steps of each training.")
  var steps = 6

  @Option(help: "Kill behind the checkpoint of this step (default: a random one).")
  var killAt: Int?

  @Flag(help: "Also train with 1 and with 2 threads: the bits must not depend on them.")
  var threadCounts = false

  @Option(help: "The folder for the runs, which is made and kept (default: a temporary one).")
  var directory: String?

  @Flag(help: "JSON.")
  var json = false

  func validate() throws {
    if steps < 2 { throw ValidationError("--steps: \(steps) is not 2 or more.") }
    if let killAt, !(1..<steps).contains(killAt) {
      throw ValidationError("--kill-at: \(killAt) is not between 1 and \(steps - 1).")
    }
    for key in ["max_steps", "output_dir"] {
      if let given = arguments.first(where: { $0.hasPrefix("\(key)=") }) {
        throw ValidationError(
          "\(given): the proof sets \(key) itself. Use --steps and --directory."
        )
      }
    }
  }

  func run() throws {
    try check()
    StopRequest.listen()
    let began = steadySeconds()
    let folder = try makeFolder()
    var keeps = directory != nil
    defer { if !keeps { try? FileManager.default.removeItem(at: folder) } }
    var proof = ResumeProof(
      arguments: arguments,
      steps: steps,
      // Not too near the end, where the process may be over before the kill.
      killStep: killAt ?? Int.random(in: 1...max(1, (steps - 1) * 2 / 3)),
      threadCounts: threadCounts ? [1, 2] : [],
      directory: folder
    )
    if !json { proof.onProgress = { StandardError.write("stepwise: \($0)") } }
    let trials = try proof.run()
    let kinds = try proof.kinds()
    let isEqual = trials.allSatisfy(\.isEqual)
    keeps = keeps || !isEqual
    let seconds = steadySeconds() - began
    if json {
      try StandardOutput.write(Self.record(trials, kinds, seconds: seconds, folder).json + "\n")
    } else {
      let device = TerminalDevice()
      let lines = lines(trials, kinds, seconds: seconds, folder, device.glyphs)
      try StandardOutput.write(lines.shown(device))
    }
    if !isEqual { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  /// What the trainings would refuse is said at once, and with the status of a mistake in the configuration.
  private func check() throws {
    let file = arguments.first.flatMap { $0.contains("=") ? nil : $0 }
    let loaded = try RunConfiguration.load(
      yaml: try file.map(InputFile.text) ?? DefaultRecipe.yaml,
      file: file ?? DefaultRecipe.fileName,
      overrides: Array(arguments.dropFirst(file == nil ? 0 : 1))
    )
    try loaded.checkLock()
  }

  private func makeFolder() throws -> URL {
    if let directory {
      let url = URL(filePath: directory, directoryHint: .isDirectory).standardizedFileURL
      let entries = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
      guard entries.isEmpty else {
        throw UsageError(
          error: RunError(
            directory,
            "the folder is not empty",
            cure: "Name one that is, or that is not there yet"
          )
        )
      }
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      return url
    }
    let url = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-verify-resume-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  private func lines(
    _ trials: [ResumeProof.Trial],
    _ kinds: [StepKind],
    seconds: Double,
    _ folder: URL,
    _ glyphs: Glyphs
  ) -> [StyledLine] {
    var lines: [StyledLine] = []
    for trial in trials {
      lines.append([
        Span(trial.label, .strong), Span(" against the run in one go", .quiet),
      ])
      var table = TextTable(columns: [
        .init(title: "file"), .init(title: "SHA-256"), .init(title: ""),
      ])
      for item in trial.comparisons {
        let digests =
          item.isEqual
          ? String((item.whole ?? "").prefix(16))
          : [item.whole, item.other].map { String(($0 ?? "missing").prefix(16)) }
            .joined(separator: " / ")
        table.rows.append([
          Span(item.file), Span(digests, .quiet),
          item.isEqual
            ? Span("equal", TextStyle(colour: .good)) : Span("DIFFERS", .strong),
        ])
      }
      lines += table.lines(rule: glyphs.barRest) + [[]]
    }
    let isEqual = trials.allSatisfy(\.isEqual)
    lines.append([
      Span(
        isEqual ? "Bit-exact" : "Not bit-exact",
        isEqual ? TextStyle(colour: .good, isBold: true) : .strong
      ),
      Span(
        " over \(kinds.count) steps (\(Self.summary(kinds))), in \(NumberText.duration(seconds))"
      ),
    ])
    if !kinds.contains(where: { $0 != .sft }), !isSupervisedOnly {
      lines.append([
        Span("No step was GRPO: rollouts were not put to the proof. Give more steps with --steps.")
      ])
    }
    if directory != nil || !isEqual {
      lines.append([Span("The runs are kept in "), Span(folder.path, .strong)])
    }
    return [[]] + lines.map { $0.width == 0 ? $0 : (StyledLine([Span("  ")]) + $0) } + [[]]
  }

  /// Whether the configuration has nothing to roll out.
  private var isSupervisedOnly: Bool {
    let file = arguments.first.flatMap { $0.contains("=") ? nil : $0 }
    let loaded = try? RunConfiguration.load(
      yaml: file.map(InputFile.text) ?? DefaultRecipe.yaml,
      file: file ?? DefaultRecipe.fileName,
      overrides: Array(arguments.dropFirst(file == nil ? 0 : 1))
    )
    return loaded?.configuration.prompts == nil
  }

  private static func summary(_ kinds: [StepKind]) -> String {
    StepKind.allCases.compactMap { kind in
      let count = kinds.count { $0 == kind }
      return count > 0 ? "\(count) \(kind.label)" : nil
    }.joined(separator: ", ")
  }

  private static func record(
    _ trials: [ResumeProof.Trial],
    _ kinds: [StepKind],
    seconds: Double,
    _ folder: URL
  ) -> Record {
    [
      "bit_exact": .bool(trials.allSatisfy(\.isEqual)), "seconds": .double(seconds),
      "kinds": .array(kinds.map { .string($0.name) }),
      "trials": .array(
        trials.map { trial in
          [
            "label": .string(trial.label), "bit_exact": .bool(trial.isEqual),
            "seconds": .double(trial.seconds),
            "files": .array(
              trial.comparisons.map {
                [
                  "file": .string($0.file), "whole": RecordValue($0.whole),
                  "other": RecordValue($0.other), "equal": .bool($0.isEqual),
                ]
              }
            ),
          ]
        }
      ),
    ]
  }
}
