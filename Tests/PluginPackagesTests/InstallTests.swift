import Foundation
import PluginHost
import Synchronization
import Testing

@testable import PluginPackages

@Suite struct InstallTests {
  private let scratch: Scratch
  private let key: MinisignSecretKey
  private let signer: Signer
  private var installer: Installer { scratch.installer }

  init() throws {
    scratch = try Scratch()
    key = try MinisignSecretKey.generate()
    signer = Signer(key: key.publicKey, comment: nil)
  }

  private func package(
    _ version: String = "1.0.0",
    code: String = "x = 1\n",
    id: String = "org.example.reward.tiny"
  ) throws -> PackageFile {
    let plugin = try scratch.python(id, version: version, code: code)
    return try PackageFile(contentsOf: try scratch.package(plugin, key: key))
  }

  @Test func installsAndUninstallsWithoutATrace() throws {
    let package = try package()
    let receipt = try installer.install(package, signer: signer).receipt
    #expect(receipt.name == "org.example.reward.tiny-1.0.0-\(package.digest.prefix(12))")
    let folder = scratch.receipts.folder(of: receipt)
    #expect(scratch.names(folder) == ["LICENSE", "SHA256SUMS", "plugin.yaml", "reward.py"])
    #expect(scratch.names(scratch.folders.data) == ["plugins", "receipts"])
    #expect(scratch.receipts.problem(of: receipt) == nil)
    let listed = PluginCatalog(searchPaths: [scratch.folders.plugins])
    #expect(listed.manifests().map(\.id) == ["org.example.reward.tiny"])
    #expect(listed.problems.isEmpty)
    // A private copy of its code, as loading makes it.
    try FileManager.default.createDirectory(
      atPath: scratch.folders.images,
      withIntermediateDirectories: true
    )
    let image = "\(scratch.folders.images)/\(receipt.files["reward.py"]!).so"
    try Data([1]).write(to: URL(filePath: image))

    #expect(try installer.uninstall("tiny") == receipt)
    #expect(scratch.names(scratch.folders.data) == [])
    #expect(scratch.names(scratch.folders.images) == [])
    // The floor stays, on purpose.
    #expect(scratch.names(scratch.folders.trust) == ["floors"])
    #expect(problem { try installer.uninstall("tiny") } == .notFound)
  }

  @Test func theSameAgainIsNoChange() throws {
    let package = try package()
    #expect(try !installer.install(package, signer: signer).wasPresent)
    let second = try installer.install(package, signer: signer)
    #expect(second.wasPresent)
    // A damaged install is mended.
    let file = scratch.receipts.folder(of: second.receipt) + "/reward.py"
    try FileManager.default.removeItem(atPath: file)
    #expect(scratch.receipts.problem(of: second.receipt)?.message == "reward.py is missing")
    #expect(try !installer.install(package, signer: signer).wasPresent)
    #expect(scratch.receipts.problem(of: second.receipt) == nil)
  }

  @Test func extraFilesAreNoticed() throws {
    let receipt = try installer.install(try package(), signer: signer).receipt
    let folder = scratch.receipts.folder(of: receipt)
    try FileManager.default.createDirectory(
      atPath: folder + "/__pycache__",
      withIntermediateDirectories: true
    )
    #expect(scratch.receipts.problem(of: receipt) == nil)
    try Data([1]).write(to: URL(filePath: folder + "/extra.py"))
    #expect(scratch.receipts.problem(of: receipt)?.message.contains("extra.py") == true)
  }

  @Test func versions() throws {
    try installer.install(try package("1.0.0"), signer: signer)
    let newer = try installer.install(try package("1.1.0"), signer: signer)
    #expect(newer.others.map(\.version) == ["1.0.0"])
    #expect(problem { try installer.uninstall("org.example.reward.tiny") } == .notFound)
    #expect(try installer.uninstall("org.example.reward.tiny@1.0.0").version == "1.0.0")
    // Downgrades.
    let older = try package("1.0.0")
    let error = try #require(failure { try installer.install(older, signer: signer) })
    #expect(error.problem == .downgrade)
    #expect(error.message.contains("1.1.0"))
    #expect(problem { try installer.install(package("1.1.0-rc.1"), signer: signer) } == .downgrade)
    try installer.install(older, signer: signer, allowDowngrade: true)
    // Another signer has a floor of its own.
    let other = Signer(key: try MinisignSecretKey.generate().publicKey, comment: nil)
    try installer.install(try package("0.9.0"), signer: other)
    let last = try installer.install(try package("1.2.0"), signer: signer, replace: true)
    #expect(last.replaced.map(\.version) == ["0.9.0", "1.0.0", "1.1.0"])
    #expect(scratch.names(scratch.folders.plugins) == [last.receipt.name])
  }

