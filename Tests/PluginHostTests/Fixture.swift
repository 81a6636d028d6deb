import Components
import Foundation
import PluginHost
import Synchronization

/// A plugin that is compiled for a test from a file of `Tests/Fixtures/plugins`, in a folder of its own that goes with it.
final class Fixture: Sendable {
  /// The package's root.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let sources = root.appending(path: "Tests/Fixtures/plugins")

  let folder: URL
  let source: String
  let kind: ComponentKind
  /// The fixture's own id: that of its source.
  var id: String { "org.stepwise.fixture.\(source)" }
  var library: URL { folder.appending(path: "plugin/lib.so") }
  var manifest: URL { folder.appending(path: "plugin/plugin.yaml") }

  /// Compiles a fixture.
  ///
  /// - Parameters:
  ///   - source: name of the C file.
  ///   - defines: macros, for example `FAULT=WRONG_MAGIC`.
  ///   - extra: further lines of the manifest.
  init(
    _ source: String,
    _ kind: ComponentKind,
    defines: [String] = [],
    flags: [String] = [],
    extra: String = ""
  ) throws {
    self.source = source
    self.kind = kind
    folder = FileManager.default.temporaryDirectory.appending(
      path: "stepwise-fixture-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)"
    )
    try FileManager.default.createDirectory(
      at: folder.appending(path: "plugin"),
      withIntermediateDirectories: true
    )
    try Self.compile(
      source,
      to: library.path(),
      arguments: defines.map { "-D\($0)" } + flags
    )
    try write(manifest: extra)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(manifest extra: String, id: String? = nil, file: String = "lib.so") throws {
    let text = """
      manifest: 1
      id: \(id ?? self.id)
      kinds: [\(kind.rawValue)]
      version: 1.0.0
      abi: "1.0"
      summary: A fixture.
      variants:
        - { os: linux, arch: x86_64, file: \(file) }
        - { os: linux, arch: aarch64, file: \(file) }
      \(extra)
      """
    try Data(text.utf8).write(to: manifest)
  }

  static func compile(_ source: String, to path: String, arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["cc", "-std=gnu11", "-O0", "-shared", "-fPIC", "-fvisibility=hidden", "-w"]
      + ["-I", root.appending(path: "Sources/CStepwisePlugin/include").path()] + arguments
      + [sources.appending(path: "\(source).c").path(), "-o", path]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw FixtureFailure(message: String(decoding: text, as: UTF8.self))
    }
  }

  var catalog: PluginCatalog {
    PluginCatalog(
      searchPaths: [folder.appending(path: "plugin").path()],
      imageDirectory: folder.appending(path: "images").path(),
      policy: Self.policy
    )
  }

  /// In this process, or, to run the same tests with isolated plugins, as a variable says.
  static let policy: IsolationPolicy =
    ProcessInfo.processInfo.environment["STEPWISE_TEST_ISOLATION"] == "process"
    ? IsolationPolicy() : .trustingAll

  func reward(
    _ parameters: ParameterValue = .null,
    services: HostServices = HostServices()
  ) throws -> LoadedComponent<any RewardFunction> {
    try catalog.loadReward(PluginReference(id, parameters: parameters), services: services)
  }

  func dataset() throws -> any Dataset { try catalog.loadDataset(PluginReference(id)).part }
  func strategy() throws -> any MixingStrategy {
    try catalog.loadStrategy(PluginReference(id)).part
  }
}

struct FixtureFailure: Error, CustomStringConvertible {
  var message: String
  var description: String { message }
}

/// The Swift plugin of `Tests/Fixtures/plugins/swift/FixtureSuite`, which the build puts beside the test's executable.
enum FixtureSuite {
  static let libraryFolder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path()

  static let catalog = PluginCatalog(
    searchPaths: [Fixture.sources.appending(path: "swift").path()],
    libraryDirectories: [libraryFolder],
    // In the build folder, so that nothing stays behind elsewhere.
    imageDirectory: libraryFolder + "/fixture-images",
    policy: Fixture.policy
  )
}

/// The error that `body` throws, when it is a PluginError.
func pluginError(_ body: () throws -> Void) -> PluginError? {
  do {
    try body()
    return nil
  } catch {
    return error as? PluginError
  }
}

/// Items with the completions, ids 100 and up, one row each.
func batch(_ completions: [String], columns: [Column] = []) -> RewardBatch {
  RewardBatch(
    step: 3,
    seed: 17,
    items: completions.enumerated().map { index, text in
      RewardItem(
        id: 100 + UInt64(index),
        example: Example(id: UInt64(index), prompt: .text("p"), columns: columns),
        promptText: "prompt",
        completion: text,
        completionWithSpecialTokens: text + "<eos>",
        completionIDs: [1, 2, 3],
        truncated: index == 1
      )
    }
  )
}

/// A list that several threads may add to.
final class Log: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
