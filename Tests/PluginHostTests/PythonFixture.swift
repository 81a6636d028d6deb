import Components
import Foundation
import Testing

@testable import PluginHost

/// A Python plugin in a folder of its own, from files of `Tests/Fixtures/plugins/python`.
final class PythonFixture {
  static let sources = Fixture.sources.appending(path: "python")

  /// Why tests of Python plugins cannot run here, or `nil`.
  static let obstacle: String? = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return "env is missing" }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? nil : "there is no python3 of at least 3.9"
  }()

  let folder: URL
  let id: String
  let kind: ComponentKind
  var plugin: URL { folder.appending(path: "plugin") }

  /// Copies a file and writes a manifest for one object in it.
  ///
  /// - Parameters:
  ///   - file: the name of a fixture, without `.py`.
  ///   - object: what it has for the component; its name with `-` for `_` becomes the id's last part.
  ///   - extra: further lines of the manifest.
  init(
    _ file: String,
    _ kind: ComponentKind,
    object: String,
    interpreter: String? = nil,
    extra: String = ""
  ) throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path: "stepwise-python-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)"
    )
    self.kind = kind
    id = "org.stepwise.fixture.\(object.lowercased().replacing("_", with: "-"))"
    try FileManager.default.createDirectory(at: plugin, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: Self.sources.appending(path: "\(file).py"),
      to: plugin.appending(path: "\(file).py")
    )
    let chosen = interpreter.map { ", interpreter: \($0)" } ?? ""
    try write(
      """
      manifest: 1
      id: \(id)
      kinds: [\(kind.rawValue)]
      version: 1.0.0
      abi: "1.0"
      summary: A fixture.
      runtime: python
      python: { file: \(file).py\(chosen) }
      object: \(object)
      \(extra)
      """,
      to: "plugin.yaml"
    )
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: plugin.appending(path: name))
  }

  var catalog: PluginCatalog {
    PluginCatalog(
      searchPaths: [plugin.path()],
      imageDirectory: folder.appending(path: "images").path()
    )
  }

  func reward(
    _ parameters: ParameterValue = .null,
    services: HostServices = HostServices()
  ) throws -> LoadedComponent<any RewardFunction> {
    var services = services
    services.bundleDirectory = folder.appending(path: "bundles").path()
    return try catalog.loadReward(
      PluginReference(id, parameters: parameters),
      services: services
    )
  }

  func dataset(_ parameters: ParameterValue = .null) throws -> any Dataset {
    try catalog.loadDataset(PluginReference(id, parameters: parameters)).part
  }

  func strategy(_ parameters: ParameterValue = .null) throws -> LoadedComponent<any MixingStrategy>
  {
    try catalog.loadStrategy(PluginReference(id, parameters: parameters))
  }
}

/// A group of two for each row, conversational where it says so.
func groups(
  _ completions: [String],
  columns: [[Column]],
  conversational: Bool = false
) -> RewardBatch {
  RewardBatch(
    step: 3,
    seed: 17,
    items: completions.enumerated().map { index, text in
      let row = index / 2
      return RewardItem(
        id: 100 + UInt64(index),
        example: Example(
          id: UInt64(row),
          prompt: conversational
            ? .messages([Message(role: "user", content: "prompt \(row)")]) : .text("prompt \(row)"),
          columns: columns[row]
        ),
        promptText: "<user>prompt \(row)",
        completion: text,
        completionWithSpecialTokens: text + "<eos>",
        completionIDs: Array(0..<Int32(text.utf8.count)),
        truncated: false
      )
    }
  )
}
