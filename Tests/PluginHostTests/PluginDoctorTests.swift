import Components
import Foundation
import Testing

@testable import PluginHost

@Suite struct PluginDoctorTests {
  /// A folder for what is compiled.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString)")
    init() throws {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: url) }

    /// Compiles text.
    func library(
      _ source: String,
      _ flags: [String] = [],
      name: String = "lib.so",
      language: String = "c"
    ) throws -> String {
      let file = url.appending(path: "source.\(language)")
      try Data(source.utf8).write(to: file)
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      let output = url.appending(path: name).path()
      process.arguments =
        [language == "c" ? "cc" : "g++", "-shared", "-fPIC", "-w", file.path(), "-o", output]
        + flags
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { throw FixtureFailure(message: "cc failed") }
      return output
    }
  }

  private static let entry = "const void *stepwise_plugin_entry(void) { return 0; }\n"

  private func finding(_ report: BinaryReport, _ check: String) -> BinaryReport.Finding? {
    report.findings.first { $0.check == check }
  }

  @Test func goodPlugin() throws {
    let fixture = try Fixture("reward", .reward)
    let reports = try PluginDoctor.examine(fixture.folder.appending(path: "plugin").path())
    let report = try #require(
      reports.first { !$0.findings.contains { $0.message.contains("no more can be known") } }
    )
    #expect(report.verdict == .passed, "\(report.findings)")
    #expect(report.digest == sha256(Array(try Data(contentsOf: fixture.library))))
    #expect(report.needs.map(\.name) == ["libc.so.6"])
    #expect(report.needs[0].file?.hasSuffix("/libc.so.6") == true)
    #expect(finding(report, "exports")?.message == "the entry and nothing else")
    #expect(report.value["findings"] != nil)
  }

  /// A source, flags, and the finding: check, verdict, words of message and cure.
  static let faults: [(String, [String], String, BinaryReport.Verdict, [String])] = [
    ("int x;", [], "entry", .failed, ["does not export stepwise_plugin_entry", "c-function"]),
    (
      "__attribute__((visibility(\"hidden\"))) int stepwise_plugin_entry(void) { return 0; }", [],
      "entry", .failed, ["does not export"]
    ),
    ("int stepwise_plugin_entry = 3;", [], "entry", .failed, ["is no function"]),
    (
      entry + "int helper(void); int other(void) { return helper(); }", [],
      "symbols", .failed, ["nothing defines helper", "link the library"]
    ),
    (
      entry + "int dlclose_all(void); double fma2(double x) { return x; } int a1, b2, c3;", [],
      "exports", .warning, ["4 symbols beside the entry", "-fvisibility=hidden"]
    ),
    (entry, ["-z", "execstack"], "stack", .failed, ["executable stack", "noexecstack"]),
    (
      entry + "static __thread int x; int *f(void) { return &x; }", ["-ftls-model=initial-exec"],
      "thread-local storage", .failed, ["initial-exec", "global-dynamic"]
    ),
    (
      entry, ["-Wl,-rpath,/home/somebody/lib"], "run path", .warning,
      ["/home/somebody/lib", "patchelf"]
    ),
    (entry, ["-Wl,-rpath,$ORIGIN"], "run path", .passed, ["nothing is looked for there"]),
  ]

  @Test(arguments: faults)
  func finds(
    source: String,
    flags: [String],
    check: String,
    verdict: BinaryReport.Verdict,
    words: [String]
  ) throws {
    let folder = try Folder()
    let report = try #require(try PluginDoctor.examine(try folder.library(source, flags)).first)
    let found = try #require(finding(report, check), "\(report.findings)")
    #expect(found.verdict == verdict, "\(found)")
    let text = found.message + " " + (found.cure ?? "")
    for word in words { #expect(text.contains(word), "\(found)") }
  }

  @Test func missingLibraryAndOneBesideThePlugin() throws {
    let folder = try Folder()
    let helper = try folder.library("int help(void) { return 1; }", name: "libhelper.so")
    let library = try folder.library(
      Self.entry + "int help(void); int other(void) { return help(); }",
      ["-L", folder.url.path(), "-lhelper", "-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed"]
    )
    let beside = BinaryExamination.report(on: library)
    #expect(finding(beside, "libraries")?.verdict == .failed)
    #expect(finding(beside, "libraries")?.message.contains("private copy") == true)
    #expect(beside.needs.first { $0.name == "libhelper.so" }?.file == nil)
    try FileManager.default.removeItem(atPath: helper)
    let gone = BinaryExamination.report(on: library)
    #expect(finding(gone, "libraries")?.message == "libhelper.so is not on this machine")
    #expect(finding(gone, "symbols")?.verdict == .warning)
  }

  @Test func librariesThatTheHostHappensToHave() throws {
    let folder = try Folder()
    // Without -lm, as long as somebody else has it.
    let library = try folder.library(
      Self.entry + "double cbrt(double); double f(double x) { return cbrt(x); }"
    )
    let found = try #require(finding(BinaryExamination.report(on: library), "symbols"))
    #expect(found.verdict == .warning)
    #expect(found.message.contains("cbrt"), "\(found)")
    #expect(found.cure?.contains("-lm") == true)
  }

  @Test func uniqueSymbolsOfTemplates() throws {
    let source = """
      extern "C" const void *stepwise_plugin_entry() { return 0; }
      template <class T> struct S { static int count; };
      template <class T> int S<T>::count = 0;
      int use() { return S<int>::count++; }
      """
    let folder = try Folder()
    let report = BinaryExamination.report(on: try folder.library(source, language: "cpp"))
    let found = try #require(finding(report, "unique symbols"))
    #expect(found.verdict == .warning)
    #expect(found.message.contains("_ZN1SIiE5countE"), "\(found)")
    #expect(found.cure?.contains("-fno-gnu-unique") == true)
    let cured = BinaryExamination.report(
      on: try folder.library(source, ["-fno-gnu-unique"], language: "cpp")
    )
    #expect(finding(cured, "unique symbols")?.verdict == .passed)
  }

  @Test func newerGlibcAndVersions() throws {
    let fixture = try Fixture("reward", .reward)
    var bytes = Array(try Data(contentsOf: fixture.library))
    for start in bytes.indices.dropLast(12)
    where bytes[start...].starts(with: Array("GLIBC_2.".utf8)) {
      bytes[start + 6] = UInt8(ascii: "9")
    }
    try Data(bytes).write(to: fixture.library)
    let report = BinaryExamination.report(on: fixture.library.path())
    let found = try #require(finding(report, "glibc"))
    #expect(found.verdict == .failed)
    #expect(found.message.contains("it needs glibc 9."), "\(found)")
  }

  @Test func filesThatAreNoLibraries() throws {
    let folder = try Folder()
    let text = folder.url.appending(path: "text").path()
    try Data("hello, I am no library".utf8).write(to: URL(filePath: text))
    #expect(BinaryExamination.report(on: text).findings[0].message.contains("no ELF library"))
    let none = BinaryExamination.report(on: "/nowhere/lib.so")
    #expect(none.verdict == .failed)
    #expect(none.findings[0].message.contains("No such file"))
    var bytes = Array(try Data(contentsOf: URL(filePath: try folder.library(Self.entry))))
    bytes[18] = 243
    try Data(bytes).write(to: URL(filePath: text))
    let machine = BinaryExamination.report(on: text)
    #expect(machine.findings.last?.check == "machine")
    #expect(machine.verdict == .failed)
  }

  /// Any byte of the headers may be wrong: findings, never a crash of the examination.
  @Test func everyHeaderByteFlipped() throws {
    let fixture = try Fixture("reward", .reward)
    let whole = Array(try Data(contentsOf: fixture.library))
    let file = fixture.folder.appending(path: "flipped.so")
    let headers = Array(0..<1024) + Array((whole.count - 2048)..<whole.count)
    for index in headers where index % 11 == 0 {
      var bytes = whole
      bytes[index] ^= 0xFF
      try Data(bytes).write(to: file)
      _ = BinaryExamination.report(on: file.path())
    }
  }

  @Test func swiftPlugin() throws {
    let library = FixtureSuite.libraryFolder + "/libFixtureSuite.so"
    let report = BinaryExamination.report(on: library)
    #expect(finding(report, "entry")?.verdict == .passed)
    #expect(finding(report, "swift")?.verdict == .passed, "\(report.findings)")
    #expect(finding(report, "libraries")?.verdict == .passed)
    #expect(finding(report, "run path")?.verdict == .passed, "\(report.findings)")
    #expect(finding(report, "symbols")?.verdict == .passed, "\(report.findings)")
  }

  @Test func manifestAgainstBinary() throws {
    let fixture = try Fixture("reward", .reward)
    let text = String(decoding: try Data(contentsOf: fixture.manifest), as: UTF8.self)
    let examine = { (extra: String) throws -> [BinaryReport] in
      let changed = text.replacing("file: lib.so", with: "file: lib.so, \(extra)")
      try Data(changed.utf8).write(to: fixture.manifest)
      return try PluginDoctor.examine(fixture.manifest.path())
    }
    let wrong = try examine("sha256: \(String(repeating: "f", count: 64))")
    #expect(wrong.allSatisfy { finding($0, "manifest sha256")?.verdict == .failed })
    let right = try examine("sha256: \(sha256(Array(try Data(contentsOf: fixture.library))))")
    #expect(right.allSatisfy { finding($0, "manifest sha256")?.verdict == .passed })
    // One name for two machines is what a plugin has that each machine builds for itself; another name must lead to another
    // machine's library.
    #expect(right.contains { finding($0, "machine")?.verdict == .warning })
    try FileManager.default.copyItem(
      at: fixture.library,
      to: fixture.folder.appending(path: "plugin/other.so")
    )
    let arch = PluginManifest.hostArchitecture == "x86_64" ? "aarch64" : "x86_64"
    let own = text.replacing("arch: \(arch), file: lib.so", with: "arch: \(arch), file: other.so")
    try Data(own.utf8).write(to: fixture.manifest)
    let two = try PluginDoctor.examine(fixture.manifest.path())
    #expect(two.contains { finding($0, "machine")?.verdict == .failed })
    #expect(
      try examine("libc: \"2.0\"").contains { finding($0, "manifest libc")?.verdict == .failed }
    )
    #expect(
      try examine("libc: \"2.99\"").contains { finding($0, "manifest libc")?.verdict == .passed }
    )
    #expect(
      try examine("linkage: dynamic").contains {
        finding($0, "manifest linkage")?.verdict == .failed
      }
    )
    let fault = pluginError { _ = try PluginDoctor.examine("/nowhere/plugin.yaml") }
    #expect(fault?.problem == .manifest)
  }

  @Test func functions() throws {
    let function = "symbol: length\narguments: [{ value: completion, as: string }]\nresult: int32"
    let fixture = try FunctionFixture(function)
    let good = try PluginDoctor.examine(fixture.folder.path())
    #expect(good.contains { finding($0, "entry")?.message == "it exports length" })
    let wrong = try FunctionFixture(function.replacing("length", with: "lenght"))
    let bad = try PluginDoctor.examine(wrong.folder.path())
    #expect(bad.contains { finding($0, "entry")?.cure == "did you mean 'length'?" })
    let system = try FunctionFixture(
      "library: libm.so.6\nsymbol: fabs\narguments: [{ column: x, as: double }]\nresult: double",
      hasVariants: false
    )
    let libm = try #require(try PluginDoctor.examine(system.folder.path()).first)
    #expect(finding(libm, "entry")?.verdict == .passed)
    #expect(libm.verdict == .passed, "\(libm.findings)")
  }

  @Test func manifestAsJSON() throws {
    let manifest = try PluginManifest(
      parsing: Array(ManifestTests.whole.utf8),
      file: "/p/plugin.yaml"
    )
    let value = manifest.value
    #expect(value["id"] == .string("org.example.reward.length"))
    #expect(value["runtime"] == .string("native"))
    guard case .array(let components)? = value["components"],
      case .array(let parameters)? = components[0]["parameters"]
    else {
      Issue.record("\(value.json)")
      return
    }
    #expect(parameters.count == 8)
    #expect(parameters[0]["maximum"] == .double(1000))
    #expect(parameters[2]["enum"] == .array([.string("terse"), .string("full")]))
    #expect(components[0]["measures"]?["success_threshold"] == .double(1))
  }
}
