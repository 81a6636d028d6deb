import Components
import Foundation
import PluginConformance
import PluginHost
import Testing

/// Every plugin that ships keeps the contract.
@Suite(.serialized) struct ShippedPluginsTests {
  /// The folders of Plugins that have a manifest.
  static let folders: [String] = {
    let root = FaultFixture.root.appending(path: "Plugins")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path())) ?? []
    return names.filter {
      FileManager.default.fileExists(atPath: root.appending(path: "\($0)/plugin.yaml").path())
    }.sorted()
  }()

  /// Tests that a plugin's nature does not let it pass, by its folder.
  static let exceptions: [String: Set<String>] = [
    // Ten thousand programs take longer than a test may.
    "code-execution-reward": ["odd.huge-batch"],
    // Which column holds the answer is a parameter.
    "math-equivalence-reward": ["manifest.columns"],
    "text-rewards": ["manifest.columns"],
  ]
  /// Plugins that need a Python package, which is not there everywhere: without it they say so.
  static let needsPackage = ["math-verify-reward", "parquet"]

  @Test func thereAreSome() { #expect(Self.folders.count >= 8) }

  @Test(arguments: folders) func passes(folder: String) throws {
    let file = FaultFixture.root.appending(path: "Plugins/\(folder)/plugin.yaml").path()
    let manifest = try PluginManifest(contentsOf: file)
    for component in manifest.components {
      let subject = CheckSubject(
        manifestFile: file,
        kind: component.kind,
        component: component.id,
        libraryDirectories: [CheckHost.buildFolder],
        imageDirectory: CheckHost.buildFolder + "/conformance-images"
      )
      let results = try CheckRunner(host: .built()).run(subject)
      if Self.needsPackage.contains(folder),
        let load = results.first(where: { $0.test == "load.component" }), load.answer == .failed
      {
        #expect(load.found.contains("pip install"), "\(load.found)")
        continue
      }
      for result in results
      where Self.exceptions[folder]?.contains(result.test) != true || result.answer == .crashed {
        #expect(
          result.answer == .passed || result.answer == .skipped,
          "\(result.test): \(result.answer.rawValue) \(result.found)"
        )
      }
      // Its own example was there to be tried.
      #expect(results.first { $0.test == "example" }?.answer == .passed)
      #expect(results.count { $0.answer == .passed } >= 19)
    }
  }
}
