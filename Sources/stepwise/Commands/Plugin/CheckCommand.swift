import ArgumentParser
import Components
import PluginConformance
import PluginHost

/// `stepwise plugin check`: the conformance suite.
struct PluginCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Try a plugin against the contract, each rule in a process of its own.",
    discussion: """
      Answers are PASSED, WARNING, SKIPPED, FAILED, CRASHED and TIMEOUT; the exit code is 1 where one \
      of the last three was given. Rows to try a reward with are those of the manifest's example and \
      of example.jsonl beside it, or of --batch. A library that was compiled with -fsanitize=address \
      is tried under AddressSanitizer.
      """
  )

  @OptionGroup var target: PluginTargetOptions

  @Option(help: "Rows to try a reward with, as a batch file.")
  var batch: String?

  @Option(help: "Only tests whose id has this in it.")
  var filter = ""

  @Flag(help: "List the tests and run none.")
  var list = false

  @Flag(help: "Fail where the library was not compiled with -fsanitize=address.")
  var sanitize = false

  @Option(help: "Multiplies every time limit, for a slow machine.")
  var patience = 1.0

  @Flag(help: "One JSON object a line.")
  var json = false

  func validate() throws {
    guard patience > 0, patience.isFinite else {
      throw ValidationError("--patience: \(patience) is not above 0.")
    }
    let tests = ConformanceTestSummary.all.filter { filter.isEmpty || $0.id.contains(filter) }
    if tests.isEmpty {
      throw ValidationError("--filter: no test's id has '\(filter)' in it; see --list.")
    }
  }

  func run() throws {
    if list { return try showTests() }
    let target = try target.target()
    let parameters = try self.target.given()
    let host = try CheckHost.own(library: target.library, patience: patience)
    let report = CheckReport(isJSON: json)
    if sanitize { try report.showSanitizer(target.library) }
    for component in target.components {
      let subject = target.subject(component, parameters: parameters, batchFile: batch)
      try report.begin(subject)
      try CheckRunner(host: host, filter: filter).run(subject) { try report.show($0) }
    }
    try report.end()
    if report.isBad { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  private func showTests() throws {
    let tests = ConformanceTestSummary.all.filter { filter.isEmpty || $0.id.contains(filter) }
    if json {
      let lines = tests.map { test in
        ParameterValue.object([
          ParameterEntry("test", .string(test.id)),
          ParameterEntry("summary", .string(test.summary)),
          ParameterEntry("kinds", .array(test.kinds.map { .string($0.rawValue) })),
        ]).json + "\n"
      }
      return try StandardOutput.write(lines.joined())
    }
    var table = TextTable(columns: [
      .init(title: "test"), .init(title: "for"), .init(title: "what it checks"),
    ])
    for test in tests {
      let kinds =
        test.kinds.count == ComponentKind.allCases.count
        ? "all" : test.kinds.map(\.rawValue).joined(separator: ", ")
      table.rows.append([Span(test.id, .strong), Span(kinds), Span(test.summary)])
    }
    try StandardOutput.write(table.shown())
  }
}
