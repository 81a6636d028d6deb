import Foundation
import Testing

@testable import PluginPackages

@Suite struct MinisignTests {
  private let scratch: Scratch
  /// Cheap to try, for tests.
  private let cost = PasswordCost(operations: 32_768, memory: 16 << 20)

  init() throws { scratch = try Scratch() }

  private func key(_ name: String) throws -> MinisignPublicKey {
    try MinisignPublicKey(try Fixtures.minisign(name), subject: name)
  }

  // MARK: Golden files, made by the stock minisign

  @Test func readsStockKeys() throws {
    let key = try key("plain.pub")
    #expect(key.comment == "minisign public key \(key.id)")
    let again = try MinisignPublicKey(Array(key.base64.utf8), subject: "word")
    #expect(again == key)
    #expect(Array(key.fileText.utf8) == (try Fixtures.minisign("plain.pub")))
    let secret = try MinisignSecretKey(
      try Fixtures.minisign("plain.key"),
      password: nil,
      subject: "plain.key"
    )
    #expect(secret.publicKey == key)
    #expect(MinisignSecretKey.needsPassword(try Fixtures.minisign("plain.key")) == false)
    #expect(MinisignSecretKey.needsPassword(try Fixtures.minisign("encrypted.key")) == true)
    #expect(MinisignSecretKey.needsPassword(try Fixtures.minisign("plain.pub")) == nil)
  }

