import Components
import Foundation
import LanguageModels
import RunStore
import Tensors

/// Everything that a run's directory says of it so far.
struct StoredRun {
  /// One optimizer step.
  struct Step {
    /// 0-based.
    var step: Int
    var kind: StepKind
  }

  let url: URL
  let overview: RunOverview
  let configuration: RunConfiguration
  /// `nil` where it cannot be read: a run that is just being made has none.
  let provenance: Provenance?
  let decisions: [Record]
  let metrics: MetricTable
  let evaluations: [Record]
  let journal: [Record]

  var name: String { url.lastPathComponent }
  var shown: String { ProcessPaths.shown(url) }

  /// Reads a run that may be going.
  ///
  /// - Throws: `RunStoreError.damaged` with file and line, `ConfigurationError`.
  init(_ url: URL) throws {
    self.url = url
    overview = RunOverview(url)
    configuration = try RunOverview.configuration(of: url)
    provenance = try? RunDirectory.provenance(of: url)
    decisions = try RunDirectory.recordsSoFar(in: .decisions, of: url)
    evaluations = try RunDirectory.recordsSoFar(in: .evaluations, of: url)
    metrics = MetricTable(
      try RunDirectory.recordsSoFar(in: .metrics, of: url),
      evaluations: evaluations
    )
    journal = try RecordFile.records(at: "\(url.path)/journal.jsonl") ?? []
  }

  init(_ reference: RunReference) throws { try self.init(reference.url) }

  /// The optimizer steps, measurements left out.
  var steps: [Step] {
    decisions.compactMap { record in
      guard let step = record["step"]?.number, let name = record["kind"]?.text,
        let kind = StepKind.allCases.first(where: { $0.name == name }), kind != .measure
      else { return nil }
      return Step(step: Int(step), kind: kind)
    }
  }

  var heldOut: [HeldOutResult] { evaluations.compactMap(HeldOutResult.init) }

  var checkpoints: [Checkpoint] { RunDirectory.checkpoints(of: url) }

  /// Seconds of all steps, without evaluations and pauses; `nil` before the first metrics.
  var seconds: Double? {
    var (total, previous) = (0.0, steps.first.map { Double($0.step) } ?? 0)
    var isKnown = false
    for point in metrics.series("step_time") {
      total += point.value * (point.step - previous)
      previous = point.step
      isKnown = true
    }
    return isKnown ? total : nil
  }

  /// Tokens trained.
  var tokens: Int? { metrics.series("num_tokens").last.map { Int($0.value) } }

  /// Parameters that were trained, from the newest checkpoint; `nil` before the first.
  var parameterCount: Int? {
    guard let newest = checkpoints.last else { return nil }
    let files = newest.weights
    let counts = files.compactMap { file in
      (try? SafetensorsFile(path: file.path))?.entries.reduce(0) { $0 + $1.count }
    }
    return counts.isEmpty || counts.count < files.count ? nil : counts.reduce(0, +)
  }
}

/// Metrics and evaluations of a run as series over its steps.
struct MetricTable {
  struct Point: Equatable {
    /// Optimizer steps complete.
    var step: Double
    var value: Double
  }

  /// In the order in which they first came, evaluations last.
  private(set) var names: [String] = []
  private var points: [String: [Point]] = [:]
  /// The steps that have a record, ascending.
  private let windows: [Double]

  init(_ records: [Record], evaluations: [Record] = []) {
    windows = records.compactMap { $0["step"]?.number }
    for record in records + evaluations {
      guard let step = record["step"]?.number else { continue }
      for field in record.fields where field.name != "step" {
        guard let value = field.value.number else { continue }
        if points[field.name] == nil { names.append(field.name) }
        points[field.name, default: []].append(Point(step: step, value: value))
      }
    }
  }

  /// The points of a metric, by step; empty where it never came.
  func series(_ name: String) -> [Point] { points[name] ?? [] }

  /// The metrics that tell what a run did, in the order in which they are shown.
  var mainNames: [String] {
    let usual = ["sft/loss", "reward", "eval_pass@1"]
    let further = [
      "kl", "entropy", "sft/grad_norm", "rl/grad_norm", "grad_cosine", "completions/mean_length",
      "learning_rate",
    ]
    let strategy = names.filter { $0.hasPrefix("strategy/") }.prefix(4)
    return (usual + strategy + further).filter { points[$0] != nil }
  }

  /// Those of `wanted`, or the main ones where none are wanted.
  ///
  /// - Throws: `UsageError` for a name that is not there.
  func resolve(_ wanted: [String], run: String) throws -> [String] {
    for name in wanted where points[name] == nil {
      throw RunError.unknownMetric(name, in: run, names: names)
    }
    return wanted.isEmpty ? mainNames : wanted
  }

  /// Values of a metric over equal stretches of steps. A record says the mean since the record before it, so that it stands
  /// for all of these steps; NaN where it has no such metric. An evaluation stands until the next.
  ///
  /// - Parameter range: 0-based steps.
  func binned(_ name: String, columns: Int, range: Range<Double>) -> [Double] {
    let points = series(name)
    let width = (range.upperBound - range.lowerBound) / Double(columns)
    guard columns > 0, width > 0, !points.isEmpty else { return [] }
    let isHeld = name.hasPrefix("eval_")
    return (0..<columns).map { column in
      let start = range.lowerBound + Double(column) * width
      let end = start + width
      let inside = points.filter { $0.step > start && $0.step <= end }
      if !inside.isEmpty { return inside.reduce(0) { $0 + $1.value } / Double(inside.count) }
      if isHeld { return points.last { $0.step <= end }?.value ?? .nan }
      // The record that sums up this stretch comes later.
      guard let next = windows.first(where: { $0 > start }) else { return .nan }
      return points.first { $0.step == next }?.value ?? .nan
    }
  }
}
