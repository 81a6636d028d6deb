import Components
import RunStore
import Testing
import Training

@testable import stepwise

@Suite struct MilestoneTests {
  private func result(_ step: Int, solved: Int, of count: Int = 100) -> HeldOutResult {
    let share = Double(solved) / Double(count)
    return HeldOutResult(
      step: step,
      count: count,
      accuracy: Estimate(value: share, low: share, high: share),
      solved: (0..<count).map { $0 < solved }
    )
  }

  @Test func theStoryOfARun() {
    let kinds = (0..<60).map { $0 < 30 ? StepKind.sft : $0 % 5 == 0 ? .sft : .rl }
    let rows = RunSummary.milestones(
      [
        result(0, solved: 0), result(20, solved: 10), result(30, solved: 40),
        result(60, solved: 55),
      ],
      kinds: kinds
    )
    #expect(rows.map(\.record.step) == [0, 30, 60])
    #expect(rows[1].label == "after warm-up (step 30)" && rows[2].label == "at the end")
    #expect(rows[0].gain == nil)
    #expect(rows[2].gain?.value == 0.15)
    #expect((rows[2].gain?.low ?? 0) > 0)
  }

  @Test func pureRunsHaveNoWarmUp() {
    let evaluations = [result(0, solved: 1), result(10, solved: 2), result(20, solved: 3)]
    for kind in [StepKind.sft, .rl] {
      let rows = RunSummary.milestones(evaluations, kinds: Array(repeating: kind, count: 20))
      #expect(rows.map(\.record.step) == [0, 20])
    }
    #expect(RunSummary.milestones([], kinds: []).isEmpty)
  }

  @Test func otherRowsCannotBePaired() {
    let rows = RunSummary.milestones(
      [result(0, solved: 1), result(20, solved: 3, of: 50)],
      kinds: [.sft]
    )
    #expect(rows.count == 2 && rows[1].gain == nil)
  }

  @Test func linesReadBack() {
    let line: Record = [
      "step": 40, "count": 3, "k": 1, "eval_pass@1": 0.25, "eval_pass@1_low": 0,
      "eval_pass@1_high": 0.5, "solved": "010",
    ]
    let result = HeldOutResult(line)
    #expect(result?.step == 40 && result?.solved == [false, true, false])
    #expect(result?.accuracy == Estimate(value: 0.25, low: 0, high: 0.5))
    #expect(HeldOutResult(["step": 1]) == nil)
  }
}
