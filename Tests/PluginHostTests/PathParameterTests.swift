import Components
import Foundation
import PluginHost
import Testing

/// Parameters with `format: path`: the host finds the file, the plugin gets an absolute path.
@Suite struct PathParameterTests {
  /// A catalog with one reward that takes paths, and a folder with a file to find. No library is needed to resolve parameters.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "paths-\(UUID().uuidString)")

    init(_ parameters: String = "{ data: { type: string, format: path } }") throws {
      for path in ["plugin", "config/données", "elsewhere"] {
        try FileManager.default.createDirectory(
          at: url.appending(path: path),
          withIntermediateDirectories: true
        )
      }
      try Data("rows".utf8).write(to: url.appending(path: "config/données/rows.jsonl"))
      try Data("rows".utf8).write(to: url.appending(path: "elsewhere/~rows"))
      let text = """
        manifest: 1
        id: org.a.reward.paths
        version: 1.0.0
        kinds: [reward]
        abi: "1.0"
        summary: Reads a file.
        variants: [{ os: linux, arch: x86_64, file: a.so }, { os: linux, arch: aarch64, file: a.so }]
        parameters: \(parameters)
        """
      try Data(text.utf8).write(to: url.appending(path: "plugin/plugin.yaml"))
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path() }

    func resolve(_ value: ParameterValue?, from base: String?) throws -> ParameterValue? {
      let parameters = value.map { ParameterValue.object([ParameterEntry("data", $0)]) }
      let reference = PluginReference(
        "paths",
        parameters: parameters ?? .null,
        baseDirectory: base
      )
      let catalog = PluginCatalog(searchPaths: [path("plugin")])
      return try catalog.resolveParameters(.reward, reference)["data"]
    }
  }

  @Test func relativePathsStartInTheBaseDirectory() throws {
    let folder = try Folder()
    // URL.path() would escape the accents.
    let base = folder.path("") + "config"
    let file = ParameterValue.string(base + "/données/rows.jsonl")
    for given in ["données/rows.jsonl", "./données//./rows.jsonl", base + "/données/rows.jsonl"] {
      #expect(try folder.resolve(.string(given), from: base) == file, "\(given)")
      #expect(try folder.resolve(.string(given), from: base + "/") == file, "\(given)")
    }
    #expect(
      try folder.resolve(.string("../elsewhere/~rows"), from: base)
        == .string(base + "/../elsewhere/~rows")
    )
    // Only `~/` is the home folder.
    #expect(
      try folder.resolve(.string("~rows"), from: folder.path("elsewhere"))
        == .string(folder.path("elsewhere/~rows"))
    )
    #expect(try folder.resolve(.string("."), from: base) == .string(base))
  }

  @Test func withoutABaseDirectoryTheWorkingDirectoryCounts() throws {
    let folder = try Folder()
    let working = FileManager.default.currentDirectoryPath
    #expect(try folder.resolve(.string("."), from: nil) == .string(working))
    #expect(try folder.resolve(.string("."), from: ".") == .string(working))
    #expect(try folder.resolve(.string("/tmp"), from: nil) == .string("/tmp"))
  }

  @Test(.enabled(if: getenv("HOME") != nil, "needs HOME"))
  func homeFolder() throws {
    let home = String(cString: getenv("HOME")).split(separator: "/").joined(separator: "/")
    let folder = try Folder()
    #expect(try folder.resolve(.string("~/"), from: "/nowhere") == .string("/" + home))
    #expect(try folder.resolve(.string("~"), from: "/nowhere") == .string("/" + home))
    let error = try #require(
      pluginError { _ = try folder.resolve(.string("~/no/such-file"), from: "/nowhere") }
    )
    #expect(error.description.contains("/\(home)/no/such-file cannot be found"), "\(error)")
  }

  @Test func namesWhatIsMissing() throws {
    let folder = try Folder()
    let base = folder.path("config")
    let error = try #require(
      pluginError { _ = try folder.resolve(.string("rows.jsonl"), from: base) }
    )
    #expect(error.problem == .parameters)
    #expect(error.plugin == "org.a.reward.paths")
    #expect(
      error.message
        == "parameter 'data' is \"rows.jsonl\", and \(base)/rows.jsonl cannot be found: "
        + "No such file or directory"
    )
    #expect(error.cure?.contains("relative ones start in \(base)") == true, "\(error)")
    for (given, words) in [
      ("/nowhere/rows", "/nowhere/rows cannot be found"), ("", "give the path of a file or folder"),
      ("a\u{0}b", "give the path of a file or folder"),
      (String(repeating: "x", count: 5000), "File name too long"),
    ] {
      let error = try #require(
        pluginError { _ = try folder.resolve(.string(given), from: base) },
        "\(given)"
      )
      #expect(error.description.contains(words), "\(error)")
    }
    #expect(
      pluginError { _ = try folder.resolve(.int(3), from: base) }?.description.contains(
        "'data' is a whole number"
      ) == true
    )
    #expect(
      pluginError { _ = try folder.resolve(nil, from: base) }?.description.contains(
        "'data' is missing; give the path of a file or folder"
      ) == true
    )
  }

  @Test func defaultsAndAbsentOnes() throws {
    let optional = try Folder("{ data: { type: string, format: path, required: false } }")
    #expect(try optional.resolve(nil, from: "/nowhere") == nil)
    let given = try Folder("{ data: { type: string, format: path, default: x/../données } }")
    #expect(pluginError { _ = try given.resolve(nil, from: given.path("config")) } != nil)
    let there = try Folder("{ data: { type: string, format: path, default: données } }")
    let base = there.path("") + "config"
    #expect(try there.resolve(nil, from: base) == .string(base + "/données"))
    let text = try Folder("{ data: { type: string } }")
    #expect(try text.resolve(.string("rows"), from: "/nowhere") == .string("rows"))
  }

  @Test(arguments: [
    ("{ data: { type: string, format: pth } }", "'parameters.data.format' is 'pth'; did you mean"),
    ("{ data: { type: integer, format: path } }", "belongs to the type string"),
    ("{ data: { type: string, format: path, enum: [a] } }", "does not go with a format"),
  ])
  func badManifests(parameters: String, words: String) throws {
    let folder = try Folder(parameters)
    let problem = try #require(PluginCatalog(searchPaths: [folder.path("plugin")]).problems.first)
    #expect(problem.description.contains(words), "\(problem)")
  }

  /// The plugin sees the absolute path, the run records it, and a change is resolved from the same folder. The file of the start
  /// may be gone by then.
  @Test func thePluginGetsTheAbsolutePath() throws {
    let folder = try Folder()
    let base = folder.path("elsewhere")
    for name in ["first", "second"] {
      try Data().write(to: folder.url.appending(path: "elsewhere/\(name)"))
    }
    let reference = { (name: String) in
      ParameterValue.object([ParameterEntry("data", .string(name))])
    }
    let reward = try FixtureSuite.catalog.loadReward(
      PluginReference("parameters", parameters: reference("first"), baseDirectory: base)
    )
    #expect(reward.plugin.parameters["data"] == .string(base + "/first"))
    #expect(try reward.part.answers(batch(["data"])) == [base + "/first"])
    try FileManager.default.removeItem(atPath: base + "/first")
    try reward.reconfigure(.object([ParameterEntry("other", .int(2))]))
    #expect(try reward.part.answers(batch(["data"])) == [base + "/first"])
    try reward.reconfigure(reference("second"))
    #expect(try reward.part.answers(batch(["data"])) == [base + "/second"])
    let error = try #require(pluginError { try reward.reconfigure(reference("third")) })
    #expect(error.description.contains("\(base)/third cannot be found"), "\(error)")
    #expect(try reward.part.answers(batch(["data"])) == [base + "/second"])
  }
}
