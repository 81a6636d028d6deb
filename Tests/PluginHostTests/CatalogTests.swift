import Components
import Foundation
import PluginHost
import Testing

@Suite struct CatalogTests {
  /// A folder of plugins without libraries: id, version, kind.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "catalog-\(UUID().uuidString)")
    init(_ plugins: [(String, String, String)]) throws {
      for (index, plugin) in plugins.enumerated() {
        let folder = url.appending(path: "p\(index)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(
          """
          manifest: 1
          id: \(plugin.0)
          version: \(plugin.1)
          kinds: [\(plugin.2)]
          abi: "1.0"
          summary: Number \(index).
          variants: [{ os: linux, arch: x86_64, file: a.so }, { os: linux, arch: aarch64, file: a.so }]
          """.utf8
        ).write(to: folder.appending(path: "plugin.yaml"))
      }
    }
    deinit { try? FileManager.default.removeItem(at: url) }
    var catalog: PluginCatalog { PluginCatalog(searchPaths: [url.path()]) }
  }

  private func message(
    _ catalog: PluginCatalog,
    _ name: String,
    _ kind: ComponentKind = .reward
  ) -> String {
    let error = pluginError { _ = try catalog.resolveParameters(kind, PluginReference(name)) }
    return error.map { "\($0.problem) \($0)" } ?? "found"
  }

  @Test func resolvesNames() throws {
    let folder = try Folder([
      ("org.a.reward.length", "1.0.0", "reward"), ("org.b.reward.length", "1.0.0", "reward"),
      ("org.a.reward.format", "1.0.0", "reward"), ("org.a.reward.format", "2.0.0", "reward"),
      ("org.a.strategy.sasr", "1.0.0", "strategy"), ("org.a.dataset.length", "1.0.0", "dataset"),
    ])
    let catalog = folder.catalog
    #expect(catalog.problems == [])
    #expect(catalog.list().map(\.id).count == 6)
    #expect(catalog.list()[1].summary == "Number 1.")
    #expect(catalog.list()[1].libraryFile == nil)
    #expect(message(catalog, "org.a.reward.length") == "found")
    #expect(message(catalog, "length", .dataset) == "found")
    #expect(message(catalog, "org.a.reward.format@2.0.0") == "found")
    #expect(message(catalog, "format@1.0.0") == "found")
    #expect(message(catalog, folder.url.appending(path: "p3").path()) == "found")
    #expect(message(catalog, folder.url.appending(path: "p3/plugin.yaml").path()) == "found")
    let twice = message(catalog, "length")
    #expect(twice.contains("ambiguous") && twice.contains("org.a.reward.length@1.0.0"))
    #expect(twice.contains("org.b.reward.length@1.0.0"))
    #expect(message(catalog, "org.a.reward.format").contains("2 rewards answer to it"))
    #expect(message(catalog, "format@3.0.0").contains("there is 1.0.0, 2.0.0"))
    #expect(message(catalog, "lenght").contains("did you mean 'length'?"))
    #expect(message(catalog, "sasr").contains("org.a.strategy.sasr is a strategy"))
    #expect(message(catalog, "/nowhere").contains("cannot be opened"))
    #expect(message(catalog, folder.url.appending(path: "p4").path()).contains("it has no reward"))
  }

  @Test func badManifestsAreListedAndTheRestWorks() throws {
    let folder = try Folder([
      ("org.a.reward.length", "1.0.0", "reward"), ("org.a.reward.broken", "one", "reward"),
    ])
    let catalog = PluginCatalog(searchPaths: [folder.url.path(), "/not/there"])
    #expect(catalog.list().map(\.id) == ["org.a.reward.length"])
    #expect(catalog.problems.count == 2)
    #expect(catalog.problems[0].description.contains("no semantic version"))
    #expect(catalog.problems[1].description.contains("/not/there"))
  }

  @Test func samePlaceTwiceIsOnePlugin() throws {
    let folder = try Folder([("org.a.reward.length", "1.0.0", "reward")])
    let catalog = PluginCatalog(searchPaths: [
      folder.url.path(), folder.url.appending(path: "p0").path(),
    ])
    #expect(catalog.list().count == 1)
  }

  /// Whoever puts a folder before another wants what is in it.
  @Test func earlierFolderWins() throws {
    let first = try Folder([("org.a.strategy.sasr", "1.0.0", "strategy")])
    let second = try Folder([
      ("org.a.strategy.sasr", "1.0.0", "strategy"), ("org.b.strategy.sasr", "1.0.0", "strategy"),
    ])
    let paths = [first.url.path(), second.url.path()]
    let file = { (paths: [String]) in
      let catalog = PluginCatalog(searchPaths: paths)
      let error = pluginError {
        _ = try catalog.loadStrategy(PluginReference("org.a.strategy.sasr"))
      }
      return error?.file ?? ""
    }
    #expect(file(paths).hasPrefix(first.url.path()))
    #expect(file(paths.reversed()).hasPrefix(second.url.path()))
    let twice = message(PluginCatalog(searchPaths: paths), "sasr", .strategy)
    #expect(twice.contains("2 strategies answer to it"), "\(twice)")
  }

  @Test func missingLibraryAndVariant() throws {
    let folder = try Folder([("org.a.reward.length", "1.0.0", "reward")])
    let error = try #require(
      pluginError { _ = try folder.catalog.loadReward(PluginReference("length")) }
    )
    #expect(error.description.contains("its library a.so is not in"))
    let file = folder.url.appending(path: "p0/plugin.yaml")
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    try Data(text.replacing("os: linux", with: "os: plan9").utf8).write(to: file)
    let second = try #require(
      pluginError { _ = try folder.catalog.loadReward(PluginReference("length")) }
    )
    #expect(second.description.contains("no variant for linux"))
  }

  @Test func provenance() throws {
    let fixture = try Fixture("reward", .reward)
    let plugin = try fixture.catalog.loadReward(PluginReference("reward", label: "mine")).plugin
    #expect(plugin.label == "mine")
    #expect(plugin.kind == .reward)
    #expect(plugin.manifestFile == fixture.manifest.path())
    #expect(plugin.identity.version == "1.0.0")
    #expect(plugin.identity.digest.utf8.count == 64)
    #expect(plugin.manifestDigest.utf8.count == 64)
    #expect(
      try Data(contentsOf: URL(filePath: plugin.imageFile)) == Data(contentsOf: fixture.library)
    )
  }
}
