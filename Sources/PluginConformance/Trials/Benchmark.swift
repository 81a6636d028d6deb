public import Components
import PluginHost

/// Times a component's calls where a run may put its code.
public struct Benchmark: Sendable {
  /// Times at one place.
  public struct Row: Sendable {
    /// `in-process` or `isolated`.
    public var place: String
    /// Calls a second.
    public var callsPerSecond: Double
    /// Median nanoseconds of a call.
    public var median: Double
    /// The 99th percentile, nanoseconds.
    public var p99: Double
    /// Items, rows or steps of one call.
    public var units: Int
    /// What they are.
    public var unit: String
  }

  private let subject: CheckSubject
  private let items: Int
  private let seconds: Double

  /// Creates a benchmark.
  ///
  /// - Parameters:
  ///   - items: completions of a batch, or rows of a read.
  ///   - seconds: how long calls are made at each place.
  public init(_ subject: CheckSubject, items: Int, seconds: Double) {
    self.subject = subject
    self.items = items
    self.seconds = seconds
  }

  /// Calls within the process that the library is loaded into, which is one of its own: a fault there ends it alone.
  public func inProcess(on host: CheckHost) throws -> Row {
    let job = ParameterValue.object([
      ParameterEntry("job", .string("bench")), ParameterEntry("subject", subject.json),
      ParameterEntry("items", .int(Int64(items))), ParameterEntry("seconds", .double(seconds)),
    ])
    let limit = 30 + 3 * seconds
    let outcome = try host.run(job, limit: limit)
    guard outcome.exit == .exited(0), let answer = outcome.answer else {
      throw CallBundle.Failure(description: try outcome.words(limit: limit * host.slowness))
    }
    if let failure = answer.text("failure") { throw CallBundle.Failure(description: failure) }
    guard case .array(let values)? = answer["times"], let units = answer.number("units"),
      let rate = answer.number("calls_per_second"), let unit = answer.text("unit")
    else { throw CallBundle.Failure(description: "the times were not given") }
    let times = CallTimes(nanoseconds: values.compactMap(\.number), units: Int(units))
    return Row(
      place: "in-process",
      callsPerSecond: rate,
      median: times.quantile(0.5),
      p99: times.quantile(0.99),
      units: Int(units),
      unit: unit
    )
  }

  /// Calls through a worker, as a run makes them for a plugin that is not trusted.
  public func isolated() throws -> Row {
    let component = try CheckedComponent(subject)
    var reference = component.reference()
    reference.isolation = .process
    let services = HostServices.forChecks
    let call: TimedCall
    switch subject.kind {
    case .reward:
      let reward = try component.catalog.loadReward(reference, services: services).part
      call = try TimedCall(reward, subject, items: items)
    case .dataset:
      call = TimedCall(
        try component.catalog.loadDataset(reference, services: services).part,
        items: items
      )
    case .strategy:
      call = TimedCall(try component.catalog.loadStrategy(reference, services: services).part)
    }
    let times = try CallTimes.measure(seconds: seconds, units: call.units, call.body)
    return Row(
      place: "isolated",
      callsPerSecond: times.callsPerSecond,
      median: times.quantile(0.5),
      p99: times.quantile(0.99),
      units: call.units,
      unit: call.unit
    )
  }

  /// The median `step_time` of a run, in seconds: of steps that have rollouts for a reward, of all for others; `nil` where there is none.
  public static func stepSeconds(metrics bytes: [UInt8], kind: ComponentKind) -> Double? {
    var times: [Double] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      // A run that goes on may have written half a line.
      guard let record = try? ParameterValue(json: line), let time = record.number("step_time")
      else {
        continue
      }
      if kind != .reward || record["rl/loss"] != nil { times.append(time) }
    }
    return times.isEmpty ? nil : times.sorted()[times.count / 2]
  }
}
