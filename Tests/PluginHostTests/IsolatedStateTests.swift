import Components
import Foundation
import Testing

@testable import PluginHost

/// Components with state in processes of their own: a death costs one call, and the next goes on from the last success.
struct IsolatedStateTests {
  private static let catalog = PluginCatalog(
    searchPaths: [Fixture.sources.appending(path: "swift").path()],
    libraryDirectories: [FixtureSuite.libraryFolder],
    imageDirectory: FixtureSuite.libraryFolder + "/fixture-images"
  )

  /// Ends the worker of a component while it is idle.
  private func kill(_ slot: WorkerSlot) throws {
    let child = try #require(slot.process)
    child.signal(SIGTERM)
    #expect(child.wait(timeout: .seconds(20)) != nil)
  }

  @Test func aStrategyGoesOnFromItsLastSuccess() throws {
    let log = Log()
    var services = HostServices()
    services.log = { log.add("\($0) \($2)") }
    let reference = PluginReference("org.stepwise.fixture.suite")
    let strategy = try #require(
      try Self.catalog.loadStrategy(reference, services: services).part as? RemoteStrategy
    )
    let twin = try FixtureSuite.catalog.loadStrategy(reference).part
    for step in 0..<6 {
      #expect(try strategy.beginStep(context(step: step)) == twin.beginStep(context(step: step)))
      if step % 2 == 0 { try kill(strategy.slot) }
      for each in [strategy, twin] as [any MixingStrategy] {
        try each.endStep(report(Double(step * 100)))
      }
      if step % 3 == 0 { try kill(strategy.slot) }
      #expect(try strategy.saveState() == twin.saveState())
    }
    #expect(log.all.filter { $0.contains("its process ended between two calls") }.count == 5)
  }

  @Test func anInterruptedCallIsAnErrorAndMayBeRepeated() throws {
    let reference = PluginReference("org.stepwise.fixture.suite")
    let strategy = try #require(
      try Self.catalog.loadStrategy(reference).part as? RemoteStrategy
    )
    try strategy.endStep(report(100))
    let state = try strategy.saveState()
    // Stopped, it answers nothing; killed in that, the call is lost.
    let child = try #require(strategy.slot.process)
    let killer = Thread {
      usleep(50_000)
      child.signal(SIGTERM)
    }
    try #require(ProcessEntry.all().filter { $0.parent == child.processID }.count == 1)
    for process in ProcessEntry.all() where process.parent == child.processID {
      Glibc.kill(process.id, SIGSTOP)
    }
    killer.start()
    let error = try #require(pluginError { try strategy.endStep(report(200)) })
    #expect(error.problem == .crashed(.signalled(SIGKILL)), "\(error)")
    #expect(error.hook == "end_step")
    #expect(try strategy.saveState() == state, "as before the call that was lost")
    try strategy.endStep(report(200))
    #expect(try strategy.saveState() != state)
  }

  @Test func aDatasetGoesOnWhereItStood() throws {
    let dataset = try #require(
      try Self.catalog.loadDataset(PluginReference("counter")).part as? RemoteDataset
    )
    #expect(try dataset.examples(in: 0..<3).map(\.id) == [0, 1, 2])
    try kill(dataset.slot)
    // It can only go forward: from its state, or not at all.
    #expect(try dataset.examples(in: 3..<1500).map(\.id) == Array(3..<1500))
    #expect(pluginError { _ = try dataset.examples(in: 0..<1) } != nil)
  }

  @Test func changedParametersOutliveTheProcess() throws {
    let reward = try Self.catalog.loadReward(PluginReference("org.stepwise.fixture.suite"))
    let twin = try FixtureSuite.catalog.loadReward(PluginReference("org.stepwise.fixture.suite"))
    let remote = try #require(reward.part as? RemoteReward)
    let items = batch(["1", "123", "1234567"])
    for limit in [5, 1, 100] as [Int64] {
      let change = ParameterValue.object([ParameterEntry("limit", .int(limit))])
      try reward.reconfigure(change)
      try twin.reconfigure(change)
      #expect(try remote.score(items) == twin.part.score(items))
      try kill(remote.slots[0])
      #expect(try remote.score(items) == twin.part.score(items))
    }
    let wrong = ParameterValue.object([ParameterEntry("limit", .int(-1))])
    #expect(pluginError { try reward.reconfigure(wrong) }?.problem == .parameters)
    #expect(try remote.score(items) == twin.part.score(items))
  }

  @Test func badStatesLeaveTheOldOne() throws {
    let strategy = try Self.catalog.loadStrategy(PluginReference("org.stepwise.fixture.suite")).part
    try strategy.endStep(report(100))
    let state = try strategy.saveState()
    var generator = SystemRandomNumberGenerator()
    var blobs: [[UInt8]] = [[], [0], Array(state.dropLast()), state + [0]]
    for _ in 0..<3 {
      blobs.append((0..<1 << 20).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
    for blob in blobs {
      #expect(pluginError { try strategy.loadState(blob) }?.problem == .state)
      #expect(try strategy.saveState() == state)
    }
    SurvivalReport.add(["\(blobs.count) bad state blobs, three of 1 MB\trefused, the old one stays"]
    )
  }
}
