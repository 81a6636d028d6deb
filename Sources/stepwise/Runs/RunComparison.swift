import Components
import Foundation
import LanguageModels
import RunStore
import Training

/// Two runs side by side: what differs in what they are, where they part, where they end.
struct RunComparison {
  /// A plugin that is not the same in both.
  struct PluginDifference: Equatable {
    var slot: String
    /// id, version and digest; `nil` where the slot is empty.
    var first: String?
    var second: String?
  }

  /// What a stream of both runs came to.
  struct Stream {
    var name: String
    /// Between two strategies without what each says of itself, which never is the same.
    var comparison: RecordComparison
    /// Of everything.
    var isExact: Bool
  }

  let first: StoredRun
  let second: StoredRun
  let configuration: [ConfigurationDifference]
  let plugins: [PluginDifference]
  /// Provenance of the bits: GEMM provider, core type, kernel level.
  let numerics: [PluginDifference]
  let streams: [Stream]
  /// Metrics that both runs have, to be drawn.
  let metrics: [String]
  /// Whether the newest checkpoints have the same weights; `nil` where their steps differ, or one has none.
  let sameWeights: Bool?
  /// The last evaluations, prompt by prompt; `nil` where the held-out rows are not the same.
  let paired: PairedComparison?

  /// - Parameter wanted: metrics to draw; empty for the main ones.
  /// - Throws: `RunError` where the runs have no metric in common, `UsageError` for an unknown one.
  init(_ first: StoredRun, _ second: StoredRun, metrics wanted: [String]) throws {
    self.first = first
    self.second = second
    let shared = first.metrics.names.filter { !second.metrics.series($0).isEmpty }
    guard !shared.isEmpty else {
      throw RunError(
        "\(first.shown) and \(second.shown)",
        "the runs have no metric in common: \(Self.names(first)); \(Self.names(second))",
        cure: "Compare runs that have both trained a step and share an objective"
      )
    }
    for name in wanted where !shared.contains(name) {
      throw RunError.unknownMetric(name, in: "both runs", names: shared)
    }
    metrics = wanted.isEmpty ? first.metrics.mainNames.filter(shared.contains) : wanted
    configuration = ConfigurationDifference.all(first.configuration, second.configuration)
    plugins = Self.plugins(first.provenance, second.provenance)
    numerics = Self.numerics(first.provenance, second.provenance)
    streams = try Self.streams(first, second)
    sameWeights = try Self.sameWeights(first, second)
    paired =
      Self.sharesHeldOutRows(first, second)
      ? first.heldOut.last.flatMap { last in second.heldOut.last.flatMap(last.paired) } : nil
  }

  /// Whether nothing that was recorded differs, but for times.
  var isExact: Bool { streams.allSatisfy(\.isExact) && sameWeights != false }

  /// The first step, 0-based, in which something recorded differs; `nil` where what both have is equal.
  var parting: (step: Int, stream: String, difference: RecordComparison.Difference)? {
    streams.compactMap { stream -> (Int, String, RecordComparison.Difference)? in
      guard let found = stream.comparison.difference else { return nil }
      let fromZero = RunStream(rawValue: stream.name)?.namesStepFromZero == true
      return (max(0, Int(found.step) - (fromZero ? 0 : 1)), stream.name, found)
    }.min { $0.0 < $1.0 }
  }

  private static func names(_ run: StoredRun) -> String {
    run.metrics.names.isEmpty
      ? "\(run.name) has none yet"
      : "\(run.name) has \(run.metrics.names.prefix(8).joined(separator: ", "))"
  }

  private static func plugins(_ a: Provenance?, _ b: Provenance?) -> [PluginDifference] {
    func labels(_ provenance: Provenance?) -> [(String, String)] {
      (provenance?.plugins ?? []).map {
        ($0.slot, "\($0.id) \($0.version) (\($0.digest.prefix(12)))")
      }
    }
    return differences(labels(a), labels(b))
  }

