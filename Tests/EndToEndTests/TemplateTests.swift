import Foundation
import Testing

/// What `plugin new` makes, for every kind and language: it builds, passes its own test, is listed, and a run takes it.
@Suite(.serialized) struct TemplateTests {
  static let kinds = ["reward", "dataset", "strategy"]

  static func has(_ tools: String...) -> Bool {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return tools.allSatisfy { tool in
      folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
    }
  }

  @Test(.enabled(if: has("make", "cc"), "make or cc is not in PATH"), arguments: kinds)
  func c(_ kind: String) throws { try expectPlugin(kind, "c", in: Workshop()) }

  @Test(.enabled(if: has("make", "c++"), "make or c++ is not in PATH"), arguments: kinds)
  func cpp(_ kind: String) throws { try expectPlugin(kind, "cpp", in: Workshop()) }

  @Test(.enabled(if: has("make", "rustc"), "make or rustc is not in PATH"), arguments: kinds)
  func rust(_ kind: String) throws { try expectPlugin(kind, "rust", in: Workshop()) }

  @Test(.enabled(if: has("make", "cc"), "make or cc is not in PATH"))
  func ffi() throws { try expectPlugin("reward", "ffi", in: Workshop()) }

  /// One test for all kinds, so that the SDK is compiled once.
  @Test(.enabled(if: has("make", "swift"), "make or swift is not in PATH"))
  func swift() throws {
    let workshop = try Workshop()
    for kind in Self.kinds { try expectPlugin(kind, "swift", in: workshop) }
  }

  private func expectPlugin(_ kind: String, _ language: String, in workshop: Workshop) throws {
    let folder = "my-\(kind)"
    let made = try workshop.stepwise(
      "plugin",
      "new",
      "--kind",
      kind,
      "--lang",
      language,
      "fresh-words",
      "--directory",
      folder
    )
    #expect(made.code == 0, "\(made.error)")
    #expect(made.output.contains("org.example.\(kind).fresh-words"))
    try expectNoPlaceholders(in: workshop.file(folder))

    let built = try workshop.stepwise(
      "plugin",
      "build",
      folder,
      "--test",
      environment: ["SCRATCH": workshop.file("scratch").path]
    )
    #expect(built.code == 0, "\(built.output)\n\(built.error)")

    let listed = try workshop.stepwise(
      "plugin",
      "list",
      "--json",
      environment: ["STEPWISE_PLUGIN_PATH": workshop.file(folder).path]
    )
    let line = listed.output.split(separator: "\n").first { $0.contains("fresh-words") }
    #expect(line?.contains(#""kind":"\#(kind)""#) == true, "\(listed.output)\(listed.error)")

    let slot = ["reward": "rewards", "dataset": "demonstrations", "strategy": "strategy"][kind]!
    let value = "{plugin: ./\(folder)}"
    let run = try workshop.stepwise(
      "train",
      "tiny.yaml",
      "--dry-run",
      "\(slot)=\(kind == "reward" ? "[\(value)]" : value)"
    )
    #expect(run.code == 0, "\(run.error)")
    #expect(run.output.contains("./\(folder)"))
  }

  private func expectNoPlaceholders(in folder: URL) throws {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    for case let file as URL in files! {
      guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
      for placeholder in ["__NAME__", "__ID__", "__MODULE__", "__SWIFT__"] {
        #expect(!text.contains(placeholder), "\(file.path)")
      }
    }
  }
}

/// `plugin new` and `plugin build` when something is wrong.
@Suite struct AuthoringMistakeTests {
  @Test(arguments: [
    (["--kind", "reward", "--lang", "c", "Fresh"], "lower-case letters"),
    (["--kind", "reward", "--lang", "c", "-x"], "name"),
    (["--kind", "reward", "--lang", "c", "a/../../b"], "lower-case letters"),
    (["--kind", "rewards", "--lang", "c", "fresh"], "is not reward, dataset or strategy"),
    (["--kind", "reward", "--lang", "cobol", "fresh"], "cobol"),
    (["--kind", "strategy", "--lang", "ffi", "fresh"], "--lang ffi makes rewards only"),
    (["--kind", "reward", "--lang", "c", "fresh", "--id", "fresh"], "reverse DNS"),
  ])
  func wrongArgumentsMakeNothing(_ arguments: [String], _ words: String) throws {
    let workshop = try Workshop()
    let before = try FileManager.default.contentsOfDirectory(atPath: workshop.url.path).sorted()
    let answer = try Stepwise.run(["plugin", "new"] + arguments, in: workshop.url)
    #expect(answer.code == 64, "\(answer.error)")
    #expect(answer.error.contains(words), "\(answer.error)")
    let after = try FileManager.default.contentsOfDirectory(atPath: workshop.url.path)
      .filter { !$0.hasPrefix(".") && $0 != "cache" }.sorted()
    #expect(after == before)
  }

  @Test func nothingIsOverwritten() throws {
    let workshop = try Workshop()
    let arguments = ["plugin", "new", "--kind", "reward", "--lang", "c", "mine"]
    #expect(try Stepwise.run(arguments, in: workshop.url).code == 0)
    try workshop.write("mine/reward.c", "my work\n")
    let again = try Stepwise.run(arguments, in: workshop.url)
    #expect(again.code == 1)
    #expect(again.error.contains("mine is already there"))
    #expect(try workshop.text("mine/reward.c") == "my work\n")
  }

  @Test func aMissingTemplatesFolderIsNamed() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise(
      "plugin",
      "new",
      "--kind",
      "reward",
      "--lang",
      "c",
      "mine",
      environment: ["STEPWISE_TEMPLATES": "/nowhere"]
    )
    #expect(answer.code == 1)
    #expect(answer.error.contains("looked for reward-c/plugin.yaml in /nowhere"))
  }

  @Test func aBuildErrorIsTheCompilers() throws {
    let workshop = try Workshop()
    #expect(
      try workshop.stepwise("plugin", "new", "--kind", "reward", "--lang", "c", "mine").code == 0
    )
    try workshop.write("mine/reward.c", "this is no C\n")
    let answer = try workshop.stepwise("plugin", "build", "mine")
    #expect(answer.code == 1)
    #expect(answer.error.contains("reward.c:1"))
    #expect(!workshop.exists("mine/libmine.so"))
  }

  @Test func aMissingCompilerIsNamedWithItsCure() throws {
    let workshop = try Workshop()
    #expect(
      try workshop.stepwise("plugin", "new", "--kind", "reward", "--lang", "rust", "mine").code == 0
    )
    // A PATH with make and nothing else.
    try FileManager.default.createDirectory(
      at: workshop.file("bin"),
      withIntermediateDirectories: true
    )
    try FileManager.default.createSymbolicLink(
      at: workshop.file("bin/make"),
      withDestinationURL: URL(filePath: "/usr/bin/make")
    )
    let answer = try workshop.stepwise(
      "plugin",
      "build",
      "mine",
      environment: ["PATH": workshop.file("bin").path]
    )
    #expect(answer.code == 1)
    #expect(answer.error.contains("rustc is not in PATH"))
    #expect(answer.error.contains("apt-get install rustc"))
  }

  @Test func aFolderWithoutSourceIsRefused() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise("plugin", "build", ".")
    #expect(answer.code == 64)
    #expect(answer.error.contains("has no plugin.yaml"))
  }
}
