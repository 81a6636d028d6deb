import Components
import Dispatch
import PluginHost
import RunControl
import Synchronization
import Training

/// Where requests from other threads wait for the training thread, and what they may know of the run meanwhile.
final class ControlDesk: Sendable {
  /// A request that waits for a step boundary.
  final class Pending: Sendable {
    let action: String
    let intervention: Handed<Intervention?>
    /// The newcomer of a swap, loaded and tried.
    let newcomer: Handed<Newcomer?>
    /// Who asks.
    let who: String
    let arrived = ContinuousClock.now
    private let answered = DispatchSemaphore(value: 0)
    private let answer = Mutex<ControlAnswer?>(nil)
    private let progress = Mutex<[String]>([])

    init(
      _ action: String,
      _ intervention: Intervention? = nil,
      newcomer: Newcomer? = nil,
      who: String
    ) {
      self.action = action
      self.intervention = Handed(intervention)
      self.newcomer = Handed(newcomer)
      self.who = who
    }

    /// Lets go who waits; the first answer counts.
    func answer(_ value: ControlAnswer) {
      answer.withLock { $0 = $0 ?? value }
      answered.signal()
    }

    /// Tells who waits how it goes.
    func tell(_ line: String) {
      progress.withLock { $0.append(line) }
      answered.signal()
    }

    /// Waits for the answer.
    func wait(_ tell: (String) -> Void) -> ControlAnswer {
      while true {
        answered.wait()
        let lines = progress.withLock { lines in
          defer { lines = [] }
          return lines
        }
        lines.forEach(tell)
        if let answer = answer.withLock({ $0 }) { return answer }
      }
    }
  }

  /// What other threads may know of the run.
  struct View: Sendable {
    var loaded: LoadedConfiguration
    var steering: Steering
    /// The rewards' names, in the order of the configuration.
    var rewardNames: [String] = []
    /// The plugins' ids, by slot of the configuration.
    var ids: [String: String] = [:]
    /// The newcomer that is tried alongside, for people.
    var trial: String?
    /// What the strategy would be told next.
    var context: StepContext?
    /// The newest batch that was scored, cut to a few items.
    var batch: RewardBatch?
  }

  private struct State {
    var pending: [Pending] = []
    var isPaused = false
    var isClosed = false
    var view: View
  }

  private let state: Mutex<State>
  private let wake = DispatchSemaphore(value: 0)

  init(_ view: View) { state = Mutex(State(view: view)) }

  var view: View { state.withLock { $0.view } }
  var isPaused: Bool { state.withLock { $0.isPaused } }

  func publish(_ change: (inout View) -> Void) { state.withLock { change(&$0.view) } }

  func pause(_ value: Bool) {
    state.withLock { $0.isPaused = value }
    wake.signal()
  }

  /// Hands a request to the training thread.
  func post(_ pending: Pending) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.pending.append(pending) }
      return state.isClosed
    }
    if isClosed { pending.answer(Self.over) }
    wake.signal()
  }

  /// The requests so far, in order.
  func take() -> [Pending] {
    state.withLock { state in
      defer { state.pending = [] }
      return state.pending
    }
  }

  /// Waits a moment for another request.
  func wait() { _ = wake.wait(timeout: .now() + .milliseconds(100)) }

  /// Nobody will serve requests from here on.
  func close() {
    let left = state.withLock { state in
      state.isClosed = true
      defer { state.pending = [] }
      return state.pending
    }
    left.forEach { $0.answer(Self.over) }
  }

  static let over = ControlAnswer.refused(
    "the run has ended",
    cure: "Go on with it by `stepwise train --resume RUN`."
  )
}

/// Something that one thread hands to another and keeps nothing of: that is why it needs no lock.
final class Handed<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
}

/// A plugin that waits to take a slot.
enum Newcomer {
  case strategy(LoadedSlot<any MixingStrategy>)
  case dataset(LoadedDataset)
  case reward(LoadedSlot<WeightedReward>)

  /// Whether what it reports is part of the run's metrics.
  var gate: MetricGate {
    switch self {
    case .strategy(let slot): return slot.gate
    case .dataset(let dataset): return dataset.sources[0].gate
    case .reward(let slot): return slot.gate
    }
  }

  var plugin: LoadedPlugin {
    switch self {
    case .strategy(let slot): return slot.plugin
    case .dataset(let dataset): return dataset.plugin
    case .reward(let slot): return slot.plugin
    }
  }
}
