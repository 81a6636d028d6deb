import Foundation
import Testing

/// A package's way from its author to a colleague's run, by the commands alone.
@Suite(.serialized) struct PackagingTests {
  private let workshop: Workshop
  private let package = "org.example.reward.terse-1.0.0.swplugin"

  init() throws {
    workshop = try Workshop()
    try CPlugin.build(Self.source, in: workshop, name: "terse")
  }

  private static let source = """
    #include <stepwise/easy.h>
    static double score(const stepwise_easy *e, const stepwise_reward_item *i, int32_t *s) {
      (void)e, (void)s;
      return i->completion.size <= 20;
    }
    STEPWISE_EASY_REWARD("org.example.reward.terse", "1.0.0", score, 0.0, 1.0, 1.0)
    """

  private func home(_ name: String) -> [String: String] {
    [
      "XDG_CONFIG_HOME": workshop.file("\(name)/config").path,
      "XDG_DATA_HOME": workshop.file("\(name)/data").path,
      "XDG_CACHE_HOME": workshop.file("\(name)/cache").path,
    ]
  }

  /// Runs `stepwise plugin ...` and answers its exit code and all that it said.
  @discardableResult
  private func plugin(
    _ who: String,
    _ arguments: String...,
    code: Int32 = 0,
    location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let answer = try Stepwise.run(["plugin"] + arguments, in: workshop.url, environment: home(who))
    let said = answer.output + answer.error
    #expect(answer.code == code, "\(said)", sourceLocation: location)
    return said
  }

  private func signedPackage() throws -> String {
    try plugin("author", "pack", "terse")
    try plugin("author", "keygen", "--no-password", "--comment", "Jane Doe")
    try plugin("author", "sign", package)
    let key = try workshop.text("author/config/stepwise/signing.pub")
    return String(key.split(separator: "\n")[1])
  }

  private func flipByte(of name: String, at offset: Int) throws {
    var bytes = try Data(contentsOf: workshop.file(name))
    bytes[offset] ^= 1
    try bytes.write(to: workshop.file(name))
  }

  @Test func eachOutcomeHasItsOwnExitCode() throws {
    let key = try signedPackage()
    // A stranger's key, and nobody to ask.
    #expect(try plugin("user", "install", package, code: 77).contains("not trusted"))
    #expect(try plugin("user", "install", package, "--yes", code: 77).contains("trust add"))
    try FileManager.default.moveItem(
      at: workshop.file(package + ".pub"),
      to: workshop.file("elsewhere.pub")
    )
    #expect(try plugin("user", "install", package, code: 69).contains("could not verify"))
    #expect(try plugin("user", "verify", package, code: 69).contains("could not verify"))
    try plugin("user", "verify", package, "--key", key)
    try plugin("user", "verify", package, "--key", "elsewhere.pub")

    try workshop.copy(package, to: "unsigned.swplugin")
    #expect(try plugin("user", "install", "unsigned.swplugin", code: 66).contains("unsigned"))
    try workshop.copy(package, to: "bad.swplugin")
    try workshop.copy(package + ".minisig", to: "bad.swplugin.minisig")
    try flipByte(of: "bad.swplugin", at: 100)
    let bad = try plugin("user", "install", "bad.swplugin", "--key", key, "--unsigned", code: 65)
    #expect(bad.contains("bad signature"))
    #expect(!workshop.exists("user/data"))

    try plugin("user", "install", package, "--key", "elsewhere.pub", "--yes")
    #expect(try plugin("user", "trust", "list").contains("Jane Doe"))
    try plugin("user", "install", package)
    #expect(try plugin("user", "verify", "terse").contains("all as installed"))
    #expect(try plugin("user", "verify", "./terse").contains("a folder has none"))
    #expect(try plugin("user", "info", "terse").contains("org.example.reward.terse 1.0.0"))
    try plugin("user", "uninstall", "terse")
    let left = FileManager.default.enumerator(atPath: workshop.file("user/data").path)?.allObjects
    #expect((left as? [String] ?? []) == ["stepwise"])
  }

  @Test func aRunTakesItUntilItsKeyIsRevoked() throws {
    let key = try signedPackage()
    try plugin("user", "install", package, "--key", key)
    func train(_ arguments: String...) throws -> Stepwise.Answer {
      try Stepwise.run(
        ["train", "tiny.yaml", "--dry-run", "rewards=[{plugin: terse}]"] + arguments,
        in: workshop.url,
        environment: home("user")
      )
    }
    let good = try train()
    #expect(good.code == 0, "\(good.error)")
    try workshop.write("locked.yaml", good.output)
    try plugin("user", "lock", "locked.yaml")
    try plugin("user", "lock", "locked.yaml", "--check")

    let id = try plugin("user", "trust", "list").split(separator: " ")[1]
    try plugin("user", "trust", "revoke", String(id), "--reason", "stolen")
    let refused = try train()
    #expect(refused.code == 77, "\(refused.error)")
    #expect(refused.error.contains("stolen"))
    #expect(try plugin("user", "verify", "terse", code: 77).contains("stolen"))
  }

  @Test func aLockRefusesOtherBytes() throws {
    let key = try signedPackage()
    try plugin("user", "install", package, "--key", key)
    let checked = try Stepwise.run(
      ["train", "tiny.yaml", "--dry-run", "rewards=[{plugin: terse}]"],
      in: workshop.url,
      environment: home("user")
    )
    try workshop.write("locked.yaml", checked.output)
    try plugin("user", "lock", "locked.yaml")
    try CPlugin.build(Self.source + "\nint more = 1;\n", in: workshop, name: "terse")
    try plugin("author", "pack", "terse")
    try plugin("author", "sign", package)
    try plugin("user", "install", package, "--replace")
    let refused = try Stepwise.run(
      ["train", "locked.yaml", "--dry-run"],
      in: workshop.url,
      environment: home("user")
    )
    #expect(refused.code == 1)
    #expect(refused.error.contains("rewards/terse: code is"), "\(refused.error)")
    #expect(try plugin("user", "lock", "locked.yaml", "--check", code: 1).contains("in the lock"))
  }

  @Test func aRegistryAndSeveralPlatforms() throws {
    _ = try signedPackage()
    try FileManager.default.createDirectory(
      at: workshop.file("shop"),
      withIntermediateDirectories: true
    )
    // The library of another machine, as far as its header says so.
    var library = try Data(contentsOf: workshop.file("terse/libterse.so"))
    library[18] = library[18] == 62 ? 183 : 62
    try library.write(to: workshop.file("foreign.so"))
    let packed = try plugin(
      "author",
      "pack",
      package,
      "--add-variant",
      "foreign.so",
      "--output",
      "shop"
    )
    #expect(packed.contains("linux aarch64") && packed.contains("linux x86_64"))
    let file = "shop/" + package
    try plugin("author", "sign", file)
    #expect(try plugin("author", "index", "shop").contains("1 packages"))
    let key = try workshop.text("author/config/stepwise/signing.pub")
    try workshop.write("jane.pub", key)
    try plugin("user", "trust", "add", "jane.pub")
    try plugin("user", "install", "reward.terse", "--from", "shop")
    try plugin("user", "verify", "org.example.reward.terse@1.0.0")
  }
}
