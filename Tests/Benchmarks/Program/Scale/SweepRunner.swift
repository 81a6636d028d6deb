import BenchmarkFigures

/// Measures the points of a sweep, again and again while there is time: a machine's speed swings within minutes, and a point
/// measured in one pass alone would carry the swing into the exponent.
struct SweepRunner {
  var common: CommonOptions
  /// For the whole sweep. The first pass is always begun; points that do not fit into the time are left out.
  var seconds: Double

  /// No more passes than these.
  private static let passes = 5

  func run(_ plan: SweepPlan) throws -> Sweep {
    let box = TimeBox(seconds: seconds)
    var places = [Double](repeating: 0, count: plan.points.count)
    var rates = [[Double]](repeating: [], count: plan.points.count)
    var costs = [Double](repeating: 0, count: plan.points.count)
    for pass in 0..<Self.passes {
      for (index, point) in plan.points.enumerated() where box.left > costs[index] {
        // A point that did not fit in the first pass is not tried again.
        if pass > 0 && rates[index].isEmpty { continue }
        let start = Stopwatch.now
        let measured = try measure(point)
        places[index] = Double(point.x ?? measured.parameters ?? 0)
        rates[index] += measured.rates
        costs[index] = Stopwatch.now - start
        Report.note(
          "\(plan.lines[point.line]): \(NumberText.scaled(places[index])) -> "
            + "\(NumberText.short(Statistics.median(measured.rates))) tokens/s"
        )
      }
    }
    return sweep(plan, places, rates)
  }

  private func measure(_ point: SweepPlan.Point) throws -> Measurement {
    let row = BenchmarkRow(name: "", shape: point.shape, work: point.work, repetitions: 2)
    let parts = WorkParts(
      backend: try WorkBackend(common.precision, threads: common.threads),
      models: common.models
    )
    return try row.measure(parts, pace: Pace(repetitions: row.repetitions))
  }

  private func sweep(_ plan: SweepPlan, _ places: [Double], _ rates: [[Double]]) -> Sweep {
    var sweep = Sweep(name: plan.name, title: plan.title, xLabel: plan.xLabel)
    sweep.lines = plan.lines.indices.map { line in
      let own = plan.points.indices.filter { plan.points[$0].line == line }
      let points = own.filter { !rates[$0].isEmpty }.map { index in
        Sweep.Point(
          x: places[index],
          // Neighbours only ever slow a machine down: the best repetition says most of the work itself.
          rate: Statistics.significant(rates[index].max() ?? 0),
          samples: rates[index].count
        )
      }
      let left = own.count - points.count
      return Sweep.Line(
        plan.lines[line],
        points,
        note: left > 0 ? "\(left) of \(own.count) points did not fit into the time" : nil
      )
    }
    return sweep
  }
}

/// Time that a sweep may take.
struct TimeBox {
  private let end: Double

  init(seconds: Double) { end = Stopwatch.now + seconds }

  /// Seconds that are left.
  var left: Double { end - Stopwatch.now }
}
