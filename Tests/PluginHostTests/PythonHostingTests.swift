import Components
import Foundation
import Testing

@testable import PluginHost

@Suite(.enabled(if: PythonFixture.obstacle == nil, "needs python3 of at least 3.9"))
struct PythonHostingTests {
  /// The package's own tests, and those of plugins in Python, against a real interpreter. Where pyarrow is missing, those of `parquet`
  /// say that they are skipped.
  @Test(arguments: ["python", "parquet", "code-execution-reward"])
  func thePythonSidePassesItsTests(name: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-B", "-m", "unittest", "discover", "-s",
      Fixture.root.appending(path: "Plugins/\(name)/tests").path(),
    ]
    let output = Pipe()
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.contains("\nOK"))
  }

  // MARK: - Interpreters

  @Test func theInterpreterIsChosen() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "venv-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let bin = folder.appending(path: "bin")
    try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: true)
    for name in ["python", "python3", "mypython"] {
      try FileManager.default.createSymbolicLink(
        at: bin.appending(path: name),
        withDestinationURL: URL(filePath: "/bin/true")
      )
    }
    let path = folder.path()
    func find(_ named: String?, _ environment: [String: String]) throws -> String {
      try PythonInterpreter.find(named: named, directory: path) { environment[$0] }.path
    }
    let both = ["VIRTUAL_ENV": path, "PATH": "/nothing::relative:\(path)/bin"]
    #expect(try find(nil, both) == "\(path)/bin/python")
    #expect(try find(nil, ["PATH": "\(path)/bin"]) == "\(path)/bin/python3")
    #expect(try find("mypython", both) == "\(path)/bin/mypython")
    #expect(try find("bin/python3", both) == "\(path)/bin/python3")
    #expect(try find("\(path)/bin/python3", [:]) == "\(path)/bin/python3")
    #expect(throws: PythonInterpreter.Missing.self) { try find("missing", both) }
    #expect(throws: PythonInterpreter.Missing.self) { try find("bin/missing", both) }
    #expect(throws: PythonInterpreter.Missing.self) { try find(nil, ["VIRTUAL_ENV": "/nothing"]) }
    #expect(throws: PythonInterpreter.Missing.self) { try find(nil, ["PATH": "bin"]) }
  }

  @Test func aMissingInterpreterHasACure() throws {
    let fixture = try PythonFixture(
      "texts",
      .reward,
      object: "echo",
      interpreter: ".venv/bin/python"
    )
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.message.contains(".venv/bin/python, the manifest's python.interpreter, is not"))
    #expect(error.cure?.contains("python3 -m venv") ?? false)
    let other = try PythonFixture("texts", .reward, object: "echo", interpreter: "/bin/true")
    let wrong = try #require(pluginError { _ = try other.reward() })
    #expect(wrong.hook == "start")
    #expect(wrong.message.hasPrefix("its interpreter /bin/true ended with exit status 0"))
  }

  // MARK: - Sources and images

  @Test func whatRunsIsAPrivateCopy() throws {
    let fixture = try PythonFixture("texts", .reward, object: "echo")
    let alone = try fixture.reward().plugin
    let bytes = try Files.read(fixture.plugin.path() + "/texts.py", limit: 1 << 20)
    #expect(alone.identity.digest == sha256(bytes))
    #expect(alone.imageFile.hasSuffix("/\(alone.identity.digest).py"))
    try fixture.write("VALUE = 0.5", to: "helper.py")
    try fixture.write(
      "import helper\ndef echo(completions): return [helper.VALUE for _ in completions]",
      to: "texts.py"
    )
    try FileManager.default.createDirectory(
      at: fixture.plugin.appending(path: "__pycache__"),
      withIntermediateDirectories: true
    )
    try fixture.write("junk", to: "__pycache__/x.py")
    let reward = try fixture.reward()
    #expect(reward.plugin.imageFile.hasSuffix("/\(reward.plugin.identity.digest).tar"))
    let tar = try Files.read(reward.plugin.imageFile, limit: 1 << 20)
    #expect(reward.plugin.identity.digest == sha256(tar))
    // Imported late or not, it is the old one.
    try fixture.write("VALUE = 0.25", to: "helper.py")
    #expect(try reward.part.score(batch(["a"])) == [.score(0.5)])
    let next = try fixture.reward()
    #expect(next.plugin.identity.digest != reward.plugin.identity.digest)
    #expect(try next.part.score(batch(["a"])) == [.score(0.25)])
  }

  @Test func archivesAreReadByTar() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "src-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let deep = String(repeating: "d", count: 90)
    for (path, text) in [
      ("main.py", "x = 1\n"), ("b/c.py", ""), ("\(deep)/\(deep).py", "long = True\n"),
      ("b/ä.py", "ü = 'ü'\n"), (".hidden/no.py", "no"), ("venv/pyvenv.cfg", ""),
      ("venv/no.py", "no"),
    ] {
      let file = folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try Data(text.utf8).write(to: file)
    }
    let sources = try PythonSources(entry: folder.path() + "/main.py")
    #expect(sources.files.map(\.path) == ["b/c.py", "b/ä.py", "\(deep)/\(deep).py", "main.py"])
    let archive = folder.appending(path: "image.tar")
    try Data(try sources.image()).write(to: archive)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c",
      "import sys, tarfile\nfor m in tarfile.open(sys.argv[1]): print(m.name, m.size, oct(m.mode))",
      archive.path(),
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(
      text
        == "b/c.py 0 0o644\nb/ä.py 10 0o644\n\(deep)/\(deep).py 12 0o644\nmain.py 6 0o644\n"
    )
  }

  @Test func listingLoadsNothing() throws {
    let fixture = try PythonFixture("texts", .reward, object: "echo", interpreter: "/nothing")
    let list = fixture.catalog.list()
    #expect(list.map(\.id) == [fixture.id])
    #expect(list[0].libraryFile == fixture.plugin.path() + "/texts.py")
    try FileManager.default.removeItem(at: fixture.plugin.appending(path: "texts.py"))
    #expect(fixture.catalog.list()[0].libraryFile == nil)
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.problem == .file)
    #expect(error.message.hasPrefix("there is no file "), "\(error)")
  }

  @Test func inProcessIsRefused() throws {
    let fixture = try PythonFixture("texts", .reward, object: "echo")
    let reference = PluginReference(fixture.id, isolation: .inProcess)
    let error = try #require(pluginError { _ = try fixture.catalog.loadReward(reference) })
    #expect(error.problem == .isolation)
    #expect(error.message == "a Python plugin always runs in a process of its own")
  }

  @Test func aMissingObjectIsNamed() throws {
    let fixture = try PythonFixture("texts", .reward, object: "ecko")
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.problem == .handshake)
    #expect(error.message == "the file has no 'ecko'")
    #expect(error.cure == "it has same, echo, Answers")
  }

  // MARK: - The wire

  @Test func base64IsThatOfEverybody() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
      #expect(Base64.text(of: bytes) == Data(bytes).base64EncodedString())
      #expect(Base64.bytes(of: Base64.text(of: bytes)) == bytes)
    }
    #expect(Base64.bytes(of: "abc") == nil)
    #expect(Base64.bytes(of: "ab!=") == nil)
  }

  @Test func writesJSON() {
    var writer = JSONWriter()
    writer.object { writer in
      writer.field("a", 1)
      writer.field("b", [Double.nan, nil, -.infinity, 1, .leastNonzeroMagnitude])
      writer.field("c", "\"\\\u{0}\n{[:")
      writer.key("d")
      writer.list(0..<2) { writer, _ in writer.object { _ in } }
      writer.field("e", UInt64.max)
      writer.field("f", [Int64.min, -10, 0, 7])
    }
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == #"{"a":1,"b":[NaN,null,-Infinity,1.0,5e-324],"c":"\"\\\u0000\u000a{[:","#
        + #""d":[{},{}],"e":18446744073709551615,"f":[-9223372036854775808,-10,0,7]}"#
    )
  }
}
