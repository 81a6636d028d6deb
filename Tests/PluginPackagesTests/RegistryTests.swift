import Foundation
import Glibc
import PluginHost
import Testing

@testable import PluginPackages

@Suite struct RegistryTests {
  private let scratch: Scratch
  private let key: MinisignSecretKey
  private var shop: String { scratch.path + "/shop" }

  init() throws {
    scratch = try Scratch()
    key = try MinisignSecretKey.generate()
    for version in ["1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"] {
      _ = try scratch.package(try scratch.python(version: version), key: key)
    }
    _ = try scratch.package(try scratch.python("org.other.dataset.tiny"), key: nil)
    try RegistryIndex(folder: shop).write(to: shop)
  }

  @Test func theIndexTellsWhatIsThere() throws {
    let index = try Registry(shop).index()
    #expect(
      index.packages.map { "\($0.id) \($0.version)" } == [
        "org.example.reward.tiny 1.0.0", "org.example.reward.tiny 1.9.0",
        "org.example.reward.tiny 1.10.0", "org.example.reward.tiny 2.0.0-rc.1",
        "org.other.dataset.tiny 1.0.0",
      ]
    )
    #expect(index.packages.map(\.signer).last == .some(nil))
    #expect(index.keys.map(\.publicKey) == [key.publicKey.base64])
  }

  @Test func namesAreResolved() throws {
    let registry = Registry(shop + "/")
    #expect(try registry.find("org.example.reward.tiny").entry.version == "1.10.0")
    #expect(try registry.find("reward.tiny").entry.version == "1.10.0")
    #expect(try registry.find("reward.tiny@1.0.0").entry.version == "1.0.0")
    #expect(try registry.find("reward.tiny@2.0.0-rc.1").entry.version == "2.0.0-rc.1")
    #expect(try registry.find("dataset.tiny").entry.id == "org.other.dataset.tiny")
    let several = failure { _ = try registry.find("tiny") }
    #expect(several?.message.contains("2 packages answer") == true)
    let none = failure { _ = try registry.find("reward.tine") }
    #expect(none?.problem == .notFound)
    let version = failure { _ = try registry.find("reward.tiny@3.0.0") }
    #expect(version?.cure?.contains("1.10.0") == true)
    // Not in the middle of a word.
    #expect(problem { _ = try registry.find("iny") } == .notFound)
  }

  @Test func theNewestThatFits() throws {
    var index = try Registry(shop).index()
    let at = index.packages.firstIndex { $0.version == "1.10.0" }!
    index.packages[at].variants = [
      .init(os: "linux", arch: HostMachine.current.architecture, libc: "99.0")
    ]
    try index.write(to: shop)
    #expect(try Registry(shop).find("reward.tiny").entry.version == "1.9.0")
    let error = failure { _ = try Registry(shop).find("reward.tiny@1.10.0") }
    #expect(error?.problem == .unfit)
  }

  @Test func downloadsAreThoseOfTheIndex() throws {
    let registry = Registry(shop)
    let (entry, index) = try registry.find("reward.tiny")
    let package = try registry.download(entry, index: index)
    #expect(package.digest == entry.sha256)
    #expect(package.offeredKeys == [key.publicKey])
    #expect(try scratch.store.verify(package).standing == .stranger)
    let unsigned = try registry.find("dataset.tiny")
    #expect(
      problem {
        _ = try scratch.store.verify(try registry.download(unsigned.entry, index: unsigned.index))
      } == .unsigned
    )

    var wrong = entry
    wrong.sha256 = String(repeating: "0", count: 64)
    #expect(problem { _ = try registry.download(wrong, index: index) } == .registry)
    wrong = entry
    wrong.size -= 1
    #expect(problem { _ = try registry.download(wrong, index: index) } == .registry)
    for file in ["../home/secret", "/etc/passwd", "a//b", "%2e%2e/x", "gone.swplugin"] {
      wrong = entry
      wrong.file = file
      #expect(problem { _ = try registry.download(wrong, index: index) } == .registry, "\(file)")
    }
  }

  @Test func indexesThatCannotBeRead() throws {
    #expect(problem { _ = try Registry(scratch.path + "/nowhere").index() } == .registry)
    for text in ["", "{", "[]", #"{"index": 2, "packages": [], "keys": []}"#, #"{"index": 1}"#] {
      _ = try scratch.write("shop/index.json", Array(text.utf8))
      #expect(problem { _ = try Registry(shop).index() } == .registry, "\(text)")
    }
  }

  @Test func twoPackagesOfOneVersionHaveNoIndex() throws {
    let bytes = Array(
      try Data(contentsOf: URL(filePath: shop + "/org.other.dataset.tiny-1.0.0.swplugin"))
    )
    _ = try scratch.write("shop/copy.swplugin", bytes)
    #expect(problem { _ = try RegistryIndex(folder: shop) } == .conflict)
    _ = try scratch.write("shop/copy.swplugin", [1, 2, 3])
    #expect(problem { _ = try RegistryIndex(folder: shop) } == .malformed)
  }

  // MARK: HTTP

  @Test(.enabled(if: isInstalled("python3") && isInstalled("curl"), "python3 or curl is not there"))
  func overHTTP() throws {
    let server = try Server(shop)
    let registry = Registry(server.address)
    let (entry, index) = try registry.find("reward.tiny")
    #expect(entry.version == "1.10.0")
    let package = try registry.download(entry, index: index)
    try scratch.store.add(key.publicKey)
    let signer = try scratch.store.verify(package).signer
    let receipt = try scratch.installer.install(package, signer: signer).receipt
    #expect(receipt.packageFile.hasPrefix("http://127.0.0.1:"))
    // There is no signature for this one: not found is not an error.
    let unsigned = try registry.find("dataset.tiny")
    #expect(try registry.download(unsigned.entry, index: unsigned.index).signature == nil)
    // More bytes than the index says are not taken.
    var small = entry
    small.size = 100
    #expect(problem { _ = try registry.download(small, index: index) } == .registry)
    #expect(problem { _ = try Registry(server.address + "/nowhere").index() } == .registry)
  }

  @Test(.enabled(if: isInstalled("curl"), "curl is not there"))
  func nobodyThere() throws {
    let error = try #require(failure { _ = try Registry("http://127.0.0.1:9").index() })
    #expect(error.problem == .registry)
    #expect(error.message.contains("curl"), "\(error)")
    let file = failure { _ = try WebClient().get("file:///etc/passwd", limit: 1 << 20) }
    #expect(file?.problem == .registry)
  }

  @Test func withoutCurl() throws {
    var client = WebClient()
    client.searchPath = scratch.path
    let error = try #require(failure { _ = try client.get("http://127.0.0.1/", limit: 10) })
    #expect(error.message == "there is no curl program")
    #expect(error.cure?.contains("apt-get install curl") == true)
  }
}

/// `python3 -m http.server` on a free port, gone with the value.
private final class Server {
  let address: String
  private let process: ChildProcess

  init(_ folder: String) throws {
    let output = try Descriptor.pipe()
    process = try ChildProcess(
      ChildProcess.Launch(
        executable: "/usr/bin/env",
        arguments: ["python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"],
        workingDirectory: folder,
        descriptors: [1: output.write]
      )
    )
    // "Serving HTTP on 127.0.0.1 port 41235 (http://127.0.0.1:41235/) ..."
    var text = ""
    while !text.contains("\n") {
      var entry = pollfd(fd: output.read.number, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 30_000) == 1 else { throw CocoaError(.fileReadUnknown) }
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = read(output.read.number, &chunk, chunk.count)
      guard count > 0 else { throw CocoaError(.fileReadUnknown) }
      text += String(decoding: chunk[..<count], as: UTF8.self)
    }
    address = String(text[text.range(of: "(")!.upperBound...].prefix { $0 != ")" })
  }
}
