import ArgumentParser
import Components
import PluginHost

/// `stepwise plugin doctor`: what a binary needs, and whether this machine has it. Nothing is loaded.
struct PluginDoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Explain what a plugin's binary needs, without loading it.",
    discussion: """
      FILE is a library, a plugin's folder or its manifest; with a manifest, each of its libraries is \
      looked at and compared with what the manifest says. A finding is PASSED, WARNING or FAILED; the \
      exit code is 1 where one is FAILED.
      """
  )

  @Argument(help: "A library, a plugin's folder, or a manifest.")
  var file = "."

  @Flag(help: "One JSON object for each library.")
  var json = false

  func run() throws {
    let reports = try PluginDoctor.examine(
      file,
      libraryDirectories: [ProcessPaths.executableDirectory]
    )
    if json {
      try StandardOutput.write(reports.map { $0.value.json + "\n" }.joined())
    } else {
      for (index, report) in reports.enumerated() {
        if index > 0 { try StandardOutput.write("\n") }
        try show(report)
      }
    }
    if reports.contains(where: { $0.verdict == .failed }) {
      throw ExitCode(ExitStatus.failed.rawValue)
    }
  }

  private func show(_ report: BinaryReport) throws {
    let device = TerminalDevice()
    let width = (report.findings.map(\.check.count).max() ?? 0) + 2
    var lines: [StyledLine] = [[Span(report.file.printable, .strong)]]
    for finding in report.findings {
      let style: TextStyle
      switch finding.verdict {
      case .passed: style = TextStyle(colour: .good)
      case .warning: style = TextStyle(colour: .rl)
      case .failed: style = .strong
      }
      lines.append(
        StyledLine([Span(finding.verdict.rawValue, style)]).padded(to: 9)
          + StyledLine([Span(finding.check)]).padded(to: width)
          + [Span(finding.message.printable, .quiet)]
      )
      if let cure = finding.cure {
        lines.append(StyledLine().padded(to: 9 + width) + [Span("-> " + cure.printable)])
      }
    }
    try StandardOutput.write(
      lines.map { $0.ansi(colour: device.hasColour) + "\n" }.joined()
    )
  }
}
