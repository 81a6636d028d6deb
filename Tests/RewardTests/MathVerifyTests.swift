import Components
import Foundation
import Testing

/// Whether an interpreter that a run would use has math-verify.
private let hasMathVerify: Bool = {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  let environment = ProcessInfo.processInfo.environment["VIRTUAL_ENV"]
  process.arguments = [
    environment.map { "\($0)/bin/python" } ?? "python3", "-c", "import math_verify",
  ]
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}()

@Suite("The reward math-verify")
struct MathVerifyTests {
  @Test(
    "golden verdicts",
    .enabled(
      if: hasMathVerify,
      "needs the Python module math_verify: pip install math-verify==0.9.0"
    ),
    .enabled(if: TestData.golden != nil, "needs the golden cases in ../shared/data/golden"),
    .timeLimit(.minutes(5))
  )
  func golden() throws {
    struct Case: Decodable {
      let gold, pred: String
      let math_verify: Bool
    }
    // An empty right answer is an error of the row here.
    let cases = try TestData.goldenRows("math_equiv", as: Case.self).filter { !$0.gold.isEmpty }
    let reward = try ShippedReward("math-verify", deadline: 240)
    let scores = try reward.scores(
      cases.map { ShippedReward.item("$\($0.pred)$", [Column("answer", .text($0.gold))]) }
    )
    for (row, score) in zip(cases, scores) {
      #expect(score == (row.math_verify ? 1 : 0), "\(row.pred) for \(row.gold)")
    }
  }

  @Test(
    "some verdicts of its own",
    .enabled(
      if: hasMathVerify,
      "needs the Python module math_verify: pip install math-verify==0.9.0"
    )
  )
  func own() throws {
    let reward = try ShippedReward("math-verify")
    for (completion, gold, score) in [
      ("It is $\\{2, 1\\}$.", "\\{1,2\\}", 1.0), ("So \\boxed{50\\%}", "0.5", 1), ("$3$", "4", 0),
      ("no answer at all", "x", 0), ("\\boxed{x+1}", "It is $\\boxed{1+x}$.", 1),
    ] {
      #expect(
        try reward.score(completion, [Column("answer", .text(gold))]) == score,
        "\(completion)"
      )
    }
    #expect(
      message { _ = try reward.score("$1$", [Column("other", .text("1"))]) }.contains(
        "no column 'answer'"
      )
    )
  }

  @Test(
    "without the module it says what to install",
    .enabled(if: !hasMathVerify && CodeSandbox.hasPython, "math_verify is there, or no python3 is")
  )
  func missing() {
    let text = message { _ = try ShippedReward("math-verify") }
    #expect(text.contains("pip install math-verify==0.9.0"), "\(text)")
  }
}
