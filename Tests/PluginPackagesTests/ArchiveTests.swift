import Foundation
import PluginHost
import Testing

@testable import PluginPackages

/// Archives that must not get in. `Fixtures/hostile.py` makes them with Python's tarfile, which has no scruples.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not there to make the archives"))
struct ArchiveTests {
  private static let made: (folder: String, names: [String]) = {
    guard let scratch = try? Scratch() else { return ("", []) }
    // Lives as long as the tests do; removed at exit.
    let folder = Unmanaged.passRetained(scratch).takeUnretainedValue().path
    HostileArchives.folder = folder
    _ = try? run("python3", ["\(Fixtures.folder)/hostile.py", folder])
    atexit { try? FileManager.default.removeItem(atPath: HostileArchives.folder) }
    return (folder, scratch.names(folder).map { String($0.dropLast(4)) })
  }()

  private static var hostile: [String] { made.names.filter { !$0.hasPrefix("good") } }

  private static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(made.folder)/\(name).tgz")))
  }

  private func open(_ name: String) throws -> PackageContents {
    try PackageContents(unpacking: Self.bytes(name), subject: name)
  }

  @Test(arguments: ["good", "good-by-hand"])
  func goodArchivesOpen(_ name: String) throws {
    let contents = try open(name)
    #expect(contents.manifest.id == "org.example.reward.tiny")
    #expect(
      contents.files.keys.sorted() == ["README.md", "SHA256SUMS", "plugin.yaml", "reward.py"]
    )
  }

  @Test func thereAreHostileArchives() { #expect(Self.hostile.count >= 60) }

  @Test(arguments: hostile)
  func isRefused(_ name: String) throws {
    let found = failure { _ = try open(name) }
    let error = try #require(found, "\(name) was not refused")
    #expect([.malformed, .unfit].contains(error.problem), "\(error)")
    #expect(error.subject == name)
    #expect(!error.message.isEmpty)
  }

  @Test(arguments: [
    ("traversal", "'..'"), ("traversal-inside", "'..'"), ("absolute", "absolute"),
    ("pax-path", "'..'"), ("symlink", "symbolic link"), ("pax-symlink", "regular file"),
    ("hardlink", "hard link"), ("character-device", "regular file"), ("fifo", "regular file"),
    ("folder", "regular file"), ("duplicate", "twice"), ("case-twins", "twice"),
    ("file-and-folder", "in the file x"), ("folder-and-file", "a file and a folder"),
    ("bomb", "unpacks to more"), ("bomb-in-bomb", "compressed once"), ("many-entries", "4096"),
    ("pax-size", "unpacks to more"), ("size-exabytes", "unpacks to more"),
    ("not-compressed", "compressed once"), ("accent", "locale"), ("deep", "folders deep"),
    ("long-name", "255"), ("wrong-sum", "SHA-256"), ("unlisted", "not in SHA256SUMS"),
    ("missing", "not there"), ("other-abi", "2.0"), ("wrong-digest", "its manifest says"),
    ("no-digest", "no sha256"), ("no-elf", "no library"),
  ])
  func saysWhy(_ name: String, _ words: String) throws {
    let error = try #require(failure { _ = try open(name) })
    #expect(error.message.contains(words), "\(error)")
  }

  /// A bomb is not unpacked to find out that it is one.
  @Test func bombsAreCheap() throws {
    let bytes = try Self.bytes("bomb")
    var limits = ArchiveLimits()
    limits.ratioFloor = 1 << 16
    let start = ContinuousClock.now
    #expect(
      problem { _ = try ArchiveReader(subject: "bomb", limits: limits).files(bytes) } == .malformed
    )
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  @Test func limitsHold() throws {
    let files = Dictionary(uniqueKeysWithValues: (0..<20).map { ("f\($0)", [UInt8]([7, 7])) })
    let bytes = try ArchiveWriter(subject: "a").archive(files)
    #expect(try ArchiveReader(subject: "a").files(bytes).count == 20)
    var limits = ArchiveLimits()
    limits.entries = 19
    #expect(problem { _ = try ArchiveReader(subject: "a", limits: limits).files(bytes) } != nil)
    limits = ArchiveLimits()
    limits.totalSize = 39
    #expect(problem { _ = try ArchiveReader(subject: "a", limits: limits).files(bytes) } != nil)
    limits.totalSize = 40
    #expect(try ArchiveReader(subject: "a", limits: limits).files(bytes).count == 20)
    limits.packageSize = bytes.count - 1
    #expect(problem { _ = try ArchiveReader(subject: "a", limits: limits).files(bytes) } != nil)
  }
}

/// Where the archives are, for the handler at exit, which can capture nothing.
private enum HostileArchives { nonisolated(unsafe) static var folder = "" }
