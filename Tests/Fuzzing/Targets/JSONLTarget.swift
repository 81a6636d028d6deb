import Components
import Foundation
import PluginHost

/// Rows for the plugin `jsonl`, through the plugin interface, as a run reads them.
struct JSONLTarget: FuzzTarget {
  private let catalog: PluginCatalog
  private let files: [[UInt8]]

  init() throws {
    let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    catalog = PluginCatalog(
      searchPaths: [folder.appending(path: "plugins").path],
      libraryDirectories: [folder.path],
      policy: .trustingAll
    )
    files =
      [try Seeds.file("Plugins/jsonl/example.jsonl")]
      + [
        #"{"prompt": "What?", "completion": " That.", "answer": "1"}"#,
        #"{"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Yo"}]}"#,
        #"{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "é\u00e9\ud83d\ude42"}]}"#,
        "{\"text\": \"plain\"}\n{\"text\": \"more\"}\r\n\n{\"text\": \"\\u0000\"}\n",
        #"{"prompt": "p", "completion": "c", "level": 3.5, "tags": ["a", {"b": null}], "ok": true}"#,
      ].map { Array($0.utf8) }
    // Without its plugin every input would be refused.
    _ = try rows(
      of: Seeds.path("Plugins/jsonl/example.jsonl"),
      [ParameterEntry("prompt_column", .string("question"))]
    )
  }

  var seedCount: Int { files.count }
  func seeds() -> [[UInt8]] { files }

  func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
    if random.chance(0.2) { return ByteMutation.apply(to: input, with: other, &random) }
    var lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    let others = other.split(separator: 0x0A).map(Array.init)
    let index = random.below(lines.count)
    switch random.below(5) {
    case 0: lines.insert(others.isEmpty ? [] : random.pick(others), at: index)
    case 1: lines.remove(at: index)
    default:
      lines[index] = JSONMutation.mutate(
        lines[index],
        with: others.isEmpty ? [] : random.pick(others),
        &random
      )
    }
    return Array(lines.joined(separator: [0x0A]))
  }

  func run(_ input: [UInt8], file: String) throws -> String {
    let dataset = try rows(of: file)
    let count = dataset.count ?? 0
    var kinds: Set<String> = []
    for example in try dataset.examples(in: 0..<min(count, 200)) {
      kinds.insert("\(example.columns.count)")
    }
    return "\(min(count, 3)) " + kinds.sorted().joined(separator: ",")
  }

  private func rows(of file: String, _ parameters: [ParameterEntry] = []) throws -> any Dataset {
    let reference = PluginReference(
      "org.stepwise.dataset.jsonl",
      parameters: .object([ParameterEntry("path", .string(file))] + parameters)
    )
    return try catalog.loadDataset(reference).part
  }
}
