import Components
import Testing
import Training

@testable import stepwise

@Suite struct RunSummaryTests {
  @Test func columnsAreAligned() {
    let summary = RunSummary(
      accuracies: [
        .init(label: "before training", record: HeldOutResult(SampleRun.evaluation(0, 0.001))),
        .init(
          label: "at the end",
          record: HeldOutResult(SampleRun.evaluation(300, 0.463)),
          gain: Estimate(value: 0.043, low: 0.012, high: 0.074)
        ),
      ],
      kinds: (0..<300).map(SampleRun.kind),
      tokens: 3_141_592,
      seconds: 312,
      path: "runs/kk",
      next: [("stepwise train --resume runs/kk max_steps=600", "go on for longer")]
    )
    let lines = summary.lines().map(\.text)
    #expect(lines[1].contains("held-out accuracy"))
    #expect(lines[2].contains("────"))
    #expect(lines[3].contains("before training    0.001  [-0.027, 0.029]"))
    #expect(lines[4].contains("at the end         0.463  [0.435, 0.491]"))
    #expect(lines[4].contains("+0.043  [0.012, 0.074]"))
    #expect(lines.contains { $0.contains("SFT 77 (26 %)") && $0.contains("GRPO 223 (74 %)") })
    #expect(lines.contains("  tokens   3.14 M"))
    #expect(lines.contains("  time     5:12"))
    #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
    #expect(lines.allSatisfy { $0.count <= 100 })
  }

  @Test func onlyAProvenGainIsGreen() {
    func colour(_ low: Double) -> TextStyle.Colour? {
      let summary = RunSummary(
        accuracies: [
          .init(
            label: "x",
            record: HeldOutResult(SampleRun.evaluation(0, 0.5)),
            gain: Estimate(value: 0.02, low: low, high: 0.05)
          )
        ],
        kinds: [],
        tokens: 0,
        seconds: 0,
        path: "",
        next: []
      )
      return summary.lines()[3].spans.first { $0.text == "+0.020" }?.style.colour
    }
    #expect(colour(0.001) == .good)
    #expect(colour(-0.001) == nil)
  }
}
