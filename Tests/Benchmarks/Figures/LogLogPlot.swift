#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

/// A plot with logarithmic axes as an SVG picture, in the colours of the run pictures.
package struct LogLogPlot: Sendable {
  /// Points of one colour, with the line that was fitted to them.
  package struct Series: Sendable {
    package var name: String
    package var points: [(x: Double, y: Double)]
    package var fit: PowerFit?

    package init(_ name: String, _ points: [(x: Double, y: Double)], fit: PowerFit? = nil) {
      self.name = name
      self.points = points.filter { $0.x > 0 && $0.y > 0 }
      self.fit = fit
    }
  }

  private let title: String
  private let xLabel: String
  private let yLabel: String
  private let series: [Series]
  private let x: Axis
  private let y: Axis

  private static let size = (width: 720.0, height: 400.0)
  private static let area = (left: 84.0, top: 60.0, right: 696.0, bottom: 340.0)
  private static let colours = ["#5fafff", "#ffaf5f", "#af87ff", "#5fd787"]

  /// Creates a plot of at least one point.
  ///
  /// - Returns: `nil` where no series has one.
  package init?(_ title: String, x xLabel: String, y yLabel: String, _ series: [Series]) {
    let points = series.flatMap(\.points)
    guard !points.isEmpty else { return nil }
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    x = Axis(points.map(\.x), Self.area.left, Self.area.right)
    y = Axis(points.map(\.y), Self.area.bottom, Self.area.top)
  }

  /// The picture.
  package var svg: String {
    let (width, height) = Self.size
    var out = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.text(width))" height="\(Self.text(height))" \
      viewBox="0 0 \(Self.text(width)) \(Self.text(height))">
      <rect width="100%" height="100%" rx="9" fill="#16181d"/>
      <g font-family="ui-monospace, 'SF Mono', 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, monospace" \
      font-size="13" fill="#d7dae0" xml:space="preserve">
      <text x="22.0" y="32.0" font-size="14" font-weight="bold">\(Self.escaped(title))</text>

      """
    out += grid
    for (index, one) in series.enumerated() {
      out += draw(one, Self.colours[index % Self.colours.count])
    }
    return out + legend + "</g>\n</svg>\n"
  }

  private var grid: String {
    let area = Self.area
    var out = ""
    for tick in x.ticks {
      let at = Self.text(x.place(tick))
      out +=
        "<path d=\"M\(at) \(Self.text(area.top))V\(Self.text(area.bottom))\" stroke=\"#2c2f36\"/>\n"
      out += label(NumberText.scaled(tick), at, area.bottom + 20, "middle")
    }
    for tick in y.ticks {
      let at = Self.text(y.place(tick))
      out +=
        "<path d=\"M\(Self.text(area.left)) \(at)H\(Self.text(area.right))\" stroke=\"#2c2f36\"/>\n"
      out += label(NumberText.scaled(tick), Self.text(area.left - 8), y.place(tick) + 4.5, "end")
    }
    out += label(xLabel, Self.text((area.left + area.right) / 2), area.bottom + 44, "middle")
    out += label(yLabel, Self.text(area.left), area.top - 8, "start")
    return out
  }

  private func draw(_ series: Series, _ colour: String) -> String {
    var out = ""
    let xs = series.points.map(\.x)
    if let fit = series.fit, let low = xs.min(), let high = xs.max() {
      let ends = [low, high].map { (Self.text(x.place($0)), Self.text(y.place(fit($0)))) }
      out += "<path d=\"M\(ends[0].0) \(ends[0].1)L\(ends[1].0) \(ends[1].1)\" stroke=\"\(colour)\""
      out += " stroke-dasharray=\"5 4\" fill=\"none\"/>\n"
    }
    for point in series.points {
      out += "<circle cx=\"\(Self.text(x.place(point.x)))\" cy=\"\(Self.text(y.place(point.y)))\""
      out += " r=\"4\" fill=\"\(colour)\"/>\n"
    }
    return out
  }

  private var legend: String {
    var out = ""
    for (index, one) in series.enumerated() {
      let at = Self.area.bottom - 12 - 18 * Double(series.count - 1 - index)
      var exponent = one.fit.map { " ~ x^" + NumberText.fixed($0.exponent, 2) } ?? ""
      if let end = PowerFit(one.points.sorted { $0.x < $1.x }.suffix(2)) {
        exponent += ", at the end x^" + NumberText.fixed(end.exponent, 2)
      }
      out += "<text x=\"\(Self.text(Self.area.left + 12))\" y=\"\(Self.text(at))\""
      out += " fill=\"\(Self.colours[index % Self.colours.count])\">"
      out += "\(Self.escaped(one.name + exponent))</text>\n"
    }
    return out
  }

  private func label(_ text: String, _ x: String, _ y: Double, _ anchor: String) -> String {
    "<text x=\"\(x)\" y=\"\(Self.text(y))\" fill=\"#8a8a8a\" text-anchor=\"\(anchor)\">"
      + "\(Self.escaped(text))</text>\n"
  }

  private static func text(_ value: Double) -> String {
    NumberText.fixed(value, 1)
  }

  private static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": return "&amp;"
      case "<": return "&lt;"
      case ">": return "&gt;"
      default: return String(character)
      }
    }.joined()
  }
}

/// A logarithmic axis: values to places in the picture.
struct Axis: Sendable {
  let low: Double
  let high: Double
  private let start: Double
  private let end: Double

  /// Covers values above 0 with a little room at both ends.
  init(_ values: [Double], _ start: Double, _ end: Double) {
    let (least, most) = (values.min() ?? 1, values.max() ?? 1)
    let room = max(pow(most / least, 0.06), 1.15)
    (low, high) = (least / room, most * room)
    (self.start, self.end) = (start, end)
  }

  func place(_ value: Double) -> Double {
    start + (end - start) * log(value / low) / log(high / low)
  }

  /// 1, 2 and 5 times powers of ten inside the axis; only the powers where those would be many.
  var ticks: [Double] {
    let decades = Int(floor(log10(low)))...Int(ceil(log10(high)))
    let steps: [Double] = log10(high / low) > 3 ? [1] : [1, 2, 5]
    let all = decades.flatMap { decade in steps.map { $0 * pow(10, Double(decade)) } }
    let inside = all.filter { (low...high).contains($0) }
    return inside
  }
}
