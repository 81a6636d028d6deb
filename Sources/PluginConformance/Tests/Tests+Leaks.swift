import Components
import PluginHost

extension ConformanceTest {
  /// What grows with the number of calls.
  static let leaks: [ConformanceTest] = [
    ConformanceTest(
      id: "leaks.calls",
      kinds: ComponentKind.allCases,
      reach: .inProcess,
      summary: "10,000 calls leave no memory, no descriptor and no thread behind.",
      limit: 60
    ) { component in
      let call = try component.repeatedCall()
      component.note("making 10,000 calls")
      for _ in 0..<500 { try call() }
      let start = ProcessUse()
      let end = ContinuousClock.now + .seconds(20)
      var count = 0
      while count < 5000, ContinuousClock.now < end {
        try call()
        count += 1
      }
      let middle = ProcessUse()
      // A buffer that grows once is no leak: only what the second half takes, too, grows with the calls.
      for _ in 0..<count { try call() }
      do {
        try ProcessUse().expectNoGrowth(since: middle, over: count, unit: "call")
        try middle.expectNoGrowth(since: start, over: count, unit: "call")
      } catch let end as CheckEnd where component.component.kind == .strategy {
        // A strategy may keep a record of the run.
        throw CheckEnd.warning(end.found, cure: "keep a record of bounded length, or " + end.cure)
      }
    }
  ]
}

extension CheckedComponent {
  /// One small call that can be made again and again.
  fileprivate func repeatedCall() throws -> () throws -> Void {
    switch component.kind {
    case .reward:
      let reward = try reward().part
      let batch = try material(reward).varied(4)
      return {
        _ = try reward.score(batch)
        _ = try reward.answers(batch)
      }
    case .dataset:
      let dataset = try dataset()
      let count = max(1, min(dataset.count ?? 4, 4))
      return { _ = try dataset.examples(in: 0..<count) }
    case .strategy:
      var run = SimulatedRun(try strategy())
      run.keepsTrace = false
      return { _ = try run.run(1) }
    }
  }
}
