import Components
import PluginHost
import Synchronization
import Tokenizers
import Training

/// The tokenizer of a run, for plugins: they are loaded before it where it is made from their rows.
final class TokenizerBox: Sendable {
  private let tokenizer = Mutex<Tokenizer?>(nil)

  /// There is no tokenizer yet.
  struct NotReady: Error, CustomStringConvertible {
    var description: String { "the run has no tokenizer before its datasets are loaded" }
  }

  func set(_ value: Tokenizer) { tokenizer.withLock { $0 = value } }

  func get() throws -> Tokenizer {
    guard let value = tokenizer.withLock({ $0 }) else { throw NotReady() }
    return value
  }
}

/// What plugins report of themselves within a step, as metrics `plugins/LABEL/NAME`: the mean of each.
final class PluginMetrics: Sendable {
  private let sums = Mutex<[(name: String, sum: Double, count: Int)]>([])

  func add(_ label: String, _ name: String, _ value: Double) {
    let name = "plugins/\(label)/\(name)"
    sums.withLock { sums in
      if let index = sums.firstIndex(where: { $0.name == name }) {
        sums[index].sum += value
        sums[index].count += 1
      } else {
        sums.append((name, value, 1))
      }
    }
  }

  /// The means since the last time, by name: the order in which threads reported says nothing.
  func drain() -> [Diagnostic] {
    sums.withLock { sums in
      defer { sums = [] }
      return sums.sorted { $0.name < $1.name }
        .map { Diagnostic($0.name, $0.sum / Double($0.count)) }
    }
  }
}

/// Lets a plugin's numbers into the run's metrics, or keeps them out while it is only tried alongside.
final class MetricGate: Sendable {
  private let opening = Mutex(true)

  var isOpen: Bool {
    get { opening.withLock { $0 } }
    set { opening.withLock { $0 = newValue } }
  }

  /// The services with this gate before their metrics.
  func guarding(_ services: HostServices) -> HostServices {
    var guarded = services
    let metric = services.metric
    guarded.metric = { [self] in if isOpen { metric($0, $1, $2) } }
    return guarded
  }
}

/// The run's models, for plugins that ask for log-probabilities: the trainer exists only after they were loaded.
///
/// Unchecked because a plugin asks while the trainer waits for it, and the lock lets one ask at a time.
final class ModelBox: @unchecked Sendable {
  private let lock = Mutex<Void>(())
  private weak var trainer: Trainer?

  func set(_ trainer: Trainer) { self.trainer = trainer }

  func logProbabilities(
    _ model: HostServices.Model,
    _ context: [Int32],
    _ ids: [Int32]
  ) throws -> [Float] {
    try lock.withLock { _ in
      guard let trainer else { throw NotReady() }
      return try trainer.logProbabilities(of: ids, after: context, reference: model == .reference)
    }
  }

  /// There is no trainer yet.
  struct NotReady: Error, CustomStringConvertible {
    var description: String { "the run has no model before its first step" }
  }
}

/// What a run has for its plugins, filled as it is composed.
struct RunServices {
  let tokenizer = TokenizerBox()
  let models = ModelBox()
  let metrics = PluginMetrics()

  /// As plugins see it.
  func host(_ notices: NoticeBoard) -> HostServices {
    var services = HostServices()
    services.log = { level, label, message in
      guard level.rawValue >= HostServices.LogLevel.warning.rawValue else { return }
      notices.post("\(label): \(message)")
    }
    services.isCancelled = { StopRequest.isPending }
    services.metric = { [metrics] in metrics.add($0, $1, $2) }
    services.encode = { [tokenizer] in try tokenizer.get().encode($0, addSpecialTokens: false) }
    services.decode = { [tokenizer] ids, keepSpecialTokens in
      try tokenizer.get().decode(ids, skipSpecialTokens: !keepSpecialTokens)
    }
    services.logProbabilities = { [models] in try models.logProbabilities($0, $1, $2) }
    return services
  }
}
