import ArgumentParser
import RunControl
import RunStore

/// `stepwise ctl RUN history`.
struct ControlHistoryCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Every intervention so far: when, who, what, with which outcome.",
    discussion: "Read from the run's journal.jsonl; the run need not be going."
  )

  @OptionGroup var options: ControlOptions

  func perform(on run: RunReference) throws {
    // The file and not the socket: the same table whether the run is going, suspended or over.
    let records = try Journal.records(of: run.url)
    if case .int(let last)? = records.last?["seq"], last > Int64(records.count) {
      StandardError.write(
        "stepwise: \(run.shown)/\(Journal.fileName): \(last - Int64(records.count)) of \(last) records "
          + "are damaged and left out"
      )
    }
    if options.json {
      let values = records.map { RecordValue.object($0.fields) }
      let answer = ControlAnswer.done([], ["records": .array(values)])
      return try ControlExchange(run, options).show(answer)
    }
    guard !records.isEmpty else {
      return try StandardOutput.write("\(run.shown): no interventions so far\n")
    }
    try StandardOutput.write(JournalTable(records).table.shown())
  }
}

/// A run's journal for people.
struct JournalTable {
  let table: TextTable

  init(_ records: [Record]) {
    var table = TextTable(columns: [
      .init(title: "seq", alignment: .right), .init(title: "step", alignment: .right),
      .init(title: "time"), .init(title: "who"), .init(title: "action"), .init(title: "what"),
      .init(title: "outcome"),
    ])
    for record in records {
      table.rows.append([
        Span(Self.text(record["seq"]), .quiet), Span(Self.text(record["step"])),
        Span(Self.text(record["time"]), .quiet), Span(Self.text(record["by"])),
        Span(Self.text(record["action"]), .strong), Span(Self.subject(of: record)),
        Span(Self.outcome(of: record)),
      ])
    }
    self.table = table
  }

  /// `strategy: org.example.hpt@1.0.0 {"threshold":0.5}`, or `grpo.beta = 0.02 over 50 steps`.
  static func subject(of record: Record) -> String {
    var parts: [String] = []
    let slot = text(record["slot"])
    if !slot.isEmpty { parts.append(record["plugin"] == nil ? slot : "\(slot):") }
    var plugin = text(record["plugin"])
    let version = text(record["version"])
    if !version.isEmpty, !plugin.isEmpty, !plugin.contains("@") { plugin += "@\(version)" }
    if !plugin.isEmpty { parts.append(plugin) }
    let key = text(record["key"])
    if !key.isEmpty { parts.append("\(key) = \(text(record["value"]))") }
    if let over = record["over"], over != .null { parts.append("over \(text(over)) steps") }
    if case .object(let entries)? = record["parameters"], !entries.isEmpty {
      parts.append(RecordValue.object(entries).json)
    }
    return parts.joined(separator: " ").printable
  }

  private static func outcome(of record: Record) -> String {
    let problem = text(record["problem"])
    let outcome = text(record["outcome"])
    return problem.isEmpty ? outcome : "\(outcome): \(problem)"
  }

  /// A value as people read it: text without quotes, on one line.
  private static func text(_ value: RecordValue?) -> String {
    guard let value, value != .null else { return "" }
    return (value.text ?? value.json).printable
  }
}
