import Components
import PluginHost

/// Runs the suite on one component, each test in a process of its own.
public struct CheckRunner: Sendable {
  private let host: CheckHost
  private let filter: String
  /// The test without whose success nothing else can be said.
  private static let gate = "load.component"
  /// Why the rest was not tried where it fails.
  public static let notReached = "it cannot be loaded: see \(gate)"

  /// Creates a runner.
  ///
  /// - Parameter filter: runs only tests whose id has this text in it; empty for all.
  public init(host: CheckHost, filter: String = "") {
    self.host = host
    self.filter = filter
  }

  /// Runs the tests in order and tells of each as it ends.
  @discardableResult
  public func run(
    _ subject: CheckSubject,
    each: (CheckResult) throws -> Void = { _ in }
  ) throws -> [CheckResult] {
    let tests = ConformanceTest.all.filter { $0.kinds.contains(subject.kind) }
    var results: [CheckResult] = []
    var closed: String?
    for test in tests where filter.isEmpty || test.id.utf8Contains(filter) || test.id == Self.gate {
      let isAsked = filter.isEmpty || test.id.utf8Contains(filter)
      // The gate is only tried for its own sake, or for that of what comes after it.
      var result =
        try closed.map { self.result(test, subject, .skipped($0), seconds: 0) }
        ?? run(test, subject)
      if test.id == Self.gate && result.answer != .passed && result.answer != .warning {
        closed = Self.notReached
      }
      if !isAsked { continue }
      // Blanks of several lines, as those of a traceback, are kept; ends are not.
      result.found = result.found.trimmed
      results.append(result)
      try each(result)
    }
    return results
  }

  private func run(_ test: ConformanceTest, _ subject: CheckSubject) throws -> CheckResult {
    let job = ParameterValue.object([
      ParameterEntry("job", .string("test")), ParameterEntry("test", .string(test.id)),
      ParameterEntry("subject", subject.json),
    ])
    var seconds = 0.0
    var evidence: [String] = []
    var end = CheckEnd.passed("")
    for _ in 0..<test.processes {
      let outcome = try host.run(job, limit: test.limit)
      seconds += outcome.seconds
      end = self.end(outcome, limit: test.limit * host.slowness)
      if end.answer != .passed { break }
      evidence.append(outcome.answer?.text("evidence") ?? "")
    }
    if let first = evidence.first, let other = evidence.first(where: { $0 != first }) {
      end = .failed(
        "two processes answer differently: \(Self.difference(first, other))",
        cure:
          "let nothing in that changes from process to process: addresses, hash seeds, clocks, ids"
      )
    }
    return result(test, subject, end, seconds: seconds)
  }

  private func result(
    _ test: ConformanceTest,
    _ subject: CheckSubject,
    _ end: CheckEnd,
    seconds: Double
  ) -> CheckResult {
    CheckResult(
      test: test.id,
      kind: subject.kind,
      component: subject.component,
      answer: end.answer,
      summary: test.summary,
      found: end.found,
      cure: end.cure,
      seconds: seconds
    )
  }

  /// What a process that has ended says of the plugin.
  private func end(_ outcome: CheckHost.Outcome, limit: Double) -> CheckEnd {
    let place = outcome.stage.isEmpty ? "" : " while \(outcome.stage)"
    guard let exit = outcome.exit else {
      return CheckEnd(
        answer: .timeout,
        found: "it did not come back within \(limit.shortest) s\(place)",
        cure: "find the loop or the wait; work that grows with the text must end"
      )
    }
    if exit == .exited(0), let answer = outcome.answer,
      let word = answer.text("answer").flatMap(CheckAnswer.init(rawValue:))
    {
      return CheckEnd(
        answer: word,
        found: answer.text("found") ?? "",
        cure: answer.text("cure") ?? ""
      )
    }
    var found: String
    switch exit {
    case .signalled: found = "it ended the process with \(exit)\(place)"
    case .exited(let status): found = "it ended the process with exit status \(status)\(place)"
    }
    let words = CrashWords(outcome.errorOutput)
    if !words.text.isEmpty { found += "; standard error says: \(words.text)" }
    return CheckEnd(
      answer: .crashed,
      found: found,
      cure: words.cure ?? "run it under a debugger or with `-fsanitize=address`; never call exit"
    )
  }

  /// Where two texts of lines first differ.
  private static func difference(_ a: String, _ b: String) -> String {
    let (a, b) = (a.utf8.split(separator: 10), b.utf8.split(separator: 10))
    for (x, y) in zip(a, b) where !x.elementsEqual(y) {
      return "\(Substring(x)) and \(Substring(y))"
    }
    return "\(a.count) and \(b.count) lines"
  }
}

/// The lines of a crash that tell most: those of a sanitizer, of a failed assertion, of a trap, or the last ones.
struct CrashWords {
  var text = ""
  var cure: String?

  init(_ output: String) {
    let lines = output.utf8.split(separator: 10).map { String(Substring($0)) }
    if let index = lines.firstIndex(where: { $0.utf8Contains("ERROR: AddressSanitizer") }) {
      let place = lines[index...].first { $0.trimmed.utf8.starts(with: "#0".utf8) }
      text = ([lines[index]] + [place].compactMap { $0 }).map(\.trimmed).joined(separator: " ")
      cure = "mend the memory fault at the place that the sanitizer names"
      return
    }
    let marks = ["Fatal error", "panicked", "terminate called", "Assertion", "*** "]
    let telling = lines.filter { line in marks.contains { line.utf8Contains($0) } }
    text = (telling.isEmpty ? lines.suffix(3) : telling.prefix(3)).map(\.trimmed)
      .joined(separator: " | ")
  }
}

extension String {
  /// Whether the bytes of `part` occur.
  func utf8Contains(_ part: String) -> Bool {
    let pattern = Array(part.utf8)
    if pattern.isEmpty { return true }
    let bytes = Array(utf8)
    guard bytes.count >= pattern.count else { return false }
    return (0...bytes.count - pattern.count).contains { bytes[$0...].starts(with: pattern) }
  }

  /// The text without blanks at its ends.
  var trimmed: String {
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let bytes = Array(utf8)
    guard let first = bytes.firstIndex(where: { !blanks.contains($0) }),
      let last = bytes.lastIndex(where: { !blanks.contains($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}

extension Double {
  /// `30`, `0.5`.
  var shortest: String { Int(exactly: self).map(String.init) ?? description }
}
