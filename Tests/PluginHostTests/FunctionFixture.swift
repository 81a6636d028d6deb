import Components
import Foundation

@testable import PluginHost

/// The library of plain C functions, compiled once, and manifests for its functions in a folder of their own.
final class FunctionFixture {
  private static let library: Result<URL, any Error> = Result {
    // In the build folder, so that nothing stays behind elsewhere.
    let file = URL(filePath: FixtureSuite.libraryFolder).appending(path: "fixture-functions.so")
    // Exit tests are processes of their own, which compile it, too: it is there whole or not at all.
    let own = file.path() + ".\(ProcessInfo.processInfo.processIdentifier)"
    try Fixture.compile("functions", to: own, arguments: [])
    guard rename(own, file.path()) == 0 else {
      throw FixtureFailure(message: "cannot rename \(own)")
    }
    return file
  }

  let folder = FileManager.default.temporaryDirectory.appending(
    path: "stepwise-function-\(UUID().uuidString)"
  )
  static let id = "org.stepwise.fixture.function"

  /// - Parameters:
  ///   - function: the lines of the section.
  ///   - more: further lines of the manifest.
  ///   - library: whether the manifest names the fixture's library.
  init(_ function: String, more: String = "", hasVariants: Bool = true) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if hasVariants {
      try FileManager.default.copyItem(
        at: try Self.library.get(),
        to: folder.appending(path: "lib.so")
      )
    }
    try Data(Self.manifest(function, more: more, hasVariants: hasVariants).utf8)
      .write(to: folder.appending(path: "plugin.yaml"))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  static func manifest(_ function: String, more: String = "", hasVariants: Bool = true) -> String {
    let variants = """
      variants:
        - { os: linux, arch: x86_64, file: lib.so }
        - { os: linux, arch: aarch64, file: lib.so }
      """
    return """
      manifest: 1
      id: \(id)
      kinds: [reward]
      version: 1.0.0
      abi: "1.0"
      summary: A function.
      runtime: c-function
      function:
      \(function.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
      \(hasVariants ? variants : "")
      \(more)
      """
  }

  var catalog: PluginCatalog { catalog(.trustingAll) }

  func catalog(_ policy: IsolationPolicy) -> PluginCatalog {
    PluginCatalog(
      searchPaths: [folder.path()],
      imageDirectory: folder.appending(path: "images").path(),
      policy: policy
    )
  }

  var request: ComponentRequest {
    get throws { try request(.null) }
  }

  func request(_ parameters: ParameterValue) throws -> ComponentRequest {
    try catalog.request(
      .reward,
      PluginReference(Self.id, parameters: parameters),
      HostServices()
    )
  }

  func reward(_ parameters: ParameterValue = .null, isGuarded: Bool = true) throws -> FunctionReward
  {
    try FunctionReward(try request(parameters), isGuarded: isGuarded)
  }

  func score(
    _ completions: [String],
    _ parameters: ParameterValue = .null,
    columns: [Column] = [],
    isGuarded: Bool = true
  ) throws -> [RewardOutcome] {
    try reward(parameters, isGuarded: isGuarded).score(batch(completions, columns: columns))
  }
}
