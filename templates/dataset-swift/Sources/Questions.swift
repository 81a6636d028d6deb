import FoundationEssentials
import StepwisePlugin

/// What Stepwise looks up. Id and version are those of plugin.yaml.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "__ID__", version: "0.1.0", datasets: [Questions.self]).exported
}

/// Each line of rows.tsv is a question, a tab and its answer.
struct Questions: Dataset {
  let demonstrations: Bool
  private var rows: [(question: Substring, answer: Substring)] = []

  init(parameters: Parameters) throws {
    demonstrations = try parameters.bool("demonstrations", default: true)
  }

  /// Files of the plugin lie beside its manifest; the library itself was loaded from elsewhere.
  mutating func start(_ host: Host) throws {
    let path = "\(host.resourceDirectory)/rows.tsv"
    try read(String(contentsOfFile: path, encoding: .utf8), from: path)
  }

  mutating func read(_ text: String, from path: String) throws {
    for (number, line) in text.split(separator: "\n").enumerated() {
      let parts = line.split(separator: "\t", maxSplits: 1)
      guard parts.count == 2 else {
        throw PluginFailure(.data, "\(path), line \(number + 1): no tab")
      }
      rows.append((parts[0], parts[1]))
    }
  }

  var count: Int? { rows.count }

  /// The row at an index below `count`: the same row each time.
  func example(at index: Int) -> Example {
    let (question, answer) = rows[index]
    return Example(
      id: UInt64(index),
      prompt: .text(String(question)),
      completion: demonstrations ? .text(" \(answer)") : nil,
      columns: [Column("answer", .text(String(answer)))]
    )
  }
}
