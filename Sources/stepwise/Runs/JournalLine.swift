import RunStore

/// An intervention in a run for people: one record of journal.jsonl.
struct JournalLine {
  /// The step before which it took effect, 0-based.
  var step: Int?
  var time: String
  /// What was done, in words.
  var text: String
  /// Whether it took effect.
  var isDone: Bool
  /// Who did it; empty where that is not said.
  var by: String

  init(_ record: Record) {
    step = record["step"]?.number.map { Int($0) }
    let moment = record["time"]?.text ?? ""
    // 2026-11-21T05:26:23Z: the day is that of the run, more or less.
    time = moment.count >= 19 ? String(moment.dropFirst(11).prefix(8)) : moment
    by = record["by"]?.text ?? ""
    let outcome = record["outcome"]?.text ?? "done"
    isDone = outcome == "done"
    text = Self.words(record, outcome: outcome)
  }

  private static func words(_ record: Record, outcome: String) -> String {
    var words = [record["action"]?.text ?? "?"]
    for name in ["slot", "plugin", "version"] {
      if let text = record[name]?.text, !text.isEmpty { words.append(text) }
    }
    if let digest = record["digest"]?.text, !digest.isEmpty {
      words.append("(\(digest.prefix(8)))")
    }
    if let key = record["key"]?.text {
      let value = record["value"].map { $0.text ?? $0.json }
      words.append(value.map { "\(key) = \($0)" } ?? key)
    }
    if let arguments = record["arguments"]?.array {
      words += arguments.compactMap(\.text)
    }
    if let over = record["over"]?.number, over > 0 { words.append("over \(Int(over)) steps") }
    if case .object(let fields)? = record["parameters"], !fields.isEmpty {
      words.append(fields.map { "\($0.name)=\($0.value.json)" }.joined(separator: " "))
    }
    if outcome != "done" {
      let problem = record["problem"]?.text.map { ": \($0)" } ?? ""
      words.append("- \(outcome)\(problem)")
    }
    return words.joined(separator: " ").printable
  }

  /// Marks for a list of interventions: 1 to 9, then letters, then a dot for all others.
  static func mark(_ index: Int) -> Character {
    let marks = Array("123456789abcdefghijklmnopqrstuvwxyz")
    return marks.indices.contains(index) ? marks[index] : "•"
  }
}
