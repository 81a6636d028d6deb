import Components
import Foundation
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

  /// Parameters of the model, from the newest checkpoint; `nil` before the first.
  var parameterCount: Int? {
    guard let path = checkpoints.last?.url.appending(path: "model.safetensors").path else {
      return nil
    }
    return (try? SafetensorsFile(path: path))?.entries.reduce(0) { $0 + $1.count }
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

  init(_ records: [Record], evaluations: [Record] = []) {
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

  /// How many columns a chart over `range` needs: as many as there are steps with metrics, so that no column stays empty.
  func columns(in range: Range<Double>, atMost limit: Int) -> Int {
    let steps = Set(names.flatMap { series($0).map(\.step) }).filter {
      $0 > range.lowerBound && $0 <= range.upperBound
    }
    return max(1, min(limit, steps.count))
  }

  /// Means of a metric over equal stretches of steps. NaN where a stretch has no point; an evaluation stands until the next.
  ///
  /// - Parameter range: 0-based steps.
  func binned(_ name: String, columns: Int, range: Range<Double>) -> [Double] {
    var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: columns)
    let span = max(range.upperBound - range.lowerBound, 1)
    for point in series(name) where point.step <= range.upperBound {
      // Points count complete steps: the last of a window's steps is one less.
      let share = (point.step - 1 - range.lowerBound) / span
      let bin = min(max(Int(share * Double(columns)), 0), columns - 1)
      sums[bin].sum += point.value
      sums[bin].count += 1
    }
    var values = sums.map { $0.count > 0 ? $0.sum / Double($0.count) : .nan }
    if name.hasPrefix("eval_") {
      for index in values.indices.dropFirst() where values[index].isNaN {
        values[index] = values[index - 1]
      }
    }
    return values
  }
}
