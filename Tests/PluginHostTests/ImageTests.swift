import Components
import Foundation
import Testing

@testable import PluginHost

@Suite struct ImageTests {
  /// Replaces the fixture's library by `change` of its bytes and gives the error of loading it.
  private func error(_ change: (inout [UInt8]) -> Void, flags: [String] = []) throws -> PluginError
  {
    let fixture = try Fixture("reward", .reward, flags: flags)
    var bytes = Array(try Data(contentsOf: fixture.library))
    change(&bytes)
    try Data(bytes).write(to: fixture.library)
    return try #require(pluginError { _ = try fixture.reward() })
  }

  @Test func truncatedAnywhere() throws {
    let fixture = try Fixture("reward", .reward)
    let whole = try Data(contentsOf: fixture.library)
    for count in Array(stride(from: 0, to: whole.count, by: 512)) + [1, 3, 63, 64, whole.count - 1]
    {
      try whole.prefix(count).write(to: fixture.library)
      let error = try #require(pluginError { _ = try fixture.reward() })
      guard case .image(let problem) = error.problem else {
        Issue.record("\(count) bytes: \(error)")
        continue
      }
      if count == 0 { #expect(problem == .empty) }
    }
  }

  @Test func textFile() throws {
    let error = try error {
      $0 = Array("#!/bin/sh\necho hello, this is a script and no library\n".utf8)
    }
    #expect(error.description.contains("no ELF library; it starts with \"#!/bin/sh"))
  }

  @Test func wrongMachine() throws {
    let error = try error { $0[18] = 243 }
    #expect(error.problem == .image(.wrongMachine(found: 243, expected: ELFImage.hostMachine)))
    #expect(error.description.contains("e_machine 243"))
  }

  @Test func wrongClassOrderAndType() throws {
    #expect(try error { $0[4] = 1 }.problem == .image(.wrongClass(1)))
    #expect(try error { $0[5] = 2 }.problem == .image(.wrongByteOrder(2)))
    #expect(try error { $0[16] = 1 }.problem == .image(.notShared(type: 1)))
  }

  @Test func executableStack() throws {
    #expect(try error({ _ in }, flags: ["-z", "execstack"]).problem == .image(.executableStack))
  }

  @Test func initialExecTLS() throws {
    let error = try error(
      { _ in },
      flags: [
        "-include", Fixture.sources.appending(path: "tls.h").path(), "-ftls-model=initial-exec",
      ]
    )
    #expect(error.problem == .image(.initialExecTLS))
  }

  @Test func newerGlibc() throws {
    // Rename the version in the string table; its length stays.
    let error = try error { bytes in
      for start in bytes.indices.dropLast(12)
      where bytes[start...].starts(with: Array("GLIBC_2.".utf8)) {
        bytes[start + 6] = UInt8(ascii: "9")
      }
    }
    guard case .image(.newerGlibc(let needed, _)) = error.problem else {
      Issue.record("\(error)")
      return
    }
    #expect(needed.hasPrefix("9."))
  }

  /// Any single byte of the headers may be wrong: an error or a library, never a crash of the reader.
  @Test func everyHeaderByteFlipped() throws {
    let fixture = try Fixture("reward", .reward)
    let whole = Array(try Data(contentsOf: fixture.library))
    let headers = Array(0..<1024) + Array((whole.count - 2048)..<whole.count)
    for index in headers {
      for value in [UInt8(0), 0xFF, whole[index] ^ 0x80] {
        var bytes = whole
        bytes[index] = value
        _ = try? ELFImage(bytes).checkLoadable()
      }
    }
  }

  @Test func digestIsThatOfTheFile() {
    #expect(
      sha256(Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    #expect(sha256([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func manifestDigestIsChecked() throws {
    let fixture = try Fixture("reward", .reward)
    let digest = sha256(Array(try Data(contentsOf: fixture.library)))
    let text = String(decoding: try Data(contentsOf: fixture.manifest), as: UTF8.self)
    try Data(text.replacing("file: lib.so", with: "file: lib.so, sha256: \(digest)").utf8)
      .write(to: fixture.manifest)
    #expect(try fixture.reward().part.identity.digest == digest)
    var bytes = try Data(contentsOf: fixture.library)
    bytes.append(0)
    try bytes.write(to: fixture.library)
    let error = try #require(pluginError { _ = try fixture.reward() })
    #expect(error.problem == .file)
    #expect(error.description.contains("the manifest says \(digest)"))
  }

  /// The library is loaded from a private copy: the original may be truncated while it is in use.
  @Test func theOriginalMayChangeWhileInUse() throws {
    let fixture = try Fixture("reward", .reward)
    let loaded = try fixture.reward()
    #expect(loaded.plugin.libraryFile == fixture.library.path())
    #expect(loaded.plugin.imageFile.hasSuffix("/\(loaded.plugin.identity.digest).so"))
    try Data("gone".utf8).write(to: fixture.library)
    #expect(try loaded.part.score(batch(["a"])) == [.score(1)])
    let mode =
      try FileManager.default.attributesOfItem(atPath: loaded.plugin.imageFile)[
        .posixPermissions
      ] as? Int
    #expect(mode == 0o500)
  }

  /// The same path with new bytes gives the new code, which dlopen of the path itself would not.
  @Test func rebuiltLibraryIsNewCode() throws {
    let fixture = try Fixture("reward", .reward)
    let old = try fixture.reward()
    let other = try Fixture("reward", .reward, defines: ["FAULT=SCORE_FAILS"])
    try FileManager.default.removeItem(at: fixture.library)
    try FileManager.default.copyItem(at: other.library, to: fixture.library)
    let new = try fixture.reward()
    #expect(old.plugin.identity.digest != new.plugin.identity.digest)
    #expect(try old.part.score(batch(["a"])) == [.score(1)])
    #expect(pluginError { _ = try new.part.score(batch(["a"])) } != nil)
  }

  @Test func damagedCopyIsReplaced() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "images-\(UUID().uuidString)"
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = ImageStore(directory: folder.path())
    let path = try store.keep([1, 2, 3], digest: "d")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try Data([9]).write(to: URL(filePath: path))
    #expect(try store.keep([1, 2, 3], digest: "d") == path)
    #expect(Array(try Data(contentsOf: URL(filePath: path))) == [1, 2, 3])
  }
}
