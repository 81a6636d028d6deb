import Foundation
import PluginHost
import Testing

@testable import PluginPackages

@Suite struct TrustTests {
  private let scratch: Scratch
  private let key: MinisignSecretKey
  private var store: TrustStore { scratch.store }

  init() throws {
    scratch = try Scratch()
    key = try MinisignSecretKey.generate()
  }

  private func package(version: String = "1.0.0", key: MinisignSecretKey?) throws -> PackageFile {
    let plugin = try scratch.python(version: version)
    return try PackageFile(contentsOf: try scratch.package(plugin, key: key))
  }

  private func install(_ package: PackageFile) throws -> Receipt {
    let signer = try store.verify(package).signer
    return try scratch.installer.install(package, signer: signer).receipt
  }

  /// The manifest and the digest of the code of an installed plugin.
  private func loaded(_ receipt: Receipt) -> (manifest: String, digest: String) {
    (
      scratch.receipts.folder(of: receipt) + "/plugin.yaml", receipt.files["reward.py"]!
    )
  }

  // MARK: Three words

  @Test func unsignedBadAndUnverifiedAreThreeThings() throws {
    let unsigned = try package(key: nil)
    let first = try #require(failure { _ = try store.verify(unsigned) })
    #expect(first.problem == .unsigned)
    #expect("\(first)".contains(": unsigned: "))

    var changed = try package(key: key)
    changed.bytes[40] ^= 1
    let second = try #require(failure { _ = try store.verify(changed) })
    #expect(second.problem == .badSignature)
    #expect("\(second)".contains(": bad signature: "))

    var stranger = try package(key: key)
    stranger.offeredKeys = []
    let third = try #require(failure { _ = try store.verify(stranger) })
    #expect(third.problem == .unverified)
    #expect("\(third)".contains(": could not verify: "))
  }

