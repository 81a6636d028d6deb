import FoundationEssentials
import Testing

@testable import RunStore

@Suite struct ProvenanceTests {
  static let example = Provenance(
    stepwise: "0.1.0",
    startedAt: "2026-01-01T00:00:00Z",
    commandLine: ["stepwise", "train", "kk.yaml"],
    workingDirectory: "/here",
    seed: 42,
    numerics: ["provider": "openblas", "core_type": "SkylakeX", "threads": "2"],
    host: HostDescription(cpu: "c", cpus: 2, system: "s", kernel: "k", architecture: "x86_64"),
    plugins: [
      .init(
        slot: "strategy",
        id: "org.stepwise.strategy.static",
        version: "1.0.0",
        digest: "aa",
        manifestDigest: "bb",
        path: "/p"
      )
    ]
  )

  @Test func theSameIsNoDifference() {
    var now = Self.example
    now.numerics["threads"] = "1"
    now.host.cpu = "another"
    now.stepwise = "0.1.1"
    now.plugins[0].path = "/elsewhere"
    now.startedAt = "later"
    #expect(now.differences(from: Self.example).isEmpty)
  }

  @Test func whatChangesBitsIsADifference() {
    var now = Self.example
    now.seed = 43
    now.numerics["core_type"] = "Haswell"
    now.numerics["kernel_level"] = "avx2"
    now.plugins[0].digest = "cc"
    now.plugins.append(
      .init(slot: "rewards/x", id: "x", version: "1", digest: "d", manifestDigest: "e", path: "/")
    )
    let differences = now.differences(from: Self.example)
    #expect(
      differences.map(\.field) == [
        "seed", "numerics.core_type", "numerics.kernel_level", "plugins.rewards/x",
        "plugins.strategy",
      ]
    )
    #expect(
      differences[1].description == "numerics.core_type: SkylakeX in the run, Haswell now"
    )
    #expect(differences[2].recorded == nil)
  }

  @Test func thisMachineIsDescribed() {
    let host = HostDescription.current()
    #expect(host.cpus >= 1)
    #expect(!host.kernel.isEmpty && !host.architecture.isEmpty && !host.system.isEmpty)
  }

  @Test func keyValueFilesAreRead() throws {
    let temporary = try TemporaryDirectory()
    let file = temporary.file("os-release")
    try overwrite(file, with: Array("NAME=x\nPRETTY_NAME=\"A = B 12\"\n".utf8))
    #expect(HostDescription.value(of: "PRETTY_NAME", separator: "=", in: file.path) == "A = B 12")
    #expect(HostDescription.value(of: "PRETTY", separator: "=", in: file.path) == nil)
  }
}
