import Components
import Training

/// One line for every `logging_steps` steps: for files, pipes and terminals that cannot move the cursor.
final class LineObserver: EventSink {
  private var state: RunScreenState
  private let write: (String) -> Void
  private let clock: () -> Double
  private let loggingSteps: Int
  private var window: [StepRecord] = []

  init(
    _ state: RunScreenState,
    loggingSteps: Int,
    clock: @escaping () -> Double = steadySeconds,
    write: @escaping (String) -> Void
  ) {
    self.state = state
    self.loggingSteps = max(1, loggingSteps)
    self.clock = clock
    self.write = write
  }

  func observe(_ event: TrainingEvent) {
    state.apply(event, at: clock())
    switch event {
    case .started(let step, let horizon, let parameters):
      let count = NumberText.quantity(Double(parameters))
      let from = step > 0 ? ", going on at step \(step)" : ""
      write("\(state.title): \(state.strategy), \(count) parameters, \(horizon) steps\(from)\n")
    case .generating: break
    case .step(let record):
      window.append(record)
      if state.step % loggingSteps == 0 || state.step == record.horizon { flush() }
    case .evaluated(let record):
      write(
        "evaluation at step \(record.step): \(NumberText.fixed(record.passAt1.value, 3)) "
          + "\(record.passAt1.interval) of \(record.count) prompts\n"
      )
    case .checkpoint(_, let path): write("checkpoint: \(path)\n")
    case .warning(let text): note(text)
    case .finished(let steps, let reason):
      flush()
      write("\(reason.rawValue) after \(steps) steps in \(NumberText.duration(state.elapsed))\n")
    }
  }

  func stopping() { write("finishing this step, then writing a checkpoint\n") }

  func note(_ text: String) { StandardError.write(text) }

  func close() {}

  /// Means over the window, as in metrics.jsonl.
  private func flush() {
    guard let last = window.last else { return }
    var parts = ["step \(last.step + 1)/\(last.horizon)"]
    for kind in [StepKind.sft, .rl, .both] {
      let count = window.count { $0.report.kind == kind }
      if count > 0 { parts.append("\(kind.name) \(count)") }
    }
    func add(_ label: String, _ value: (StepRecord) -> Double?) {
      let values = window.compactMap(value).filter(\.isFinite)
      guard !values.isEmpty else { return }
      parts.append("\(label) \(NumberText.short(values.reduce(0, +) / Double(values.count)))")
    }
    add("sft/loss") { $0.report.sft?.loss }
    add("sft/grad_norm") { $0.report.sft?.gradNorm }
    add("reward") { $0.report.rl?.rewardMean }
    add("kl") { $0.report.rl?.kl }
    add("rl/grad_norm") { $0.report.rl?.gradNorm }
    for diagnostic in last.diagnostics {
      add(diagnostic.name) { $0.diagnostics.first { $0.name == diagnostic.name }?.value }
    }
    if let speed = state.tokensPerSecond { parts.append("\(NumberText.quantity(speed)) tokens/s") }
    if let remaining = state.remaining { parts.append("\(NumberText.duration(remaining)) left") }
    write(parts.joined(separator: "  ") + "\n")
    window = []
  }
}
