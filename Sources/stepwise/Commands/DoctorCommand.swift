import ArgumentParser
import Components

/// `stepwise doctor`: is this machine ready, and what decides the bits of its runs?
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check this machine: libraries, CPU, threads, plugins, disk."
  )

  @Flag(help: "JSON.")
  var json = false

  func run() throws {
    let findings = Examination.all()
    if json {
      let values = findings.map { finding in
        ParameterValue.object([
          ParameterEntry("check", .string(finding.subject)),
          ParameterEntry("result", .string(finding.verdict.rawValue)),
          ParameterEntry("message", .string(finding.message)),
        ])
      }
      try StandardOutput.write(values.map { $0.json + "\n" }.joined())
    } else {
      try show(findings)
    }
    if findings.contains(where: { $0.verdict == .failed }) {
      throw ExitCode(ExitStatus.hostFault.rawValue)
    }
  }

  private func show(_ findings: [Finding]) throws {
    let device = TerminalDevice()
    let width = findings.map(\.subject.count).max() ?? 0
    for finding in findings {
      let style: TextStyle
      switch finding.verdict {
      case .good: style = TextStyle(colour: .good)
      case .notice: style = TextStyle(colour: .rl)
      case .failed: style = .strong
      }
      let verdict = Span(finding.verdict.rawValue, style)
      let line =
        StyledLine([verdict]).padded(to: 8)
        + StyledLine([Span(finding.subject)]).padded(to: width + 2)
        + [Span(finding.message, .quiet)]
      try StandardOutput.write(line.ansi(colour: device.hasColour) + "\n")
    }
  }
}
