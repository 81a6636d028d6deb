import Components
import Foundation
import Testing

@testable import PluginHost

@Suite struct FunctionLibraryTests {
  private static let length = """
    symbol: length
    arguments: [{ value: completion, as: string }]
    result: int32
    """

  @Test func identityAndDescription() throws {
    let fixture = try FunctionFixture(
      Self.length,
      more: "measures: { name: bytes, minimum: 0, success_threshold: 3 }"
    )
    let reward = try fixture.reward()
    #expect(reward.identity.id == FunctionFixture.id)
    let library = Array(try Data(contentsOf: fixture.folder.appending(path: "lib.so")))
    #expect(reward.identity.digest == sha256(library))
    #expect(
      reward.description
        == RewardDescription(name: "bytes", minimum: 0, successThreshold: 3)
    )
    #expect(try fixture.catalog.loadReward(PluginReference("function")).plugin.kind == .reward)
  }

  /// The digest is that of the file that the name leads to, and so are the bytes that a run archives.
  @Test func libraryOfTheSystem() throws {
    let fixture = try FunctionFixture(
      """
      symbol: fabs
      library: libm.so.6
      arguments: [{ column: number, as: double }]
      result: double
      """,
      hasVariants: false
    )
    let plugin = try fixture.request.plugin
    #expect(plugin.libraryFile.contains("libm"))
    let bytes = Array(try Data(contentsOf: URL(filePath: plugin.libraryFile)))
    #expect(plugin.identity.digest == sha256(bytes))
    #expect(Array(try Data(contentsOf: URL(filePath: plugin.imageFile))) == bytes)
    #expect(try fixture.score(["x"], columns: [Column("number", .real(-2.5))]) == [.score(2.5)])
    #expect(fixture.catalog.list()[0].libraryFile != nil)
  }

  /// strlen is chosen when the C library is loaded, by the processor (an indirect function).
  @Test func functionOfTheCLibrary() throws {
    let fixture = try FunctionFixture(
      """
      symbol: strlen
      library: libc.so.6
      arguments: [{ value: completion, as: string }]
      result: uint64
      thread_safe: true
      """,
      hasVariants: false
    )
    #expect(try fixture.score(["größe", ""]) == [.score(7), .score(0)])
  }

  @Test func wrongSymbol() throws {
    let message = { (symbol: String) in
      pluginError {
        _ = try FunctionFixture(Self.length.replacing("length", with: symbol)).request
      }.map { "\($0.problem) \($0)" } ?? "found"
    }
    #expect(message("lenght").contains("it does not export lenght; did you mean 'length'?"))
    #expect(message("nothing_like_it").contains("it exports "))
    #expect(message("datum").contains("its datum is no function"))
    // The C library has it, this library does not.
    #expect(message("strtol").contains("it does not export strtol"))
  }

  @Test func wrongLibrary() throws {
    let system = Self.length + "\nlibrary: libnowhere.so.9"
    let missing = try #require(
      pluginError { _ = try FunctionFixture(system, hasVariants: false).request }
    )
    #expect(missing.description.contains("this machine has no library libnowhere.so.9"))
    let near = pluginError {
      let typo = Self.length + "\nlibrary: libpthreed.so.0"
      _ = try FunctionFixture(typo, hasVariants: false).request
    }
    #expect(near?.description.contains("did you mean libpthread.so.0?") == true, "\(near!)")
    let fixture = try FunctionFixture(Self.length)
    try Data("no library".utf8).write(to: fixture.folder.appending(path: "lib.so"))
    let text = try #require(pluginError { _ = try fixture.request })
    #expect(text.description.contains("no ELF library"))
    try FileManager.default.removeItem(at: fixture.folder.appending(path: "lib.so"))
    let gone = try #require(pluginError { _ = try fixture.request })
    #expect(gone.description.contains("its library lib.so is not in"))
  }

  @Test func mangledNameIsRecognised() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cpp-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let source = folder.appending(path: "a.cpp")
    try Data("int score(const char *t) { return t[0]; }".utf8).write(to: source)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let library = folder.appending(path: "a.so").path()
    process.arguments = ["cc", "-shared", "-fPIC", source.path(), "-o", library]
    try process.run()
    process.waitUntilExit()
    let image = try ELFImage(Array(try Data(contentsOf: URL(filePath: library))))
    do {
      try image.checkFunction("score")
      Issue.record("score was found")
    } catch {
      #expect(error.cure.contains("extern \"C\"; it is exported as _Z5scorePKc"))
    }
  }

  // MARK: - Guards

  private static func canRead(_ byte: UnsafeRawPointer) -> Bool {
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    defer { for end in ends { close(end) } }
    return write(ends[1], byte, 1) == 1
  }

  /// What is passed by pointer ends where a page begins that cannot be touched.
  @Test func guardedMemory() throws {
    let memory = CallMemory(isGuarded: true)
    let page = sysconf(Int32(_SC_PAGESIZE))
    for size in [0, 1, 7, 4095, 4096, 4097, 100_000, 3] {
      let room = try memory.room(0, count: size)
      #expect((Int(bitPattern: room) + size) % page == 0)
      room.initializeMemory(as: UInt8.self, repeating: 1, count: size)
      // The kernel refuses to read where the process may not, and says so instead of ending it.
      #expect(Self.canRead(room + size) == false)
      if size > 0 { #expect(Self.canRead(room + size - 1)) }
    }
    let text = try memory.text(1, "größe", isTerminated: true)
    #expect((Int(bitPattern: text) + 8) % page == 0)
    #expect(String(cString: text.assumingMemoryBound(to: CChar.self)) == "größe")
  }

  // MARK: - The probe

  /// Stands for a process: scores like the function, and counts.
  private final class Probe: PluginTransport, Sendable {
    let log = Log()
    func reward(
      _ request: ComponentRequest
    ) throws(PluginError) -> LiveComponent<any RewardFunction> {
      log.add("made \(request.isolation?.rawValue ?? "anywhere")")
      let reward = try FunctionReward(request, isGuarded: true)
      return LiveComponent(part: Counted(reward, log)) { try reward.reconfigure($0) }
    }
    func dataset(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any Dataset> {
      throw request.error(.manifest, "no dataset")
    }
    func strategy(
      _ request: ComponentRequest
    ) throws(PluginError) -> LiveComponent<any MixingStrategy> {
      throw request.error(.manifest, "no strategy")
    }
  }

  private final class Counted: RewardFunction {
    let reward: FunctionReward
    let log: Log
    init(_ reward: FunctionReward, _ log: Log) { (self.reward, self.log) = (reward, log) }
    var identity: ComponentIdentity { reward.identity }
    var description: RewardDescription { reward.description }
    func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
      log.add("probed \(batch.items.count)")
      return try reward.score(batch)
    }
  }

  @Test func trustedFunctionIsProbedFirst() throws {
    let fixture = try FunctionFixture(
      FunctionRewardTests.scaled,
      more: FunctionRewardTests.scaledParameters
    )
    let probe = Probe()
    let live = try FunctionTransport(probe: probe).reward(try fixture.request)
    // Nothing was called where every item abstains; the function is not proven then.
    #expect(try live.part.score(batch(["\0"])) == [.abstained])
    try live.reconfigure(.object([ParameterEntry("scale", .double(3))]))
    #expect(try live.part.score(batch(["wort", "x"])) == [.score(3), .score(0)])
    #expect(try live.part.score(batch(["x", "wort"])) == [.score(0), .score(3)])
    try live.reconfigure(.object([ParameterEntry("scale", .double(4))]))
    #expect(try live.part.score(batch(["wort"])) == [.score(4)])
    #expect(probe.log.all == ["made process", "probed 1", "probed 2"])
  }

  @Test func failedProbeIsRepeated() throws {
    let fixture = try FunctionFixture(
      "symbol: not_a_number\narguments: [{ value: completion, as: string }]\nresult: double"
    )
    let probe = Probe()
    let live = try FunctionTransport(probe: probe).reward(try fixture.request)
    #expect(pluginError { _ = try live.part.score(batch(["n"])) } != nil)
    #expect(try live.part.score(batch(["a"])) == [.score(0.5)])
    #expect(probe.log.all == ["made process", "probed 1", "probed 1"])
  }
}
