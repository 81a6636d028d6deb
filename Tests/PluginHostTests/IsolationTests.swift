import Components
import Foundation
import Testing

@testable import PluginHost

/// Components in processes of their own: what the run sees of them, alive and after their deaths.
struct IsolationTests {
  // MARK: - Policy

  @Test func whoMayRunWhere() throws {
    let fixture = try Fixture("misbehave", .reward)
    let load = { (policy: IsolationPolicy, isolation: Isolation?) in
      try fixture.isolated(Log(), policy: policy)
        .loadReward(PluginReference(fixture.id, isolation: isolation)).part
    }
    let shipped = IsolationPolicy(shippedDirectories: [fixture.folder.path()])
    let neighbour = IsolationPolicy(
      shippedDirectories: [fixture.folder.appending(path: "plu").path()]
    )
    #expect(try load(IsolationPolicy(), nil) is RemoteReward)
    #expect(try load(IsolationPolicy(), .process) is RemoteReward)
    #expect(try load(neighbour, nil) is RemoteReward)
    for policy in [.trustingAll, shipped] {
      #expect(try load(policy, nil) is PluginReward)
      #expect(try load(policy, .inProcess) is PluginReward)
      #expect(try load(policy, .process) is RemoteReward, "always honoured")
    }
    let error = try #require(pluginError { _ = try load(IsolationPolicy(), .inProcess) })
    #expect(error.problem == .notTrusted)
    #expect(error.description.contains("it is neither shipped with Stepwise nor trusted"))
    #expect(error.cure?.hasPrefix("run `stepwise plugin trust add --plugin /") == true)
  }

  @Test func trustIsAskedOfManifestAndDigest() throws {
    let fixture = try Fixture("misbehave", .reward)
    let digest = sha256(Array(try Data(contentsOf: fixture.library)))
    let log = Log()
    let policy = IsolationPolicy { manifest, digest in
      log.add("\(manifest) \(digest)")
      return false
    }
    _ = try fixture.isolated(Log(), policy: policy).loadReward(PluginReference(fixture.id))
    #expect(log.all == ["\(Files.canonical(fixture.manifest.path())) \(digest)"])
  }