  private static func numerics(_ a: Provenance?, _ b: Provenance?) -> [PluginDifference] {
    func values(_ provenance: Provenance?) -> [(String, String)] {
      (provenance?.numerics ?? [:]).filter { $0.key != "threads" }.sorted { $0.key < $1.key }
        .map { ($0.key, $0.value) }
    }
    return differences(values(a), values(b))
  }

  private static func differences(
    _ a: [(String, String)],
    _ b: [(String, String)]
  ) -> [PluginDifference] {
    let left = Dictionary(a, uniquingKeysWith: { $1 })
    let right = Dictionary(b, uniquingKeysWith: { $1 })
    let slots = a.map(\.0) + b.map(\.0).filter { left[$0] == nil }
    return slots.filter { left[$0] != right[$0] }
      .map { PluginDifference(slot: $0, first: left[$0], second: right[$0]) }
  }

  private static func streams(_ a: StoredRun, _ b: StoredRun) throws -> [Stream] {
    let start = Double(start(a, b))
    return try [RunStream.decisions, .metrics, .rollouts, .evaluations].compactMap { stream in
      var first = try RunDirectory.recordsSoFar(in: stream, of: a.url)
      var second = try RunDirectory.recordsSoFar(in: stream, of: b.url)
      // A run may keep no rollouts, or evaluate nothing; only then is an empty stream no difference.
      if first.isEmpty || second.isEmpty, stream == .rollouts || stream == .evaluations {
        return nil
      }
      // Means over other windows are other numbers.
      if stream == .metrics,
        a.configuration.training.loggingSteps != b.configuration.training.loggingSteps
      {
        return nil
      }
      if start > 0 {
        let least = stream.namesStepFromZero ? start : start + 1
        let isCommon = { (record: Record) in (record["step"]?.number ?? 0) >= least }
        first = first.filter(isCommon)
        second = second.filter(isCommon)
      }
      let whole = RecordComparison(first, second)
      guard differInStrategy(a, b) else {
        return Stream(name: stream.rawValue, comparison: whole, isExact: whole.isExact)
      }
      return Stream(
        name: stream.rawValue,
        comparison: RecordComparison(
          first.map { RecordComparison.withoutStrategy($0, in: stream) },
          second.map { RecordComparison.withoutStrategy($0, in: stream) }
        ),
        isExact: whole.isExact
      )
    }
  }

  /// The first step, 0-based, that both runs made: a branch does not begin at 0.
  private static func start(_ a: StoredRun, _ b: StoredRun) -> Int {
    guard let first = a.steps.first?.step, let second = b.steps.first?.step else { return 0 }
    return max(first, second)
  }

  /// Whether the strategies are not of one name; a strategy that was rebuilt is the same.
  private static func differInStrategy(_ a: StoredRun, _ b: StoredRun) -> Bool {
    a.overview.strategy != b.overview.strategy
  }

  /// Whether what the strategies say of themselves was left out.
  var leavesOutStrategies: Bool { Self.differInStrategy(first, second) }

  /// As `start`, of these two.
  var start: Int { Self.start(first, second) }

  private static func sameWeights(_ a: StoredRun, _ b: StoredRun) throws -> Bool? {
    guard let x = a.checkpoints.last, let y = b.checkpoints.last, x.step == y.step else {
      return nil
    }
    func digests(_ checkpoint: Checkpoint) throws -> [String] {
      try checkpoint.weights.map { try SHA256.hexDigest(ofFileAt: $0) }
    }
    return try digests(x) == digests(y)
  }

  /// Pairs need the same rows in the same order: one plugin, one set of parameters.
  private static func sharesHeldOutRows(_ a: StoredRun, _ b: StoredRun) -> Bool {
    func digest(_ run: StoredRun) -> String? {
      run.provenance?.plugins.first { $0.slot == "evaluation.prompts" }?.digest
    }
    func rows(_ run: StoredRun) -> (ParameterValue, DatasetSplit.Rule?)? {
      run.configuration.evaluationPrompts.map {
        ($0.sources[0].component.parameters, $0.sources[0].split)
      }
    }
    guard let (x, y) = rows(a), let (z, w) = rows(b) else { return false }
    return digest(a) == digest(b) && x == z && y == w
  }
}
