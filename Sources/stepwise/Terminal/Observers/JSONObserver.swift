import Components
import Training

/// One JSON object a line for every event: `stepwise train --json`.
final class JSONObserver: EventSink {
  private let write: (String) -> Void

  init(write: @escaping (String) -> Void) { self.write = write }

  func observe(_ event: TrainingEvent) {
    write(Self.value(of: event).json + "\n")
  }

  func stopping() { write(Self.object("stopping", []).json + "\n") }

  func note(_ text: String) {
    write(Self.object("note", [("text", .string(text))]).json + "\n")
  }

  func close() {}

  static func value(of event: TrainingEvent) -> ParameterValue {
    switch event {
    case .started(let step, let horizon, let parameters):
      return object(
        "started",
        [("step", whole(step)), ("horizon", whole(horizon)), ("parameters", whole(parameters))]
      )
    case .generating(let done, let total):
      return object("generating", [("done", whole(done)), ("total", whole(total))])
    case .step(let record): return value(of: record)
    case .evaluated(let record): return value(of: record)
    case .checkpoint(let step, let path):
      return object("checkpoint", [("step", whole(step)), ("path", .string(path))])
    case .warning(let text): return object("warning", [("text", .string(text))])
    case .finished(let steps, let reason):
      return object("finished", [("steps", whole(steps)), ("reason", .string(reason.rawValue))])
    }
  }

  private static func value(of record: StepRecord) -> ParameterValue {
    let metrics = record.metrics.map { ParameterEntry($0.name, .double($0.value)) }
    return object(
      "step",
      [
        ("step", whole(record.step)), ("horizon", whole(record.horizon)),
        ("kind", .string(record.report.kind.name)), ("reason", .string(record.reason)),
        ("seconds", .double(record.seconds)), ("tokens", whole(record.tokens)),
        ("metrics", .object(metrics)),
      ]
    )
  }

  private static func value(of record: EvaluationRecord) -> ParameterValue {
    object(
      "evaluated",
      [
        ("step", whole(record.step)), ("count", whole(record.count)), ("k", whole(record.k)),
        ("pass_at_1", value(of: record.passAt1)), ("pass_at_k", value(of: record.passAtK)),
        ("maj_at_k", record.majAtK.map(value(of:)) ?? .null), ("reward", .double(record.reward)),
        ("completion_length", .double(record.completionLength)),
        ("clipped_ratio", .double(record.clippedRatio)), ("seconds", .double(record.seconds)),
      ]
    )
  }

  static func value(of estimate: Estimate) -> ParameterValue {
    .object([
      ParameterEntry("value", .double(estimate.value)),
      ParameterEntry("low", .double(estimate.low)), ParameterEntry("high", .double(estimate.high)),
    ])
  }

  private static func whole(_ value: Int) -> ParameterValue { .int(Int64(value)) }

  private static func object(
    _ event: String,
    _ entries: [(String, ParameterValue)]
  ) -> ParameterValue {
    .object(
      [ParameterEntry("event", .string(event))] + entries.map { ParameterEntry($0.0, $0.1) }
    )
  }
}