  @Test func aMissingWorkerIsNamed() throws {
    let fixture = try Fixture("misbehave", .reward)
    let policy = IsolationPolicy(workerExecutable: "/nowhere/stepwise-plugin-worker")
    let error = try #require(
      pluginError {
        _ = try fixture.isolated(Log(), policy: policy).loadReward(PluginReference(fixture.id))
      }
    )
    #expect(error.problem == .isolation)
    #expect(error.description.contains("cannot run /nowhere/stepwise-plugin-worker: No such file"))
  }

  @Test func theWorkerIsNoCommandOfItsOwn() throws {
    let program = try ChildProcess(
      ChildProcess.Launch(executable: try InstallLayout.current.path(of: .worker))
    )
    #expect(program.wait(timeout: .seconds(20)) == .exited(64))
  }

  // MARK: - Rewards

  @Test func resultsDoNotDependOnTheNumberOfWorkers() throws {
    let fixture = try Fixture("misbehave", .reward)
    // Groups of different sizes, and texts that do not fit the first memory.
    var items: [RewardItem] = []
    for (row, size) in [3, 1, 7, 2, 2, 9, 1].enumerated() {
      for _ in 0..<size {
        var item = batch(["x"]).items[0]
        item.id = UInt64(1000 + items.count)
        item.example.id = UInt64(row)
        item.completion = String(repeating: "é", count: items.count * 20_000)
        items.append(item)
      }
    }
    let whole = RewardBatch(step: 1, seed: 2, items: items)
    let expected = items.map { RewardOutcome.score(Double($0.completion.utf8.count)) }
    for workers in [1, 2, 3, 40] {
      let parts = whole.parts(workers)
      #expect(parts.flatMap { Array($0) } == Array(items.indices))
      for part in parts.dropLast() {
        let end = part.upperBound
        #expect(items[end - 1].example.id != items[end].example.id, "groups stay whole")
      }
      let reward = try fixture.isolated(Log())
        .loadReward(PluginReference(fixture.id, workers: workers)).part
      #expect(try reward.score(whole) == expected)
      #expect(try reward.score(RewardBatch(step: 1, seed: 2, items: [])) == [])
      items[20].completion = "not a number"
      let error = try #require(
        pluginError { _ = try reward.score(RewardBatch(step: 1, seed: 2, items: [items[20]])) }
      )
      #expect(error.description.contains("item 0 (id 1020, row 5) is nan"))
      items[20] = whole.items[20]
    }
  }

  @Test func aFailedCallIsKept() throws {
    let fixture = try Fixture("misbehave", .reward)
    let reward = try fixture.isolated(Log()).loadReward(PluginReference(fixture.id)).part
    let bad = batch(["abort", "b\u{0}c"], columns: [Column("answer", .int(7))])
    let error = try #require(pluginError { _ = try reward.score(bad) })
    let bundle = try #require(error.bundle)
    #expect(error.description.contains("the call is kept in \(bundle)"))
    #expect(bundle.hasPrefix(fixture.folder.appending(path: "bundles/\(fixture.id)-").path()))
    #expect(bundle.hasSuffix(".bundle"))
    #expect(Files.names(in: bundle) == ["batch.jsonl", "error.txt", "request.json"])
    let kept = try BatchFile.read(bundle + "/batch.jsonl")
    #expect(BatchFile.text(kept) == BatchFile.text([bad]))
    let request = try String(contentsOfFile: bundle + "/request.json", encoding: .utf8)
    for part in ["\"plugin\":\"\(fixture.id)\"", "\"hook\":\"score\"", "\"deadline\":60.0"] {
      #expect(request.contains(part), "\(request)")
    }
    // A reward that always fails does not fill the disk.
    for _ in 0..<20 { _ = pluginError { _ = try reward.score(batch(["error"])) } }
    #expect(Files.names(in: fixture.folder.appending(path: "bundles").path())?.count == 16)
  }

  @Test func aWorkerThatGrowsIsReplaced() throws {
    let fixture = try Fixture("misbehave", .reward)
    let log = Log()
    let policy = IsolationPolicy(growthLimit: 32 << 20)
    let reward = try fixture.isolated(log, policy: policy)
      .loadReward(PluginReference(fixture.id)).part
    for _ in 0..<100 { #expect(try reward.score(batch(["leak"])) == [.score(4)]) }
    let replaced = log.all.filter { $0.contains("and is replaced by a new one") }
    #expect((2...4).contains(replaced.count), "\(log.all)")
    #expect(log.all.filter { $0 == "info destroyed" }.count >= replaced.count)
  }

  @Test func whatItPrintsIsLogged() throws {
    let fixture = try Fixture("misbehave", .reward)
    let log = Log()
    let reward = try fixture.isolated(log).loadReward(PluginReference(fixture.id)).part
    #expect(try reward.score(batch(["print", "x"])) == [.score(5), .score(1)])
    let lines = log.all
    #expect(lines.count == 3000)
    let isWhole = lines.allSatisfy { $0.hasSuffix("of a plugin that prints and prints") }
    #expect(isWhole, "lines of both streams do not mix")
  }

  @Test func cancellationReachesIt() throws {
    let fixture = try Fixture("misbehave", .reward)
    var catalog = fixture.isolated(Log())
    catalog.services.isCancelled = { true }
    let reward = try catalog.loadReward(PluginReference(fixture.id)).part
    let error = try #require(pluginError { _ = try reward.score(batch(["cancel"])) })
    #expect(error.problem == .refused(status: -6))
  }

  // MARK: - Files

  @Test func noDamagedLibraryStartsAProcess() throws {
    let fixture = try Fixture("misbehave", .reward)
    let policy = IsolationPolicy(workerExecutable: "/nowhere")
    let whole = try Data(contentsOf: fixture.library)
    var count = 0
    for size in stride(from: 0, to: whole.count, by: 512) {
      try whole.prefix(size).write(to: fixture.library)
      let error = try #require(
        pluginError {
          _ = try fixture.isolated(Log(), policy: policy).loadReward(PluginReference(fixture.id))
        }
      )
      guard case .image = error.problem else {
        Issue.record("\(size) bytes: \(error)")
        continue
      }
      count += 1
    }
    try Data("hello, I am a text\n".utf8).write(to: fixture.library)
    let error = pluginError {
      _ = try fixture.isolated(Log(), policy: policy).loadReward(PluginReference(fixture.id))
    }
    #expect(error?.description.contains("the file is no ELF library") == true)
    SurvivalReport.add(["library cut at \(count) places, and a text\trefused before any process"])
  }

  @Test func theLibraryMayGoDuringTheRun() throws {
    let fixture = try Fixture("misbehave", .reward)
    let reward = try fixture.isolated(Log()).loadReward(PluginReference(fixture.id)).part
    for change in 0..<3 {
      switch change {
      case 0: try Data("other".utf8).write(to: fixture.library, options: .atomic)
      case 1: #expect(truncate(fixture.library.path(), 0) == 0)
      default: try FileManager.default.removeItem(at: fixture.library)
      }
      #expect(try reward.score(batch(["abc"])) == [.score(3)])
      #expect(pluginError { _ = try reward.score(batch(["abort"])) } != nil)
      #expect(try reward.score(batch(["abc"])) == [.score(3)], "its successor, too")
    }
  }

  @Test func fiftySwapsAndTwoVersionsAtOnce() throws {
    let fixture = try Fixture(
      "misbehave",
      .reward,
      flags: ["-include", Fixture.sources.appending(path: "tls.h").path()]
    )
    let first = try fixture.isolated(Log()).loadReward(PluginReference(fixture.id))
    let bytes = try Data(contentsOf: fixture.library)
    for generation in 0..<50 {
      // Other bytes, and so another image.
      try (bytes + Data([UInt8(generation)])).write(to: fixture.library, options: .atomic)
      let next = try fixture.isolated(Log()).loadReward(PluginReference(fixture.id))
      #expect(next.plugin.identity.digest != first.plugin.identity.digest)
      #expect(try next.part.score(batch(["abc"])) == [.score(3)])
      if generation % 10 == 0 { #expect(try first.part.score(batch(["ab"])) == [.score(2)]) }
    }
    SurvivalReport.add(["50 swaps with thread-local variables, two versions at once\tall answered"])
  }
}
