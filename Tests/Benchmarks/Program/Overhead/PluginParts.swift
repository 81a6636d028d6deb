import Components
import Foundation
import GSM8K
import PluginHost

/// The same parts of a run three times: compiled in, as plugins in this process, as plugins in processes of their own.
struct PluginParts {
  /// Where the parts' code runs.
  enum Place: String, CaseIterable, Codable {
    case compiled = "compiled in"
    case inProcess = "plugins in process"
    case isolated = "plugins isolated"
  }

  /// Rows as plugins read them.
  private let file: URL
  private let rows: [Example]

  /// - Parameter rows: plain prompts with a column `answer`.
  init(rows: [Example]) throws {
    self.rows = rows
    file = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-bench-\(UUID().uuidString).jsonl")
    let lines = rows.map { row -> String in
      let fields = ["prompt": row.prompt.plain, "answer": row.column("answer").text]
      let data = (try? JSONEncoder().encode(fields)) ?? Data()
      return String(decoding: data, as: UTF8.self) + "\n"
    }
    try Data(lines.joined().utf8).write(to: file)
  }

  /// Removes the file of rows.
  func remove() { try? FileManager.default.removeItem(at: file) }

  /// The parts, ready for a run.
  func parts(_ place: Place) throws -> CompiledParts {
    if place == .compiled {
      return CompiledParts(
        strategy: AlwaysRL(),
        dataset: MemoryDataset(rows),
        reward: CompiledGSM8K()
      )
    }
    let folder = URL(filePath: CommandLine.ownPath).deletingLastPathComponent()
    let plugins = folder.appending(path: "plugins").path
    let catalog = PluginCatalog(
      searchPaths: [plugins],
      libraryDirectories: [folder.path],
      policy: .trustingAll
    )
    let isolation: Isolation = place == .isolated ? .process : .inProcess
    func reference(_ name: String, _ entries: [ParameterEntry] = []) -> PluginReference {
      PluginReference(name, parameters: .object(entries), isolation: isolation)
    }
    return CompiledParts(
      strategy: try catalog.loadStrategy(reference("org.stepwise.strategy.grpo")).part,
      dataset: try catalog.loadDataset(
        reference("org.stepwise.dataset.jsonl", [ParameterEntry("path", .string(file.path))])
      ).part,
      reward: try catalog.loadReward(
        reference(
          "org.stepwise.reward.gsm8k",
          [ParameterEntry("mode", .string("flexible"))]
        )
      ).part
    )
  }
}

/// The reward of the plugin gsm8k, called without a plugin's interface.
private final class CompiledGSM8K: RewardFunction {
  let identity = ComponentIdentity(id: "org.stepwise.bench.gsm8k", version: "1.0.0", digest: "0")
  let description = RewardDescription(name: "gsm8k", minimum: 0, maximum: 1, successThreshold: 1)

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    batch.items.map { item in
      var (completion, gold) = (item.completion, item.example.column("answer").text)
      return .score(
        completion.withUTF8 { text in
          gold.withUTF8 { answer in
            text.withMemoryRebound(to: CChar.self) { text in
              answer.withMemoryRebound(to: CChar.self) { answer in
                gsm8k_score(
                  text.baseAddress,
                  text.count,
                  answer.baseAddress,
                  answer.count,
                  GSM8K_FLEXIBLE
                )
              }
            }
          }
        }
      )
    }
  }
}

extension ColumnValue? {
  /// A text column's text.
  fileprivate var text: String {
    if case .text(let text) = self { return text }
    return ""
  }
}
