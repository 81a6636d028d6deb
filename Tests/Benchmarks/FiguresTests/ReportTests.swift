import Testing

@testable import BenchmarkFigures

@Suite struct ReportTests {
  @Test func theLastMeasurementOfAnOutputCounts() throws {
    let output = """
      loading {"program": "noise"}
      {"program": "a", "variant": "x", "tokens": 10, "samples_s": [1]}
      {"program": "b", "variant": "y", "tokens": 10, "samples_s": [2, 4], "decode_samples_s": [1, 2],
      {"program": "b", "variant": "y", "tokens": 10, "samples_s": [2, 4], "decode_samples_s": [1, 2], "decode_tokens": 8}
      {"program": "empty", "variant": "y", "tokens": 10, "samples_s": []}
      done
      """
    let found = try #require(Measurement.last(in: output))
    #expect(found.program == "b")
    #expect(found.rates == [5, 2.5])
    #expect(found.decodeRates == [8, 4])
    #expect(Measurement.last(in: "nothing\n{}\n") == nil)
  }

  @Test func aMeasurementReadsItsOwnLine() {
    let one = Measurement(
      program: "p",
      variant: "v",
      tokens: 3,
      samples: [0.5],
      phases: ["update": [0.25]],
      versions: ["torch": "2.15.0"]
    )
    #expect(Measurement.last(in: one.line) == one)
  }

  @Test func tablesAlign() {
    var table = MarkdownTable(["a", "long"])
    table.add(["wide cell", "1"])
    table.add(["x"])
    #expect(
      table.text == """
        | a         | long |
        |-----------|------|
        | wide cell | 1    |
        | x         |      |

        """
    )
  }

  @Test func numbers() {
    #expect(NumberText.fixed(1_234_567.891, 2) == "1,234,567.89")
    #expect(NumberText.fixed(-0.5, 1) == "-0.5")
    #expect(NumberText.fixed(-0.01, 1) == "0.0")
    #expect(NumberText.fixed(0.05, 2) == "0.05")
    #expect(NumberText.percent(0.8766, 1) == "87.7 %")
    #expect(NumberText.scaled(27_800_000) == "27.8 M")
    #expect(NumberText.scaled(512) == "512")
    #expect(NumberText.scaled(20_000) == "20 k")
    #expect(NumberText.scaled(4_096) == "4,096")
    #expect(NumberText.short(3.14159) == "3.14")
  }

  @Test func aPlotHasItsPointsInsideAndItsExponent() throws {
    let points = [(x: 1e6, y: 1e4), (x: 1e7, y: 1e3), (x: 1e8, y: 1e2)]
    let series = LogLogPlot.Series("SFT <x>", points, fit: PowerFit(points))
    let plot = try #require(LogLogPlot("title", x: "parameters", y: "tokens/s", [series]))
    let svg = plot.svg
    #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
    #expect(svg.components(of: "<circle ") == 3)
    #expect(svg.contains("SFT &lt;x&gt; ~ x^-1.00, at the end x^-1.00"))
    #expect(LogLogPlot("none", x: "", y: "", [.init("empty", [])]) == nil)
  }

  @Test func anAxisIsLogarithmic() {
    let axis = Axis([1, 100], 0, 100)
    #expect(abs(axis.place(10) - 50) < 1e-9)
    #expect(
      axis.ticks.contains(10) && axis.ticks.allSatisfy { (axis.low...axis.high).contains($0) }
    )
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func components(of text: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: text) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
