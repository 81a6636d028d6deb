import Components
import PluginConformance

/// Shows the suite's answers as they come, and counts them.
final class CheckReport {
  private let isJSON: Bool
  private let device = TerminalDevice()
  private var counts: [CheckAnswer: Int] = [:]
  private var seconds = 0.0
  private var untried = 0
  /// Wide enough for every test's id.
  private let idWidth = ConformanceTestSummary.all.map(\.id.count).max() ?? 0

  init(isJSON: Bool) { self.isJSON = isJSON }

  /// Whether something was found that makes the plugin unfit.
  private(set) var isBad = false

  /// A component's tests begin.
  func begin(_ subject: CheckSubject) throws {
    if isJSON { return }
    let line: StyledLine = [
      Span(subject.kind.rawValue, .quiet), Span(" "), Span(subject.component.printable, .strong),
    ]
    try write(line)
  }

  /// Says whether the library was compiled with a sanitizer; it should have been.
  func showSanitizer(_ library: String?) throws {
    guard let library else { return }
    let runtime = try Sanitizer(for: library)?.runtime
    if runtime == nil {
      isBad = true
      counts[.skipped, default: 0] += 1
    }
    if isJSON {
      let answer = runtime == nil ? CheckAnswer.skipped : .passed
      return try StandardOutput.write(
        ParameterValue.object([
          ParameterEntry("test", .string("sanitizer")),
          ParameterEntry("answer", .string(answer.rawValue)),
          ParameterEntry("found", .string(runtime ?? "not compiled with -fsanitize=address")),
        ]).json + "\n"
      )
    }
    let text =
      runtime.map { "AddressSanitizer: \($0)" }
      ?? "AddressSanitizer: SKIPPED, \(library) was not compiled with -fsanitize=address"
    try write([Span(text)])
  }

  /// One answer.
  func show(_ result: CheckResult) throws {
    counts[result.answer, default: 0] += 1
    seconds += result.seconds
    isBad = isBad || result.answer.isBad
    if isJSON { return try StandardOutput.write(result.json.json + "\n") }
    if result.found == CheckRunner.notReached {
      // One line in place of forty that say the same.
      untried += 1
      return
    }
    let word = result.answer.rawValue.padded(to: 7)
    let style: TextStyle =
      result.answer == .passed
      ? TextStyle(colour: .good) : result.answer == .skipped ? .quiet : .strong
    try write([
      Span(word, style), Span("  "), Span(result.test.padded(to: idWidth)), Span("  "),
      Span(result.summary, .quiet),
    ])
    if !result.found.isEmpty { try explain(result.found) }
    if !result.cure.isEmpty { try explain("cure: \(result.cure)") }
  }

  private func explain(_ text: String) throws {
    for line in text.split(separator: "\n") {
      try StandardOutput.write("         " + String(line).printable + "\n")
    }
  }

  /// The sum.
  func end() throws {
    if isJSON { return }
    if untried > 0 {
      try StandardOutput.write("\(untried) tests were not tried: \(CheckRunner.notReached)\n")
    }
    let total = counts.values.reduce(0, +)
    let parts = CheckAnswer.allCases.compactMap { answer in
      counts[answer].map { "\($0) \(answer.rawValue)" }
    }
    try StandardOutput.write(
      "\(total) test\(total == 1 ? "" : "s") in \(NumberText.fixed(seconds, 1)) s: \(parts.joined(separator: ", "))\n"
    )
  }

  private func write(_ line: StyledLine) throws {
    let columns = device.form == .screen ? device.size.columns : .max
    try StandardOutput.write(line.clipped(to: columns).ansi(colour: device.hasColour) + "\n")
  }
}

extension TextTable {
  /// The table as the terminal shows it.
  func shown(_ device: TerminalDevice = TerminalDevice()) -> String {
    let columns = device.form == .screen ? device.size.columns : .max
    return lines(rule: device.glyphs.barRest).map {
      $0.clipped(to: columns).ansi(colour: device.hasColour) + "\n"
    }.joined()
  }
}
