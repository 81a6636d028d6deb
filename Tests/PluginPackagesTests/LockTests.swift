import Foundation
import PluginHost
import Testing

@testable import PluginPackages

@Suite struct LockTests {
  private let scratch: Scratch
  private let one: PluginLock.Entry
  private let two: PluginLock.Entry

  init() throws {
    scratch = try Scratch()
    one = PluginLock.Entry(
      slot: "strategy",
      id: "org.example.strategy.one",
      version: "1.0.0",
      digest: "aa",
      manifestDigest: "bb"
    )
    two = PluginLock.Entry(
      slot: "rewards/two",
      id: "org.example.reward.two",
      version: "2.0.0",
      digest: "cc",
      manifestDigest: "dd",
      signer: "0123456789ABCDEF"
    )
  }

  @Test func survivesItsFile() throws {
    let path = scratch.path + "/stepwise.lock"
    #expect(try PluginLock(contentsOf: path, configuration: "a.yaml") == nil)
    let lock = PluginLock([one, two])
    #expect(lock.plugins.map(\.slot) == ["rewards/two", "strategy"])
    try lock.write(to: path, configuration: "a.yaml")
    try PluginLock([one]).write(to: path, configuration: "b.yaml")
    #expect(try PluginLock(contentsOf: path, configuration: "a.yaml") == lock)
    #expect(try PluginLock(contentsOf: path, configuration: "b.yaml") == PluginLock([one]))
    #expect(try PluginLock(contentsOf: path, configuration: "c.yaml") == nil)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains("\"manifest_digest\" : \"bb\""))
    for text in ["{}", "", #"{"lock": 2, "configurations": {}}"#] {
      _ = try scratch.write("stepwise.lock", Array(text.utf8))
      #expect(problem { _ = try PluginLock(contentsOf: path, configuration: "a.yaml") } == .file)
    }
  }

  @Test func namesEachDifference() {
    let lock = PluginLock([one, two])
    #expect(lock.differences(from: PluginLock([two, one])) == [])
    var other = two
    other.digest = "ee"
    other.signer = nil
    #expect(
      lock.differences(from: PluginLock([one, other])) == [
        "rewards/two: code is cc in the lock, ee now"
      ]
    )
    other = one
    other.version = "1.0.1"
    other.manifestDigest = "ff"
    #expect(
      lock.differences(from: PluginLock([other])) == [
        "rewards/two: org.example.reward.two 2.0.0 in the lock, nothing now",
        "strategy: version is 1.0.0 in the lock, 1.0.1 now",
        "strategy: manifest is bb in the lock, ff now",
      ]
    )
    #expect(PluginLock([one]).differences(from: lock).count == 1)
  }
}
