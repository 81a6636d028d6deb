import Components
import PluginHost
import Testing

@Suite("The reward math-equivalence")
struct MathEquivalenceTests {
  private func answer(_ text: String) -> [Column] { [Column("answer", .text(text))] }

  @Test(arguments: [
    ("prm800k", "so \\boxed{0.5}", "\\frac{1}{2}", 1.0),
    ("prm800k", "so \\boxed{2}", "\\frac{1}{2}", 0), ("prm800k", "0.5", "\\frac{1}{2}", 0),
    ("prm800k", "\\boxed{x+1}", "It is $\\boxed{1+x}$.", 1),
    ("hendrycks", "\\boxed{\\frac12}", "1/2", 1), ("hendrycks", "\\boxed{1+x}", "x+1", 0),
    ("gsm8k", "9 * 2\n#### 18", "She makes 18.\n#### 18", 1), ("gsm8k", "it is 18", "18", 0),
    ("gsm8k-flexible", "it is 1,800.0 then", "#### 1800", 1), ("gsm8k-flexible", "none", "18", 0),
  ])
  func scores(mode: String, completion: String, gold: String, score: Double) throws {
    let reward = try ShippedReward("math-equivalence", ["mode": .string(mode)])
    #expect(try reward.score(completion, answer(gold)) == score)
  }

  @Test("the answer is looked for where the parameter says")
  func places() throws {
    let text = "\\boxed{1} <answer> 2 </answer>"
    for (place, right) in [
      ("boxed", "1"), ("answer-tag", "2"), ("boxed-or-tag", "1"),
    ] {
      let reward = try ShippedReward("math-equivalence", ["answer_in": .string(place)])
      #expect(try reward.score(text, answer(right)) == 1, "\(place)")
      #expect(try reward.score("nothing", answer("3")) == 0, "\(place)")
    }
    let whole = try ShippedReward("math-equivalence", ["answer_in": "completion"])
    #expect(try whole.score(" 10,000\n", answer("10000")) == 1)
    #expect(try whole.score("It is 10000", answer("10000")) == 0)
    let other = try ShippedReward("math-equivalence", ["column": "solution"])
    #expect(other.function.description.requiredColumns == ["solution"])
    #expect(try other.score("\\boxed{3}", [Column("solution", .text("3"))]) == 1)
  }

  @Test("rows that cannot be compared are errors")
  func badRows() throws {
    let reward = try ShippedReward("math-equivalence", ["mode": "gsm8k"])
    #expect(
      message { _ = try reward.score("#### 1", answer("no number")) }.contains("holds no number")
    )
    #expect(
      message { _ = try reward.score("#### 1", [Column("answer", .int(1))]) }.contains(
        "is not text"
      )
    )
    #expect(
      message { _ = try ShippedReward("math-equivalence", ["mode": "sympy"]) }.contains("mode")
    )
  }

  @Test("completions with the same answer have the same score, in a process of its own too")
  func answers() throws {
    let notations = [
      "1/2", "\\frac12", "\\frac{1}{2}", "0.5", ".5", "0.50", "50\\%", "10,000", "10000", "(1, 2)",
      "(1,2)", "[1,2]", "x+1", "1+x", "", "7 3/4", "\\text{even}", "Even",
    ]
    for mode in ["prm800k", "hendrycks", "gsm8k", "gsm8k-flexible"] {
      let reward = try ShippedReward("math-equivalence", ["mode": .string(mode)])
      let isolated = try ShippedReward(
        "math-equivalence",
        ["mode": .string(mode)],
        isolation: .process
      )
      let marked = notations.map {
        mode.utf8.starts(with: "gsm8k".utf8) ? "#### \($0)" : "\\boxed{\($0)}"
      }
      let golds = mode.utf8.starts(with: "gsm8k".utf8) ? ["10000", "0.5"] : notations
      for gold in golds {
        var scores: [String: Double] = [:]
        let items = marked.map { ShippedReward.item($0, answer(gold)) }
        let given = try reward.scores(items)
        #expect(try isolated.scores(items) == given)
        for (completion, score) in zip(marked, given) {
          guard let answer = try reward.answer(completion, answer(gold)) else { continue }
          let known = scores[answer] ?? score
          #expect(known == score, "\(mode): \(completion) for \(gold)")
          scores[answer] = known
        }
      }
    }
  }
}
