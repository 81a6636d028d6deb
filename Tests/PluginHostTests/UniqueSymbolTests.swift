import Components
import Foundation
import Testing

@testable import PluginHost

/// A new build whose variables would be those of the build before it gets a process of its own.
struct UniqueSymbolTests {
  /// Scores with a static variable of a template: one for the whole process, unless the compiler is told otherwise.
  private static func source(_ value: Double) -> String {
    """
    #include <stepwise/plugin.hpp>
    template <class T> struct __attribute__((visibility("default"))) Level { static double value; };
    template <class T> double Level<T>::value = \(value);
    struct Reward {
      explicit Reward(const stepwise::Parameters &) {}
      stepwise::RewardDeclaration declaration() const { return {0, 1}; }
      stepwise::Score score(const stepwise::RewardItem &) const { return Level<int>::value; }
    };
    STEPWISE_REWARD(Reward, "org.example.unique", "1.0.0")
    """
  }

  private static let manifest = """
    manifest: 1
    id: org.example.unique
    kinds: [reward]
    version: 1.0.0
    abi: "1.0"
    summary: A constant.
    determinism: exact
    variants:
      - { os: linux, arch: x86_64, file: lib.so }
      - { os: linux, arch: aarch64, file: lib.so }
    """

  @Test(arguments: [true, false])
  func aNewBuild(isUnique: Bool) throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-unique-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // Another id for each case: images stay in the process.
    let id = "org.example.unique-\(isUnique)"
    let manifest = Self.manifest.replacing("org.example.unique", with: id)
    try Data(manifest.utf8).write(to: folder.appending(path: "plugin.yaml"))
    func load(_ value: Double) throws -> any RewardFunction {
      let file = folder.appending(path: "reward.cpp")
      let source = Self.source(value).replacing("org.example.unique", with: id)
      try Data(source.utf8).write(to: file)
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = [
        "g++", "-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden",
        isUnique ? "-fgnu-unique" : "-fno-gnu-unique",
        "-I", Fixture.root.appending(path: "Sources/CStepwisePlugin/include").path(),
        file.path(), "-o", folder.appending(path: "lib.so").path(),
      ]
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
      let catalog = PluginCatalog(
        searchPaths: [folder.path()],
        imageDirectory: folder.appending(path: "images").path(),
        policy: .trustingAll
      )
      return try catalog.loadReward(PluginReference(id)).part
    }
    let first = try load(0.25)
    #expect(first is PluginReward)
    #expect(try first.score(batch(["a"])) == [.score(0.25)])
    let second = try load(0.75)
    #expect((second is RemoteReward) == isUnique)
    #expect(try second.score(batch(["a"])) == [.score(0.75)])
    #expect(try first.score(batch(["a"])) == [.score(0.25)])
  }
}
