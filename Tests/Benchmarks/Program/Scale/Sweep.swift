import BenchmarkFigures

/// How the speed of one workload changes with one size.
struct Sweep: Codable {
  /// One measured point.
  struct Point: Codable {
    var x: Double
    /// Tokens a second.
    var rate: Double

    private enum CodingKeys: String, CodingKey {
      case x
      case rate = "tok_s"
    }
  }

  /// One line of the plot.
  struct Line: Codable {
    var name: String
    var points: [Point] = []
    /// tokens/s = factor * x^exponent.
    var fit: PowerFit?
    /// Why points are missing.
    var note: String?

    init(_ name: String) { self.name = name }

    mutating func finish() {
      fit = PowerFit(points.map { ($0.x, $0.rate) })
    }
  }

  /// The plot's file without its extension.
  var name: String
  var title: String
  var xLabel: String
  var lines: [Line] = []

  private enum CodingKeys: String, CodingKey {
    case name, title, lines
    case xLabel = "x"
  }

  init(name: String, title: String, xLabel: String) {
    self.name = name
    self.title = title
    self.xLabel = xLabel
  }

  /// The plot; `nil` without a point.
  var svg: String? {
    LogLogPlot(
      title,
      x: xLabel,
      y: "tokens/s",
      lines.map { line in
        .init(line.name, line.points.map { ($0.x, $0.rate) }, fit: line.fit)
      }
    )?.svg
  }
}

/// Time that a sweep may take; a point whose cost would go beyond it is left out.
struct TimeBox {
  private let end: Double

  init(seconds: Double) { end = Stopwatch.now + seconds }

  /// Seconds that are left.
  var left: Double { end - Stopwatch.now }
}
