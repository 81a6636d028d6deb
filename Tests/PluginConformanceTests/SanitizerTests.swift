import Components
import Foundation
import PluginConformance
import PluginHost
import Testing

/// What the toolchain has.
enum AddressSanitizer {
  static let flags = ["-fsanitize=address"]

  /// Whether cc links with -fsanitize=address.
  static let isThere: Bool = {
    let folder = FileManager.default.temporaryDirectory.appending(path: "stepwise-asan-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    guard
      (try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true))
        != nil
    else { return false }
    let source = folder.appending(path: "empty.c")
    try? Data("int empty;".utf8).write(to: source)
    let library = folder.appending(path: "empty.so")
    return (try? FaultFixture.compile([source], to: library, flags: flags)) != nil
  }()
}

/// Libraries that were compiled with AddressSanitizer, where the toolchain has it.
@Suite(
  .serialized,
  .enabled(if: AddressSanitizer.isThere, "cc has no AddressSanitizer")
) struct SanitizerTests {
  private func host(_ library: URL) throws -> CheckHost {
    let sanitizer = try #require(try Sanitizer(for: library.path()))
    return .built(slowness: Sanitizer.slowness, environment: sanitizer.environment)
  }

  /// What only the sanitizer sees, with the place.
  @Test func findsWhatNothingElseSees() throws {
    let plain = try FaultFixture("reward-overread", in: "sanitized")
    #expect(try Sanitizer(for: plain.folder.appending(path: "lib.so").path()) == nil)
    let before = try CheckRunner(host: .built(), filter: "score").run(plain.subject)
    #expect(before.allSatisfy { $0.answer == .passed })

    let fixture = try FaultFixture(
      "reward-overread",
      in: "sanitized",
      flags: AddressSanitizer.flags
    )
    let host = try host(fixture.folder.appending(path: "lib.so"))
    let results = try CheckRunner(host: host, filter: "score.completes").run(fixture.subject)
    let result = try #require(results.first)
    #expect(result.answer == .crashed)
    #expect(result.found.contains("heap-buffer-overflow"), "\(result.found)")
    #expect(result.found.contains("reward-overread.c"), "\(result.found)")
  }

  @Test func aGoodPluginPasses() throws {
    let fixture = try FaultFixture("good-reward", flags: AddressSanitizer.flags)
    let host = try host(fixture.folder.appending(path: "lib.so"))
    try expectGood(try CheckRunner(host: host).run(fixture.subject))
  }

  /// The shipped C plugins, compiled again.
  @Test(arguments: [
    ("gsm8k-reward", ["Sources/plugin.c", "Core/gsm8k.c"]), ("static", ["Sources/static.c"]),
  ])
  func shippedPluginsPass(name: String, sources: [String]) throws {
    let own = FaultFixture.root.appending(path: "Plugins/\(name)")
    let folder = FileManager.default.temporaryDirectory.appending(path: "stepwise-asan-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let manifestFile = folder.appending(path: "plugin.yaml")
    try FileManager.default.copyItem(at: own.appending(path: "plugin.yaml"), to: manifestFile)
    let library = folder.appending(path: "lib\(name).so")
    try FaultFixture.compile(
      sources.map { own.appending(path: $0) },
      to: library,
      flags: AddressSanitizer.flags + ["-I", own.appending(path: "Core/include").path()]
    )
    let manifest = try PluginManifest(contentsOf: manifestFile.path())
    for component in manifest.components {
      let subject = CheckSubject(
        manifestFile: manifestFile.path(),
        kind: component.kind,
        component: component.id,
        imageDirectory: folder.appending(path: "images").path()
      )
      try expectGood(try CheckRunner(host: try host(library)).run(subject))
    }
  }

  private func expectGood(_ results: [CheckResult]) throws {
    for result in results {
      #expect(
        result.answer == .passed || result.answer == .skipped,
        "\(result.test): \(result.answer.rawValue) \(result.found)"
      )
    }
    #expect(results.count { $0.answer == .passed } >= 20)
  }
}