  @Test func verifiesAStockSignature() throws {
    let message = try Fixtures.minisign("message")
    let signature = try MinisignSignature(try Fixtures.minisign("message.minisig"), subject: "s")
    #expect(signature.trustedComment == "a trusted comment")
    try signature.verify(message, by: try key("plain.pub"), subject: "s")
    #expect(Array(signature.fileText.utf8) == (try Fixtures.minisign("message.minisig")))
    #expect(
      problem { try signature.verify(message + [0], by: try key("plain.pub"), subject: "s") }
        == .badSignature
    )
    #expect(
      problem { try signature.verify(message, by: try key("encrypted.pub"), subject: "s") }
        == .unverified
    )
  }

  @Test func saysWhyTheOldFormIsRefused() throws {
    let error = try #require(
      failure { _ = try MinisignSignature(try Fixtures.minisign("legacy.minisig"), subject: "s") }
    )
    #expect(error.problem == .unverified)
    #expect(error.cure?.contains("-H") == true)
  }

  /// A gigabyte and a few seconds: minisign's own cost.
  @Test func opensAStockEncryptedKey() throws {
    let file = try Fixtures.minisign("encrypted.key")
    let secret = try MinisignSecretKey(
      file,
      password: Array("correct horse".utf8),
      subject: "encrypted.key"
    )
    #expect(secret.publicKey == (try key("encrypted.pub")))
    let message = try Fixtures.minisign("message")
    // Ed25519 has one signature for one message: the same bytes as minisign's.
    let signature = secret.sign(message, name: "message", time: 0)
    let stock = try MinisignSignature(try Fixtures.minisign("encrypted.minisig"), subject: "s")
    #expect(signature.signature == stock.signature)
  }

  // MARK: Round trips

  @Test func keysSurviveTheirFiles() throws {
    let secret = try MinisignSecretKey.generate()
    #expect(try MinisignSecretKey.generate().publicKey != secret.publicKey)
    let plain = Array(try secret.fileText(password: nil).utf8)
    #expect(
      try MinisignSecretKey(plain, password: nil, subject: "k").publicKey == secret.publicKey
    )
    for password in ["pass", "", "pässwörd with NUL \0 in it"] {
      let file = Array(try secret.fileText(password: Array(password.utf8), cost: cost).utf8)
      let opened = try MinisignSecretKey(file, password: Array(password.utf8), subject: "k")
      #expect(opened.publicKey == secret.publicKey)
      let wrong = failure {
        _ = try MinisignSecretKey(file, password: Array("other".utf8), subject: "k")
      }
      #expect(wrong?.problem == .key)
      #expect(wrong?.message == "the password is wrong")
      #expect(problem { _ = try MinisignSecretKey(file, password: nil, subject: "k") } == .key)
    }
  }

  @Test func aKeyFileCannotWearTheMachineOut() throws {
    let secret = try MinisignSecretKey.generate()
    var raw = Array(try secret.fileText(password: [1], cost: cost).utf8)
    // The memory limit stands at byte 46 of the decoded second line.
    let line = raw.firstIndex(of: 0x0A)! + 1
    var decoded = Sodium.decodeBase64(raw[line...].dropLast(), count: 158)!
    decoded[52] = 1
    raw.replaceSubrange(line..., with: Array((Sodium.base64(decoded) + "\n").utf8))
    let error = failure { _ = try MinisignSecretKey(raw, password: [1], subject: "k") }
    #expect(error?.message.contains("asks for") == true)
  }

  @Test func everyByteOfASignatureCounts() throws {
    let secret = try MinisignSecretKey.generate()
    let message = Array("message".utf8)
    let file = Array(secret.sign(message, name: "a\tname\n", time: 5).fileText.utf8)
    func check(_ bytes: [UInt8]) throws {
      try MinisignSignature(bytes, subject: "s").verify(message, by: secret.publicKey, subject: "s")
    }
    try check(file)
    for index in file.indices {
      for flip: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
        var bytes = file
        bytes[index] ^= flip
        #expect(throws: PackageError.self, "byte \(index), flip \(flip)") { try check(bytes) }
      }
      #expect(throws: PackageError.self, "cut at \(index)") { try check(Array(file[..<index])) }
    }
    #expect(throws: PackageError.self) { try check(file + file) }
    #expect(throws: PackageError.self) { try check(file + [0x0A]) }
  }

  @Test func everyByteOfAPublicKeyCounts() throws {
    let secret = try MinisignSecretKey.generate()
    let word = Array(secret.publicKey.base64.utf8)
    let message = Array("message".utf8)
    let signature = secret.sign(message, name: "n", time: 5)
    for index in word.indices {
      var bytes = word
      bytes[index] ^= 1
      #expect(throws: PackageError.self, "byte \(index)") {
        let key = try MinisignPublicKey(bytes, subject: "k")
        try signature.verify(message, by: key, subject: "s")
      }
    }
  }

  @Test func keyIDs() throws {
    let id = KeyID(bytes: [1, 2, 3, 4, 5, 6, 7, 0x0A])
    #expect(id.description == "0A07060504030201")
    #expect(KeyID(id.description) == id)
    #expect(KeyID("0A0706050403020") == nil)
    #expect(KeyID("+A07060504030201") == nil)
    #expect(KeyID("zA07060504030201") == nil)
  }

  // MARK: The program itself

  private static let hasMinisign = isInstalled("minisign")

  @Test(.enabled(if: hasMinisign, "minisign is not installed"), arguments: [true, false])
  func minisignVerifiesWhatIsSignedHere(_ isPackage: Bool) throws {
    let secret = try MinisignSecretKey.generate()
    let name = "org.example.reward.tiny-1.0.0.swplugin"
    let file =
      isPackage
      ? try scratch.package(try scratch.python(), key: secret)
      : try scratch.write("shop/\(name)", Array("text\n".utf8))
    if !isPackage {
      let signature = secret.sign(Array("text\n".utf8), name: name, time: 7)
      _ = try scratch.write("shop/\(name).minisig", Array(signature.fileText.utf8))
    }
    let check = try run("minisign", ["-Vm", file, "-P", secret.publicKey.base64])
    #expect(check.status == 0, "\(check.output)")
    #expect(check.output.contains("Signature and comment signature verified"))
    let key = try scratch.write("k.pub", Array(secret.publicKey.fileText.utf8))
    #expect(try run("minisign", ["-Vm", file, "-p", key]).status == 0)
    try FileManager.default.removeItem(atPath: file)
    _ = try scratch.write("shop/\(name)", [1])
    #expect(try run("minisign", ["-Vm", file, "-p", key]).status != 0)
  }

  @Test(.enabled(if: hasMinisign, "minisign is not installed"), arguments: [nil, "a password"])
  func minisignSignsWithKeysMadeHere(_ password: String?) throws {
    let secret = try MinisignSecretKey.generate()
    let text = try secret.fileText(password: password.map { Array($0.utf8) }, cost: cost)
    let key = try scratch.write("k.key", Array(text.utf8))
    let file = try scratch.write("file", Array("text\n".utf8))
    let sign = try run("minisign", ["-Sm", file, "-s", key], input: (password ?? "") + "\n")
    #expect(sign.status == 0, "\(sign.output)")
    let bytes = Array(try Data(contentsOf: URL(filePath: file + ".minisig")))
    try MinisignSignature(bytes, subject: "s").verify(
      Array("text\n".utf8),
      by: secret.publicKey,
      subject: "s"
    )
  }

  @Test(.enabled(if: hasMinisign, "minisign is not installed"))
  func whatMinisignSignsInstalls() throws {
    let (key, pub) = (scratch.path + "/m.key", scratch.path + "/m.pub")
    #expect(try run("minisign", ["-G", "-W", "-s", key, "-p", pub]).status == 0)
    let file = try scratch.package(try scratch.python(), key: nil)
    #expect(try run("minisign", ["-Sm", file, "-s", key]).status == 0)
    let given = try MinisignPublicKey(
      Array(try Data(contentsOf: URL(filePath: pub))),
      subject: pub
    )
    let package = try PackageFile(contentsOf: file)
    let verified = try scratch.store.verify(package, given: given)
    let outcome = try scratch.installer.install(package, signer: verified.signer)
    #expect(outcome.receipt.signer == given.id.description)
    #expect(scratch.receipts.problem(of: outcome.receipt) == nil)
  }
}
