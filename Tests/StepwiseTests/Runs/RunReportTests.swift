import Components
import Foundation
import RunStore
import Testing

@testable import stepwise

@Suite struct RunReportTests {
  private func made() throws -> SampleRunDirectory {
    let made = try SampleRunDirectory()
    try made.train(["sft", "sft", "rl", "both", "rl", "rl"])
    try made.write(
      "evaluations.jsonl",
      [SampleRunDirectory.evaluation(0, "0000"), SampleRunDirectory.evaluation(6, "1101")]
    )
    try made.write(
      "journal.jsonl",
      [
        [
          "seq": 1, "step": 2, "time": "2026-11-21T05:26:23Z", "by": "ctl", "action": "swap",
          "slot": "strategy", "plugin": "org.example.hpt", "version": "1.2.0",
          "digest": "0123456789abcdef", "outcome": "done",
        ],
        [
          "seq": 2, "step": 5, "time": "2026-11-21T05:27:00Z", "by": "ctl", "action": "set",
          "key": "grpo.beta", "value": "0.1", "over": 4, "outcome": "refused",
          "problem": "not today",
        ],
      ]
    )
    try made.checkpoint(4)
    try made.checkpoint(6)
    return made
  }

  private func report(_ made: SampleRunDirectory, metrics: [String] = []) throws -> RunReport {
    let run = try StoredRun(made.url)
    return RunReport(
      run,
      metrics: try run.metrics.resolve(metrics, run: run.shown),
      columns: 96,
      glyphs: .unicode
    )
  }

