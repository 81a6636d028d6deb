import Components
import Foundation
import PluginConformance

/// A plugin that is compiled from a file of `Tests/Fixtures/plugins/faults`, in a folder of its own that goes with it. The file's
/// first line names the tests that must find its fault.
final class FaultFixture {
  /// The package's root.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let sources = root.appending(path: "Tests/Fixtures/plugins/faults")

  /// Every fixture's name, sorted.
  static let names: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(atPath: sources.path())
    return (files ?? []).filter { $0.hasSuffix(".c") }.map { String($0.dropLast(2)) }.sorted()
  }()

  let folder: URL
  let kind: ComponentKind
  /// Ids of the tests that must find the fault; empty for a plugin without one.
  let expected: [String]

  /// - Parameter directory: the folder of the source beside `faults`.
  init(_ name: String, in directory: String = "faults", flags: [String] = []) throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path: "stepwise-fault-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)"
    )
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let source = Self.sources.deletingLastPathComponent().appending(path: "\(directory)/\(name).c")
    let lines = try String(contentsOf: source, encoding: .utf8).split(separator: "\n")
    let head = lines[0].drop { "/* ".contains($0) }.prefix { $0 != ":" }
    expected = head == "none" ? [] : head.split(separator: " ").map(String.init)
    kind = ComponentKind.allCases.first { name.contains($0.rawValue) }!
    let mark = " * yaml: "
    let extra = lines.prefix { !$0.hasPrefix("#include") }.filter { $0.hasPrefix(mark) }.map {
      String($0.dropFirst(mark.count)).replacingOccurrences(of: " */", with: "")
    }
    try manifest(extra).write(
      to: folder.appending(path: "plugin.yaml"),
      atomically: true,
      encoding: .utf8
    )
    try Self.compile([source], to: folder.appending(path: "lib.so"), flags: flags)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func manifest(_ extra: [String]) -> String {
    """
    manifest: 1
    id: org.stepwise.fixture.fault
    kinds: [\(kind.rawValue)]
    version: 1.0.0
    abi: "1.0"
    summary: A fixture.
    variants:
      - { os: linux, arch: x86_64, file: lib.so }
      - { os: linux, arch: aarch64, file: lib.so }

    """ + extra.map { $0 + "\n" }.joined()
  }

  /// Compiles a C file against the headers.
  static func compile(_ sources: [URL], to library: URL, flags: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      [
        "cc", "-std=gnu11", "-O0", "-g", "-shared", "-fPIC", "-fvisibility=hidden", "-w",
        "-D_GNU_SOURCE", "-I", root.appending(path: "Sources/CStepwisePlugin/include").path(),
      ] + flags + sources.map { $0.path() } + ["-o", library.path(), "-lm"]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: String(decoding: text, as: UTF8.self))
    }
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  var subject: CheckSubject {
    CheckSubject(
      manifestFile: folder.appending(path: "plugin.yaml").path(),
      kind: kind,
      component: "org.stepwise.fixture.fault",
      imageDirectory: folder.appending(path: "images").path()
    )
  }
}

extension CheckHost {
  /// The folder of the test's executable, where the build also puts `stepwise`.
  static let buildFolder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path()

  /// Starts tests with the built program.
  ///
  /// - Parameter slowness: less than 1 where a plugin hangs on purpose.
  static func built(slowness: Double = 1, environment: [String: String] = [:]) -> CheckHost {
    CheckHost(
      executable: buildFolder + "/stepwise",
      arguments: ["plugin", "check-one"],
      environment: environment,
      slowness: slowness
    )
  }
}
