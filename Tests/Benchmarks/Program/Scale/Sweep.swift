import BenchmarkFigures

/// How the speed of one workload changes with one size.
struct Sweep: Codable {
  /// One measured point.
  struct Point: Codable {
    var x: Double
    /// Tokens a second, the best of the samples.
    var rate: Double
    var samples: Int

    private enum CodingKeys: String, CodingKey {
      case x, samples
      case rate = "tok_s"
    }
  }

  /// One line of the plot.
  struct Line: Codable {
    var name: String
    var points: [Point]
    /// tokens/s = factor * x^exponent.
    var fit: PowerFit?
    /// The exponent between the two largest x: what it comes to.
    var end: Double?
    /// Why points are missing.
    var note: String?

    init(_ name: String, _ points: [Point], note: String?) {
      self.name = name
      self.points = points
      self.note = note
      fit = PowerFit(points.map { ($0.x, $0.rate) })
      end = PowerFit(points.suffix(2).map { ($0.x, $0.rate) })?.exponent
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