  @Test func otherBytesOfTheSameVersion() throws {
    try installer.install(try package(), signer: signer)
    let other = try package(code: "x = 2\n")
    #expect(problem { try installer.install(other, signer: signer) } == .conflict)
    let outcome = try installer.install(other, signer: signer, replace: true)
    #expect(scratch.names(scratch.folders.plugins) == [outcome.receipt.name])
    #expect(scratch.names(scratch.folders.receipts).count == 1)
  }

  @Test func whatDoesNotFitLeavesNothing() throws {
    let plugin = try scratch.native(Library.foreign)
    let package = try PackageFile(contentsOf: try scratch.package(plugin, key: key))
    #expect(problem { try installer.install(package, signer: signer) } == .unfit)
    #expect(scratch.everything(in: scratch.folders) == [])
  }

  /// The bytes that were verified are unpacked, whatever becomes of the file.
  @Test func theFileMayChangeAfterTheCheck() throws {
    let package = try package()
    try scratch.store.add(key.publicKey)
    let verified = try scratch.store.verify(package)
    try Data("something else".utf8).write(to: URL(filePath: package.path))
    let receipt = try installer.install(package, signer: verified.signer).receipt
    #expect(receipt.packageDigest == package.digest)
    #expect(scratch.receipts.problem(of: receipt) == nil)
  }

  @Test func anotherHome() throws {
    let package = try package()
    let other = scratch.home("other")
    try installer.install(package, signer: signer)
    let receipt = try Installer(other).install(package, signer: signer).receipt
    #expect(Receipts(other).problem(of: receipt) == nil)
    #expect(scratch.names(other.plugins) == scratch.names(scratch.folders.plugins))
    try installer.uninstall("tiny")
    #expect(scratch.names(other.plugins) == [receipt.name])
  }

  @Test func aDeadInstallIsSweptUp() throws {
    let remains = scratch.folders.data + "/.staging-abc"
    try FileManager.default.createDirectory(atPath: remains, withIntermediateDirectories: true)
    try Data([1]).write(to: URL(filePath: remains + "/file"))
    let first = try installer.install(try package(id: "org.example.reward.other"), signer: signer)
    // A receipt whose folder never came.
    try FileManager.default.removeItem(atPath: scratch.receipts.folder(of: first.receipt))
    let second = try installer.install(try package(), signer: signer)
    #expect(scratch.names(scratch.folders.data) == ["plugins", "receipts"])
    #expect(scratch.names(scratch.folders.receipts) == [second.receipt.name + ".json"])
  }

  @Test func aFullDiskOrAReadOnlyPlaceIsAnError() throws {
    let package = try package()
    var folders = scratch.folders
    folders.data = "/proc/stepwise"
    let error = try #require(failure { try Installer(folders).install(package, signer: signer) })
    #expect(error.problem == .file)
    #expect(error.message.contains("/proc/stepwise"))
  }

  @Test func manyInstallsAtOnce() throws {
    let same = try package()
    let packages = try (1...4).map { try package("1.0.\($0)", id: "org.example.reward.n\($0)") }
    let failures = Mutex<[String]>([])
    let (folders, signer) = (scratch.folders, signer)
    DispatchQueue.concurrentPerform(iterations: 16) { index in
      do {
        let package = index.isMultiple(of: 2) ? same : packages[index / 2 % 4]
        try Installer(folders).install(package, signer: signer)
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
    #expect(scratch.names(scratch.folders.plugins).count == 5)
    #expect(try scratch.receipts.all().allSatisfy { scratch.receipts.problem(of: $0) == nil })
    #expect(scratch.names(scratch.folders.data) == ["plugins", "receipts"])
  }
}
