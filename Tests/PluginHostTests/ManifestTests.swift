import Components
import Foundation
import Testing

@testable import PluginHost

@Suite struct ManifestTests {
  static let whole = """
    manifest: 1
    id: org.example.reward.length
    kinds: [reward]
    version: 1.2.0-rc.1+b7
    abi: "1.0"
    summary: Gives 1 for short completions.
    licence: Apache-2.0
    authors: [Jane Doe <jane@example.org>]
    homepage: https://example.org
    determinism: machine
    variants:
      - { os: linux, arch: x86_64, file: lib/a.so, libc: "2.36", cpu: x86-64-v3, swift: "6.3.1", linkage: dynamic }
      - { os: linux, arch: aarch64, file: b.so }
    parameters:
      limit: { type: integer, default: 200, minimum: 1, maximum: 1000, changeable: true, description: Bytes. }
      scale: { type: number, default: 1e-3, minimum: 0 }
      mode: { type: string, enum: [terse, full], default: full }
      words: { type: array, items: string, default: [], maximum: 3 }
      strict: { type: boolean, default: no-default, required: false }
      path: { type: string, description: The file. }
      seed: { type: integer, required: false }
      table: { type: object, default: { a: 1 } }
    measures: { name: length, minimum: 0, maximum: 1, success_threshold: 1, columns: [answer] }
    example: { parameters: { limit: 3 }, expect: { score: 1 } }
    """.replacing("default: no-default, required", with: "required")

  private func read(_ text: String) throws -> PluginManifest {
    try PluginManifest(parsing: Array(text.utf8), file: "/plugins/length/plugin.yaml")
  }

  @Test func readsEverything() throws {
    let manifest = try read(Self.whole)
    #expect(manifest.id == "org.example.reward.length")
    #expect(manifest.version.description == "1.2.0-rc.1+b7")
    #expect(manifest.directory == "/plugins/length")
    #expect(manifest.determinism == .machine)
    #expect(manifest.authors == ["Jane Doe <jane@example.org>"])
    #expect(manifest.variants[0].cpu == "x86-64-v3")
    let component = try #require(manifest.components.first)
    #expect(component.measures?.successThreshold == 1)
    #expect(component.parameters["limit"]?.isChangeable == true)
    #expect(component.parameters["scale"]?.defaultValue == .double(0.001))
    #expect(component.parameters["path"]?.isRequired == true)
    #expect(component.example["expect"]?["score"] == .int(1))
  }

  /// A change of the text, and words of the error: line, key, value, cure.
  static let faults: [(String, String, [String])] = [
    ("manifest: 1", "manifest: 2", ["line 1", "'manifest' is 2, expected 1"]),
    ("manifest: 1\n", "", ["'manifest' is missing"]),
    ("licence:", "license:", ["line 7", "'license' is unknown", "did you mean 'licence'?"]),
    ("id: org", "id: Org", ["line 2", "reverse DNS"]),
    ("id: org.example.reward.length", "id: length", ["reverse DNS"]),
    ("kinds: [reward]", "kinds: [rewards]", ["line 3", "did you mean 'reward'?"]),
    ("kinds: [reward]", "kinds: reward", ["'kinds' is text, expected a list"]),
    (
      "version: 1.2.0-rc.1+b7", "version: 1.2",
      ["'version' is a real number, expected text", "quotes"]
    ),
    ("version: 1.2.0-rc.1+b7", "version: 1.02.0", ["no semantic version"]),
    ("abi: \"1.0\"", "abi: \"2.0\"", ["this host has 1.0", "rebuild the plugin"]),
    ("abi: \"1.0\"", "abi: \"1.9\"", ["this host has 1.0", "update Stepwise"]),
    ("abi: \"1.0\"", "abi: 1.0", ["'abi' is a real number", "quotes"]),
    ("determinism: machine", "determinism: exactly", ["did you mean 'exact'?"]),
    ("file: b.so", "file: ../b.so", ["'variants[1].file'", "without '..'"]),
    ("file: b.so", "file: /b.so", ["'variants[1].file'"]),
    ("file: b.so", "file: b.so, sha256: abc", ["no SHA-256"]),
    ("arch: aarch64", "arch: x86_64", ["repeats linux x86_64"]),
    (
      "type: integer, default: 200", "type: int, default: 200",
      ["line 15", "'parameters.limit.type' is 'int'"]
    ),
    ("default: 200", "default: 2000", ["'parameters.limit.default' is 2000", "from 1 to 1000"]),
    ("default: full", "default: ful", ["did you mean \"full\"?"]),
    ("minimum: 1, maximum: 1000", "minimum: 9, maximum: 1", ["minimum 9.0 above maximum 1.0"]),
    ("changeable: true", "changable: true", ["did you mean 'changeable'?"]),
    ("minimum: 0, maximum: 1,", "minimum: 3, maximum: 1,", ["'measures' has minimum 3.0 above"]),
    ("summary: Gives", "summary: [Gives", ["not YAML"]),
    ("homepage:", "licence:", ["not YAML", "licence"]),
  ]

  @Test(arguments: faults) func namesTheFault(from: String, to: String, words: [String]) throws {
    let text = Self.whole.replacing(from, with: to, maxReplacements: 1)
    #expect(text != Self.whole)
    let error = try #require(pluginError { _ = try read(text) })
    #expect(error.problem == .manifest)
    #expect(error.file == "/plugins/length/plugin.yaml")
    for word in words { #expect(error.description.contains(word), "\(error)") }
  }

  @Test func componentsInPlaceOfKinds() throws {
    let text = """
      manifest: 1
      id: org.example.kk
      version: 1.0.0
      abi: "1.0"
      summary: Puzzles.
      variants: [{ os: linux, arch: x86_64, file: a.so }]
      components:
        - { kind: dataset, parameters: { people: { type: integer, default: 3 } } }
        - { kind: reward, id: org.example.kk.answer, summary: Judges. }
        - { kind: strategy, needs: [kl, probe] }
      """
    let manifest = try read(text)
    #expect(
      manifest.components.map(\.id) == [
        "org.example.kk", "org.example.kk.answer", "org.example.kk",
      ]
    )
    #expect(manifest.components.map(\.summary) == ["Puzzles.", "Judges.", "Puzzles."])
    #expect(manifest.components[2].needs == [.kl, .probe])
    let both = try #require(pluginError { _ = try read(text + "\nparameters: {}") })
    #expect(both.description.contains("'parameters' stands beside 'components'"))
    let twice = try #require(
      pluginError {
        _ = try read(
          text.replacing(
            "id: org.example.kk.answer, summary: Judges. }\n",
            with: "id: org.example.kk }\n  - { kind: reward }\n"
          )
        )
      }
    )
    #expect(twice.description.contains("two components reward org.example.kk"))
  }

  @Test func hostileBytes() {
    for bytes: [UInt8] in [
      [], [0xFF, 0xFE], Array("- 1".utf8), Array("a: *b".utf8), Array("? {}".utf8),
    ] {
      #expect(pluginError { _ = try PluginManifest(parsing: bytes, file: "x/plugin.yaml") } != nil)
    }
  }

  @Test func semanticVersionOrder() throws {
    let order = [
      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
      "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "2.0.0", "10.0.0",
    ]
    let versions = try order.map { try #require(SemanticVersion($0)) }
    #expect(versions.shuffled().sorted() == versions)
    for text in ["1", "1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "a.b.c", "1.0.0 ", "-1.0.0"]
    {
      #expect(SemanticVersion(text) == nil, "\(text)")
    }
  }
}
