import Components
import Foundation
import Testing

@testable import PluginHost

/// C functions where they belong: in a process of their own.
@Suite struct FunctionIsolationTests {
  private func load(
    _ fixture: FunctionFixture,
    _ policy: IsolationPolicy = IsolationPolicy()
  ) throws -> LoadedComponent<any RewardFunction> {
    var services = HostServices()
    services.bundleDirectory = fixture.folder.appending(path: "bundles").path()
    return try fixture.catalog(policy)
      .loadReward(PluginReference(FunctionFixture.id), services: services)
  }

  @Test func everythingArrivesInTheWorker() throws {
    let fixture = try FunctionFixture(
      FunctionRewardTests.scalars,
      more: FunctionRewardTests.scalarParameters + "\ndeterminism: none"
    )
    let reward = try load(fixture).part
    #expect(reward is RemoteReward)
    #expect(!reward.isReproducible)
    #expect(reward.description.requiredColumns == ["a", "b", "d", "f"])
    let items = batch(["x", "y"], columns: FunctionRewardTests.scalarColumns)
    #expect(try reward.score(items) == [.score(1), .score(1)])
    let error = try #require(pluginError { _ = try reward.score(batch(["x"])) })
    #expect(error.description.contains("needs the column 'a'"))
    withExtendedLifetime(fixture) {}
  }

  @Test func wholeBatchAndChanges() throws {
    let fixture = try FunctionFixture(
      FunctionRewardTests.batchForm,
      more: "parameters: { scale: { type: number, default: 0.5, changeable: true } }"
    )
    let loaded = try load(fixture)
    let columns = [Column("answer", .text("four")), Column("weight", .real(0.25))]
    let items = batch(["four", "", "größe\0"], columns: columns)
    let local = try fixture.reward().score(items)
    #expect(try loaded.part.score(items) == local)
    try loaded.reconfigure(.object([ParameterEntry("scale", .double(1))]))
    let doubled = local.map { outcome -> RewardOutcome in
      if case .score(let value) = outcome { return .score(2 * value) }
      return outcome
    }
    #expect(try loaded.part.score(items) == doubled)
    #expect(try loaded.part.answers(items) == [nil, nil, nil])
    let error = try #require(
      pluginError { _ = try loaded.part.score(batch(["a", "!"], columns: columns)) }
    )
    #expect(error.problem == .refused(status: -1))
    withExtendedLifetime(fixture) {}
  }

  static let wrong: [(String, String)] = [
    ("reads one byte too far", "symbol: overread\narguments: [{ value: completion, as: text }]"),
    ("looks for a NUL", "symbol: length\narguments: [{ value: completion, as: text }]"),
    ("takes a number for a pointer", "symbol: length\narguments: [{ column: n, as: int64 }]"),
    ("aborts", "symbol: crash\narguments: []"),
  ]

  /// A manifest that is wrong about a function costs a process that was made for that; trusted or not.
  @Test(arguments: wrong, [true, false])
  func wrongManifestIsCaught(_ test: (String, String), isTrusted: Bool) throws {
    let fixture = try FunctionFixture(test.1 + "\nresult: int32")
    let policy = IsolationPolicy { _, _ in isTrusted }
    let reward = try load(fixture, policy).part
    #expect((reward is ProbedReward) == isTrusted)
    let items = batch(["short"], columns: [Column("n", .int(64))])
    let error = try #require(pluginError { _ = try reward.score(items) }, "\(test.0)")
    guard case .crashed = error.problem else {
      Issue.record("\(error)")
      return
    }
    // The batch is kept, and the run may go on.
    #expect(error.bundle.map { FileManager.default.fileExists(atPath: $0) } == true)
    withExtendedLifetime(fixture) {}
  }

  @Test func writeBehindTheScoresIsCaught() throws {
    let fixture = try FunctionFixture(
      """
      symbol: batch_long
      call: batch
      arguments: [{ value: count, as: uint64 }, { out: scores, as: double }]
      result: void
      """
    )
    let error = try #require(
      pluginError { _ = try load(fixture).part.score(batch(["a", "b"])) }
    )
    // The batch is kept in the fixture's folder, which must outlive that.
    withExtendedLifetime(fixture) {}
    guard case .crashed = error.problem else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func trustedOnesScoreHereAfterTheProbe() throws {
    let fixture = try FunctionFixture(
      "symbol: length\narguments: [{ value: completion, as: string }]\nresult: int32"
    )
    let reward = try load(fixture, .trustingAll).part
    for text in ["one", "three"] {
      #expect(try reward.score(batch([text])) == [.score(Double(text.utf8.count))])
    }
    #expect(reward is ProbedReward)
  }
}
