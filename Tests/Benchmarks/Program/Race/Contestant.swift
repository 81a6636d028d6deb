import BenchmarkFigures

/// What one program did in all rounds of a row.
struct Contestant: Codable {
  var name: String
  var program: String
  var versions: [String: String]?
  /// Tokens a second, prefill included: median, least and most of all repetitions of all rounds.
  var rate: Spread
  /// The same without prefill, where tokens are decoded.
  var decodeRate: Spread?
  /// Median seconds of a repetition.
  var seconds: Double
  /// Median seconds of its phases.
  var phases: [String: Double]?
  /// Of the round that took most.
  var peakMemoryGiB: Double

  private enum CodingKeys: String, CodingKey {
    case name, program, versions, phases
    case rate = "tok_s"
    case decodeRate = "decode_tok_s"
    case seconds = "step_s"
    case peakMemoryGiB = "peak_rss_gib"
  }

  /// A median with the range around it.
  struct Spread: Codable, Equatable {
    var median: Double
    var least: Double
    var most: Double

    private enum CodingKeys: String, CodingKey {
      case median
      case least = "min"
      case most = "max"
    }

    init?(_ values: [Double]) {
      guard let low = values.min(), let high = values.max() else { return nil }
      median = Statistics.significant(Statistics.median(values))
      least = Statistics.significant(low)
      most = Statistics.significant(high)
    }

    /// `1,234 (1,100 to 1,300)`
    var text: String {
      let text = [median, least, most].map(NumberText.short)
      return "\(text[0]) (\(text[1]) to \(text[2]))"
    }
  }
}

/// Rounds of one program while the race goes on.
struct Rounds {
  var name: String
  var figure = Rival.Figure.whole
  var measurements: [Measurement] = []
  var peaks: [Int] = []
  /// Why there are no more.
  var failure: String?

  init(_ name: String, figure: Rival.Figure = .whole) {
    self.name = name
    self.figure = figure
  }

  /// Runs one round, unless an earlier one failed.
  mutating func run(_ process: ChildProcess) {
    guard failure == nil else { return }
    do {
      let result = try process.run()
      guard result.status == 0 else {
        throw ChildProcess.Failure.status(
          program: name,
          status: result.status,
          complaint: result.complaint
        )
      }
      guard let measurement = Measurement.last(in: result.output) else {
        throw ChildProcess.Failure.output(program: name, output: result.output)
      }
      measurements.append(measurement)
      peaks.append(result.peakMemory)
    } catch {
      failure = String(describing: error)
      Report.note("  \(name): \(error)")
    }
  }

  /// Rates of all repetitions by a way of counting.
  func rates(_ figure: Rival.Figure) -> [Double] {
    measurements.flatMap { figure == .whole ? $0.rates : $0.decodeRates }
  }

  var contestant: Contestant? {
    guard let first = measurements.first,
      let rate = Contestant.Spread(measurements.flatMap(\.rates))
    else { return nil }
    var phases: [String: Double]?
    if let names = first.phases?.keys {
      phases = [:]
      for name in names {
        let all = measurements.flatMap { $0.phases?[name] ?? [] }
        phases?[name] = Statistics.significant(Statistics.median(all))
      }
    }
    return Contestant(
      name: name,
      program: first.program,
      versions: first.versions,
      rate: rate,
      decodeRate: Contestant.Spread(measurements.flatMap(\.decodeRates)),
      seconds: Statistics.significant(Statistics.median(measurements.flatMap(\.samples))),
      phases: phases,
      peakMemoryGiB: Statistics.significant(Double(peaks.max() ?? 0) / Double(1 << 30))
    )
  }
}