  @Test func everyByteOfAPackageCounts() throws {
    let package = try package(key: key)
    try store.add(key.publicKey)
    _ = try store.verify(package)
    #expect(package.bytes.count < 2000)
    for index in package.bytes.indices {
      for flip: UInt8 in [0x01, 0xFF] {
        var changed = package
        changed.bytes[index] ^= flip
        #expect(
          problem { _ = try store.verify(changed) } == .badSignature,
          "byte \(index), flip \(flip)"
        )
        // Without a signature the list inside still tells, or nothing that counts has changed.
        if let contents = try? PackageContents(unpacking: changed.bytes, subject: "x") {
          let whole = try PackageContents(unpacking: package.bytes, subject: "x")
          #expect(contents.files == whole.files, "byte \(index), flip \(flip)")
        }
      }
    }
    for index in package.signature!.indices {
      var changed = package
      changed.signature![index] ^= 1
      #expect(throws: PackageError.self, "byte \(index)") { try store.verify(changed) }
    }
    var cut = package
    cut.signature = []
    #expect(problem { _ = try store.verify(cut) } == .badSignature)
  }

  // MARK: Standing

  @Test func aStrangersKeyIsOfferedAndNotTrusted() throws {
    let package = try package(key: key)
    #expect(package.offeredKeys == [key.publicKey])
    #expect(try store.verify(package).standing == .stranger)
    try store.add(key.publicKey)
    #expect(try store.verify(package).standing == .trusted)
  }

  /// An attacker makes a key with the id of a trusted one and lays it beside the package.
  @Test func aKeyOnRecordGoesOverOneThatLiesBeside() throws {
    try store.add(key.publicKey)
    let other = try MinisignSecretKey.generate()
    let twin = MinisignSecretKey(id: key.publicKey.id, secret: other.secret)
    let package = try package(key: twin)
    #expect(package.offeredKeys == [twin.publicKey])
    #expect(problem { _ = try store.verify(package) } == .badSignature)
    #expect(problem { _ = try store.verify(package, given: twin.publicKey) } == .conflict)
    #expect(problem { try store.add(twin.publicKey) } == .conflict)
    #expect(try store.key(key.publicKey.id.description)?.publicKey == key.publicKey.base64)
  }

  @Test func aGivenKeyMustBeTheOne() throws {
    let package = try package(key: key)
    let other = try MinisignSecretKey.generate()
    #expect(try store.verify(package, given: key.publicKey).standing == .trusted)
    #expect(problem { _ = try store.verify(package, given: other.publicKey) } == .unverified)
  }

  @Test func revokedKeys() throws {
    let id = key.publicKey.id.description
    try store.add(key.publicKey, inProcess: true)
    let receipt = try install(try package(key: key))
    let (manifest, digest) = loaded(receipt)
    #expect(store.isTrusted(manifestFile: manifest, digest: digest))
    #expect(store.refusal(manifestFile: manifest) == nil)
    try store.revoke(id, reason: "stolen")
    #expect(!store.isTrusted(manifestFile: manifest, digest: digest))
    let refusal = try #require(store.refusal(manifestFile: manifest))
    #expect(refusal.problem == .untrusted)
    #expect(refusal.message.contains("stolen"))
    let error = failure { _ = try store.verify(try package(version: "1.1.0", key: key)) }
    #expect(error?.problem == .untrusted)
    #expect(
      problem { _ = try store.verify(try package(key: key), given: key.publicKey) } == .untrusted
    )
    // It does not come back by being added.
    #expect(problem { try store.add(key.publicKey) } == .untrusted)
    try store.forget(id)
    #expect(try store.add(key.publicKey).standing == .trusted)
  }

  @Test func akeyCanBeRevokedBeforeItIsSeen() throws {
    try store.revoke(key.publicKey.id.description)
    #expect(problem { _ = try store.verify(try package(key: key)) } == .untrusted)
    #expect(problem { try store.revoke("short") } == .key)
    #expect(problem { try store.forget("0000000000000000") } == .notFound)
  }

  @Test func expiredKeys() throws {
    try store.add(key.publicKey, inProcess: true, expires: "2030-06-30")
    let package = try package(key: key)
    // 2030-06-30T23:59:59Z and a second later.
    #expect(throws: Never.self) {
      try store.verify(package, now: Timestamp(seconds: 1_909_094_399))
    }
    let error = failure {
      _ = try store.verify(package, now: Timestamp(seconds: 1_909_094_400))
    }
    #expect(error?.problem == .untrusted)
    #expect(error?.message.contains("expired after 2030-06-30") == true)
    for text in ["2030-02-30", "tomorrow", "2030-6-3", "2030-06-30x", "+030-06-30"] {
      #expect(problem { try store.add(key.publicKey, expires: text) } == .key, "\(text)")
    }
    try store.add(key.publicKey, inProcess: true, expires: "2020-01-01")
    let receipt = try scratch.installer.install(
      package,
      signer: Signer(key: key.publicKey, comment: nil)
    ).receipt
    let (manifest, digest) = loaded(receipt)
    #expect(!store.isTrusted(manifestFile: manifest, digest: digest))
    // It was good when it was installed: it stays, isolated.
    #expect(store.refusal(manifestFile: manifest) == nil)
  }

  @Test func rotatedKeys() throws {
    let new = try MinisignSecretKey.generate()
    let (old, id) = (key.publicKey.id.description, new.publicKey.id.description)
    try store.add(key.publicKey, inProcess: true)
    let receipt = try install(try package(version: "2.0.0", key: key))
    try store.add(new.publicKey, replaces: old)
    #expect(try store.key(old)?.standing == .replaced)
    #expect(try store.key(old)?.replacedBy == id)
    #expect(try store.key(id)?.inProcess == true)
    let refused = failure { _ = try store.verify(try package(version: "2.1.0", key: key)) }
    #expect(refused?.problem == .untrusted)
    #expect(refused?.message.contains(id) == true)
    // What the old key signed stays as it was.
    let (manifest, digest) = loaded(receipt)
    #expect(store.isTrusted(manifestFile: manifest, digest: digest))
    #expect(store.refusal(manifestFile: manifest) == nil)
    // The new one stands on the old one's floor.
    let older = try package(version: "1.9.0", key: new)
    #expect(problem { _ = try install(older) } == .downgrade)
    _ = try install(try package(version: "2.1.0", key: new))
    #expect(problem { try store.add(new.publicKey, replaces: id) } == .key)
    #expect(problem { try store.add(new.publicKey, replaces: "0000000000000000") } == .notFound)
  }

  @Test func aRevokedKeyPassesNothingOn() throws {
    try store.add(key.publicKey, inProcess: true)
    try store.revoke(key.publicKey.id.description)
    let new = try MinisignSecretKey.generate()
    try store.add(new.publicKey, replaces: key.publicKey.id.description)
    #expect(try store.key(new.publicKey.id.description)?.inProcess == false)
    #expect(try store.key(key.publicKey.id.description)?.standing == .revoked)
  }

  // MARK: In process

  @Test func installingIsNotRunningInProcess() throws {
    try store.add(key.publicKey)
    let receipt = try install(try package(key: key))
    let (manifest, digest) = loaded(receipt)
    #expect(!store.isTrusted(manifestFile: manifest, digest: digest))
    try store.add(key.publicKey, inProcess: true)
    #expect(store.isTrusted(manifestFile: manifest, digest: digest))
    #expect(!store.isTrusted(manifestFile: manifest, digest: String(repeating: "0", count: 64)))
  }

  @Test func changedFilesAreNeitherTrustedNorLoaded() throws {
    try store.add(key.publicKey, inProcess: true)
    let receipt = try install(try package(key: key))
    let (manifest, digest) = loaded(receipt)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: manifest)
    try Data("changed: true\n".utf8).write(to: URL(filePath: manifest))
    #expect(!store.isTrusted(manifestFile: manifest, digest: digest))
    #expect(store.refusal(manifestFile: manifest)?.problem == .malformed)
    #expect(scratch.receipts.problem(of: receipt)?.message.contains("plugin.yaml") == true)
  }

  @Test func aDamagedRecordTrustsNothing() throws {
    try store.add(key.publicKey, inProcess: true)
    let receipt = try install(try package(key: key))
    let (manifest, digest) = loaded(receipt)
    let file = "\(scratch.folders.trust)/keys/\(key.publicKey.id).json"
    try Data("{".utf8).write(to: URL(filePath: file))
    #expect(!store.isTrusted(manifestFile: manifest, digest: digest))
    #expect(store.refusal(manifestFile: manifest)?.problem == .file)
    #expect(problem { _ = try store.keys() } == .file)
  }

  @Test func foldersByBytesAndByPlace() throws {
    let folder = try scratch.python()
    let manifest = folder + "/plugin.yaml"
    func digest() throws -> String {
      sha256(Array(try Data(contentsOf: URL(filePath: folder + "/reward.py"))))
    }
    #expect(!store.isTrusted(manifestFile: manifest, digest: try digest()))
    try store.addFolder(folder)
    #expect(store.isTrusted(manifestFile: manifest, digest: try digest()))
    try Data("other = 1\n".utf8).write(to: URL(filePath: folder + "/reward.py"))
    #expect(!store.isTrusted(manifestFile: manifest, digest: try digest()))
    try store.addFolder(folder, anyBuild: true)
    try Data("third = 1\n".utf8).write(to: URL(filePath: folder + "/reward.py"))
    #expect(store.isTrusted(manifestFile: manifest, digest: try digest()))
    #expect(try store.trustedFolders().count == 1)
    try store.removeFolder(folder)
    #expect(!store.isTrusted(manifestFile: manifest, digest: try digest()))
    #expect(problem { try store.removeFolder(folder) } == .notFound)
  }
}
