import ArgumentParser
import Components
import PluginConformance
import PluginHost

/// `stepwise plugin fuzz`: made-up questions until something breaks.
struct PluginFuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Ask a plugin made-up questions, in processes of its own.",
    discussion: """
      A reward gets batches whose completions are cut, mixed and spoilt copies of its example's; a \
      dataset, ranges and epochs; a strategy, runs with odd numbers. Case N of a seed is always the \
      same. A batch that fails is made smaller and kept as a bundle for `plugin reproduce`. The exit \
      code is 1 where something failed.
      """
  )

  @OptionGroup var target: PluginTargetOptions

  @Option(help: "Another seed gives other cases.")
  var seed: UInt64 = 1

  @Option(help: "How many cases.")
  var cases = 2000

  @Option(help: "How many failures are enough.")
  var failures = 1

  @Option(help: "Rows to make batches of, as a batch file.")
  var batch: String?

  @Option(help: "The folder in which bundles are kept.")
  var out = "."

  @Flag(help: "One JSON object a line.")
  var json = false

  func validate() throws {
    guard cases > 0, failures > 0 else {
      throw ValidationError("--cases and --failures are above 0.")
    }
  }

  func run() throws {
    let target = try target.target()
    let parameters = try self.target.given()
    let host = try CheckHost.own(library: target.library)
    var isGood = true
    for component in target.components {
      let subject = target.subject(component, parameters: parameters, batchFile: batch)
      let runner = FuzzRunner(host: host, subject: subject, seed: seed)
      let summary = try runner.run(cases: cases, findings: failures)
      isGood = isGood && summary.findings.isEmpty
      for finding in summary.findings {
        try show(finding, try keep(finding, runner, target, component), component)
      }
      if !json {
        let refused = summary.refused > 0 ? ", \(summary.refused) refused with a reason" : ""
        try StandardOutput.write(
          "\(component.id): \(NumberText.grouped(summary.cases)) case\(summary.cases == 1 ? "" : "s") of seed \(seed)\(refused), "
            + "\(summary.findings.count) failed\n"
        )
      }
    }
    if !isGood { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  /// Writes the bundle of a finding that has a batch.
  private func keep(
    _ finding: FuzzRunner.Finding,
    _ runner: FuzzRunner,
    _ target: PluginTarget,
    _ component: PluginManifest.Component
  ) throws -> String? {
    guard let batch = finding.batch else { return nil }
    let folder = "\(out)/\(component.id)-seed\(seed)-case\(finding.number).bundle"
    try runner.bundle(of: finding, manifest: target.manifest, library: target.library)
      .write([batch], to: folder)
    return folder
  }

  private func show(
    _ finding: FuzzRunner.Finding,
    _ folder: String?,
    _ component: PluginManifest.Component
  ) throws {
    if json {
      return try StandardOutput.write(
        ParameterValue.object([
          ParameterEntry("component", .string(component.id)),
          ParameterEntry("case", .int(Int64(finding.number))),
          ParameterEntry("failure", .string(finding.failure)),
          ParameterEntry("bundle", folder.map { .string($0) } ?? .null),
        ]).json + "\n"
      )
    }
    try StandardOutput.write("case \(finding.number): \(finding.failure.printable)\n")
    if let batch = finding.batch, let folder {
      let from = finding.originalCount > batch.items.count ? " of \(finding.originalCount)" : ""
      let item =
        batch.items.count == 1
        ? ": \(ScoredBatch.beginning(batch.items[0].completion.debugDescription))" : ""
      try StandardOutput.write(
        "  \(batch.items.count) item\(batch.items.count == 1 ? "" : "s")\(from)\(item)\n"
          + "  stepwise plugin reproduce \(folder)\n"
      )
    }
  }
}
