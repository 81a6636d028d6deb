import Components
import Foundation
import Testing

@testable import PluginHost

/// A plugin's folder made again from its manifest and its image is the same plugin.
@Suite struct PluginCopyTests {
  /// Restores what was loaded, and finds it again.
  private func expectCopy(
    of plugin: LoadedPlugin,
    _ kind: ComponentKind,
    in folder: URL
  ) throws -> PluginReference {
    let copy = folder.appending(path: "copies/one").path()
    for _ in 0..<2 {
      try PluginCopy.restore(manifest: plugin.manifestFile, image: plugin.imageFile, into: copy)
    }
    let catalog = PluginCatalog(
      searchPaths: [],
      imageDirectory: folder.appending(path: "images").path(),
      policy: Fixture.policy
    )
    let reference = PluginReference("\(copy)#\(plugin.identity.id)")
    let found = try catalog.identify(kind, reference)
    #expect(found.identity == plugin.identity && found.manifestDigest == plugin.manifestDigest)
    #expect(found.libraryFile.contains("/copies/one/"))
    let left = try FileManager.default.contentsOfDirectory(
      atPath: folder.appending(path: "copies").path()
    )
    #expect(left == ["one"], "nothing half-made stays: \(left)")
    return reference
  }

  @Test func native() throws {
    let fixture = try Fixture("misbehave", .reward)
    let loaded = try fixture.reward()
    let reference = try expectCopy(of: loaded.plugin, .reward, in: fixture.folder)
    let again = try fixture.catalog.loadReward(reference)
    let completions = batch(["one", "three"])
    #expect(try again.part.score(completions) == loaded.part.score(completions))
  }

  @Test(.disabled(if: PythonFixture.obstacle != nil, "needs python3"))
  func pythonOfOneFileAndOfSeveral() throws {
    for others in [false, true] {
      let fixture = try PythonFixture("texts", .reward, object: "echo")
      if others {
        try FileManager.default.createDirectory(
          at: fixture.plugin.appending(path: "parts"),
          withIntermediateDirectories: true
        )
        try fixture.write("VALUE = 3\n", to: "parts/numbers.py")
        try fixture.write("", to: "parts/__init__.py")
        let file = fixture.plugin.appending(path: "texts.py")
        let text = try String(contentsOf: file, encoding: .utf8)
        try fixture.write("from parts.numbers import VALUE\n" + text, to: "texts.py")
      }
      let plugin = try fixture.catalog.identify(.reward, PluginReference(fixture.id))
      #expect(plugin.imageFile.hasSuffix(others ? ".tar" : ".py"))
      let reference = try expectCopy(of: plugin, .reward, in: fixture.folder)
      let again = try fixture.catalog.loadReward(reference)
      #expect(try again.part.score(batch(["one"])) == [.score(0)])
    }
  }

  @Test func damageIsNamed() throws {
    let fixture = try Fixture("misbehave", .reward)
    let folder = fixture.folder.appending(path: "copies/two").path()
    let error = pluginError {
      try PluginCopy.restore(
        manifest: fixture.manifest.path(),
        image: fixture.folder.appending(path: "nothing").path(),
        into: folder
      )
    }
    #expect(error?.problem == .file)
    #expect("\(try #require(error))".contains("images folder"))
    #expect(!FileManager.default.fileExists(atPath: folder))
  }
}
