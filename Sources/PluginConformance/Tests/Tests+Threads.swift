import Components
import Foundation
import PluginHost
import Synchronization

extension ConformanceTest {
  /// What the declared concurrency promises.
  static let threads: [ConformanceTest] = [
    ConformanceTest(
      id: "threads.calls",
      kinds: [.reward],
      reach: .native,
      summary: "A thread-safe instance gives the same scores to overlapping calls."
    ) { component in
      guard try component.probe().isThreadSafe else {
        throw CheckEnd.skipped("it is declared serial: the host makes one call at a time")
      }
      try component.requireDeterminism()
      let reward = try component.reward(services: .parallel).part
      component.note("scoring on \(threadCount) threads at once, on one instance")
      try score(Array(repeating: reward, count: threadCount), component)
    },
    ConformanceTest(
      id: "threads.instances",
      kinds: [.reward],
      reach: .native,
      summary: "Different instances can be called at once."
    ) { component in
      try component.requireDeterminism()
      let rewards = try (0..<threadCount).map { _ in
        try component.reward(services: .parallel).part
      }
      component.note("scoring on \(threadCount) threads at once, each with its own instance")
      try score(rewards, component)
    },
  ]

  private static let threadCount = 8

  /// Scores other batches on each thread at once, many times, and compares with what a single thread gets.
  private static func score(
    _ rewards: [any RewardFunction],
    _ component: CheckedComponent
  ) throws {
    let material = try component.material(rewards[0])
    let batches = rewards.indices.map { material.varied(3 + 2 * $0, seed: UInt64($0)) }
    let expected = try zip(rewards, batches).map { try $0.score($1).map(\.text) }
    let problem = FirstProblem()
    let shared = SharedRewards(rewards)
    let count = rewards.count
    onThreads(count) { thread in
      for round in 0..<100 where problem.text == nil {
        do {
          let found = try shared.rewards[thread].score(batches[thread]).map(\.text)
          if let index = found.indices.first(where: { found[$0] != expected[thread][$0] }) {
            let text =
              "\(shown(batches[thread].items[index])) has \(expected[thread][index]) alone and "
              + "\(found[index]) in round \(round) beside \(count - 1) other calls"
            problem.note(text)
          }
        } catch {
          problem.note("\(error)")
        }
      }
    }
    if let found = problem.text {
      throw CheckEnd.failed(
        found,
        cure: "guard what calls share, or declare STEPWISE_CONCURRENCY_SERIAL"
      )
    }
  }

  /// Runs `body` on `count` threads at once.
  ///
  /// Threads of their own, not `concurrentPerform`: that takes no more of them than there are idle processors,
  /// and on a busy machine one after the other.
  private static func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let all = DispatchGroup()
    for index in 0..<count {
      all.enter()
      Thread.detachNewThread {
        body(index)
        all.leave()
      }
    }
    all.wait()
  }

  /// What went wrong first, on whichever thread.
  private final class FirstProblem: Sendable {
    private let first = Mutex<String?>(nil)
    var text: String? { first.withLock { $0 } }
    func note(_ text: String) { first.withLock { $0 = $0 ?? text } }
  }

  /// Carries rewards to threads. Unchecked because that they bear it is what is tried.
  private final class SharedRewards: @unchecked Sendable {
    let rewards: [any RewardFunction]
    init(_ rewards: [any RewardFunction]) { self.rewards = rewards }
  }
}

extension HostServices {
  /// The services of checks, with work in parallel done in parallel.
  fileprivate static let parallel: HostServices = {
    var services = HostServices.forChecks
    services.parallelFor = { count, body in
      DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }
    return services
  }()
}
