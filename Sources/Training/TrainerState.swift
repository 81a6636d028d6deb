import Components

/// Everything of a run that is neither a tensor nor a plugin's own state. What is in here, a resume restores.
struct TrainerState: Codable, Sendable {
  /// Optimizer steps complete.
  var step = 0
  var sftSteps = 0
  var rlSteps = 0
  /// Micro-batches of rollouts trained so far: where the run stands in its generation batch.
  var rlMicroSteps = 0
  /// Completions sampled so far: the next one's random stream.
  var rolloutsDrawn: UInt64 = 0
  /// Generation batches made so far.
  var generations = 0
  /// Tokens trained so far.
  var trainedTokens = 0
  /// Updates made in each optimizer slot: AdamW's step count.
  var slotUpdates: [Int] = []
  var history: [StepReport] = []
  var evaluation: EvaluationSummary?
  /// The generation batch in use; `nil` before the first.
  var generation: GenerationBatch?
  var prompts: RowSource.Cursor?
  var demonstrations: RowSource.Cursor?
  /// Where the run stands in its packed rows; `nil` without packing.
  var packing: PackingCursor?
  /// Demonstrations so far that were longer than `sft.max_length`, cut or left out; `nil` before the first.
  var overlongRows: Int?
  /// Rows of the fixed probe, by position.
  var probe: [Int] = []
  /// SHA-256 of the reference model's weights, as stored beside the checkpoints; `nil` without a reference.
  var referenceDigest: String?
  /// Sums since the last logged step, so that a resume averages over the same steps.
  var pendingMetrics = MetricAverager()
}

/// Averages metrics over `logging_steps`, keeping the order in which names first came.
struct MetricAverager: Codable, Sendable {
  private(set) var names: [String] = []
  private var sums: [Double] = []
  private var counts: [Int] = []

  /// Adds one step's metrics.
  mutating func add(_ metrics: [Diagnostic]) {
    for metric in metrics {
      if let index = names.firstIndex(of: metric.name) {
        sums[index] += metric.value
        counts[index] += 1
      } else {
        names.append(metric.name)
        sums.append(metric.value)
        counts.append(1)
      }
    }
  }

  /// The means since the last call, and starts anew.
  mutating func drain() -> [Diagnostic] {
    defer { self = MetricAverager() }
    return names.indices.map { Diagnostic(names[$0], sums[$0] / Double(counts[$0])) }
  }
}