  @Test func itSaysWhatTheRunWas() throws {
    let made = try made()
    let lines = try report(made).lines.map(\.text)
    #expect(lines[1].contains("made · sasr") && lines[1].hasSuffix("finished, step 6 of 6"))
    let strip = try #require(lines.firstIndex { $0.contains("██▂▅▂▂") })
    // The marks stand under the steps at which the interventions took effect.
    let column = try #require(lines[strip].firstIndex(of: "█"))
    let offset = lines[strip].distance(from: lines[strip].startIndex, to: column)
    let marks = Array(lines[strip + 1])
    #expect(marks[offset + 2] == "1" && marks[offset + 5] == "2")
    #expect(lines[strip + 2].contains("SFT 2 (33 %)") && lines[strip + 2].contains("GRPO 3 (50 %)"))
    #expect(
      lines.contains {
        $0.contains("1 step 2     05:26:23  swap strategy org.example.hpt 1.2.0 (01234567)  (ctl)")
      }
    )
    #expect(
      lines.contains { $0.contains("set grpo.beta = 0.1 over 4 steps - refused: not today") }
    )
    #expect(lines.contains { $0.contains("0.750") && $0.contains("+0.750") })
    #expect(lines.contains { $0.contains("checkpoints") && $0.contains("4, 6") })
    #expect(lines.contains { $0.contains("reward") && $0.contains("0.200 to 0.500") })
    #expect(lines.allSatisfy { $0.count <= 110 })
  }

  @Test func thePictureHoldsStripAndCurves() throws {
    let made = try made()
    let picture = try report(made).picture
    let svg = ScreenPicture.svg(picture, columns: 100)
    #expect(svg.contains("swap strategy") && svg.contains("reward"))
    // Two steps of SFT are one rectangle of two cells, as high as the line.
    #expect(svg.contains(##"width="16.8" height="19.0" fill="#5fafff"/>"##), "\(svg)")
    #expect(svg.contains("eval_pass@1") && !svg.contains("checkpoints"))
    #expect(picture.allSatisfy { $0.width <= 100 })
  }

  @Test func anUnknownMetricIsAnsweredWithTheNearest() throws {
    let made = try made()
    #expect {
      _ = try report(made, metrics: ["rewrd"])
    } throws: {
      $0 is UsageError && "\($0)".contains("no metric rewrd. Did you mean reward")
    }
    #expect(try report(made, metrics: ["num_tokens"]).metrics == ["num_tokens"])
  }

  @Test(arguments: ["decisions", "metrics", "evaluations", "journal"])
  func aDamagedLineIsNamed(stream: String) throws {
    let made = try made()
    try made.write("\(stream).jsonl", "{\"step\":1}\n{\"step\":\n")
    #expect { _ = try StoredRun(made.url) } throws: {
      "\($0)".contains("\(stream).jsonl") && "\($0)".contains("line 2")
    }
  }

  @Test func aRunBeforeItsFirstStepIsShown() throws {
    let made = try SampleRunDirectory()
    let lines = try report(made).lines.map(\.text)
    #expect(lines[1].contains("failed, step 0 of 6"))
    #expect(try StoredRun(made.url).seconds == nil)
  }

  @Test func timeIsThatOfTheSteps() throws {
    let made = try made()
    // Means of windows of one step: 0.5 + 1.5 + ... + 5.5.
    #expect(try StoredRun(made.url).seconds == 18)
    #expect(try StoredRun(made.url).tokens == 600)
    let window = MetricTable([["step": 4, "step_time": 2.0], ["step": 6, "step_time": 1.0]])
    #expect(window.series("step_time").map(\.step) == [4, 6])
  }

  // MARK: Pieces

  @Test func longRunsFoldTheirStrip() {
    func strip(_ count: Int) -> StepStrip {
      StepStrip(
        steps: (0..<count).map { .init(step: $0, kind: $0 % 3 == 0 ? .sft : .rl) },
        marks: [(count - 1, "1")],
        columns: 27,
        glyphs: .ascii
      )
    }
    #expect(strip(20).lines.map(\.text).first == "    0  SggSggSggSggSggSggSg")
    #expect(strip(20).lines.count == 2)
    #expect(strip(45).lines[2].text.hasPrefix("   20  "))
    let long = strip(1000)
    #expect(long.stepsPerColumn == 7)
    #expect(long.lines.count <= 17)
    // Most of a column's steps decide.
    #expect(long.lines[0].text.hasSuffix("gggggggggggggggggggg"))
    #expect(long.legend.text.contains("a column is 7 steps"))
    #expect(long.legend.text.contains("SFT 334"))
    #expect(strip(0).lines.isEmpty)
  }

  @Test func areasHaveTheHeightsOfTheirValues() {
    let rows = Charts.area([0, 1, .nan, 0.5], rows: 2, glyphs: .ascii)
    // 16 heights, the first of them for 0: 0.5 is the ninth.
    #expect(rows == [" @ _", "_@ @"])
    #expect(Charts.area([3, 3], rows: 1, glyphs: .ascii) == ["++"])
    #expect(Charts.area([5, 9], rows: 1, range: 0...10, glyphs: .ascii).first?.last == "#")
  }

  @Test func metricsStandForTheStepsThatTheySumUp() {
    let table = MetricTable(
      (1...10).map { ["step": RecordValue($0), "a": .double(Double($0))] },
      evaluations: [["step": 0, "eval_x": 0.25], ["step": 6, "eval_x": 0.5]]
    )
    #expect(table.binned("a", columns: 5, range: 0..<10) == [1.5, 3.5, 5.5, 7.5, 9.5])
    #expect(table.binned("a", columns: 10, range: 0..<10) == (1...10).map(Double.init))
    #expect(table.binned("a", columns: 2, range: 0..<20).first == 5.5)
    #expect(table.binned("a", columns: 2, range: 0..<20)[1].isNaN)
    // An evaluation stands until the next.
    #expect(table.binned("eval_x", columns: 5, range: 0..<10) == [0.25, 0.25, 0.5, 0.5, 0.5])
    // Means of three steps each; the second window had no step with a reward.
    let windows = MetricTable([
      ["step": 3, "loss": 1, "reward": 7], ["step": 6, "loss": 2],
      ["step": 9, "loss": 3, "reward": 8],
    ])
    #expect(windows.binned("loss", columns: 9, range: 0..<9) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
    let rewards = windows.binned("reward", columns: 9, range: 0..<9)
    #expect(rewards[..<3] == [7, 7, 7] && rewards[6...] == [8, 8, 8])
    #expect(rewards[3..<6].allSatisfy { $0.isNaN })
    #expect(windows.binned("none", columns: 9, range: 0..<9).isEmpty)
  }
}
