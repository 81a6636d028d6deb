import MathAnswers
import Testing

@Suite("Math answers")
struct MathAnswerTests {
  private struct Form: Decodable {
    let answer, hendrycks, strict, lenient: String
  }

  private struct Pair: Decodable {
    let given, gold: String
    let is_equiv, prm800k: Bool
  }

  @Test("normal forms are those of the originals")
  func forms() throws {
    for row in try TestData.fixture("math_forms", as: Form.self) {
      #expect(HendrycksForm.of(row.answer) == row.hendrycks, "\(row.answer)")
      #expect(PRM800KForm.strict(row.answer) == row.strict, "\(row.answer)")
      #expect(PRM800KForm.lenient(row.answer) == row.lenient, "\(row.answer)")
    }
  }

  @Test("verdicts are those of the originals")
  func verdicts() throws {
    for row in try TestData.fixture("math_pairs", as: Pair.self) {
      let (given, gold) = (row.given, row.gold)
      #expect(HendrycksForm.areEqual(given, gold) == row.is_equiv, "\(given) for \(gold)")
      #expect(PRM800KGrader.accepts(given, gold: gold) == row.prm800k, "\(given) for \(gold)")
    }
  }

  @Test(
    "golden normal forms",
    .enabled(if: TestData.golden != nil, "needs the golden cases in ../shared/data/golden")
  )
  func goldenForms() throws {
    struct Case: Decodable {
      let s, strip, prm_norm: String
    }
    let cases = try TestData.goldenRows("math_normalize", as: Case.self)
    #expect(cases.count == 804)
    for row in cases {
      #expect(HendrycksForm.of(row.s) == row.strip, "\(row.s)")
      #expect(PRM800KForm.strict(row.s) == row.prm_norm, "\(row.s)")
    }
  }

  @Test(
    "golden verdicts",
    .enabled(if: TestData.golden != nil, "needs the golden cases in ../shared/data/golden")
  )
  func goldenVerdicts() throws {
    struct Case: Decodable {
      let gold, pred: String
      let is_equiv, prm_norm_equal: Bool
    }
    let cases = try TestData.goldenRows("math_equiv", as: Case.self)
    #expect(cases.count == 314)
    for row in cases {
      let (given, gold) = (row.pred, row.gold)
      #expect(HendrycksForm.areEqual(given, gold) == row.is_equiv, "\(given) for \(gold)")
      let isSame = PRM800KForm.strict(given) == PRM800KForm.strict(gold)
      #expect(isSame == row.prm_norm_equal, "\(given) for \(gold)")
      if isSame { #expect(PRM800KGrader.accepts(given, gold: gold), "\(given) for \(gold)") }
    }
  }

  @Test("decimals are exact, which they are not to sympy")
  func decimals() {
    #expect(PRM800KGrader.accepts("0.1+0.2", gold: "0.3"))
    #expect(PRM800KGrader.accepts("\\frac{11}{36}.0", gold: "\\frac{11}{36}"))
  }

  @Test("the last box counts, braces balanced")
  func boxes() {
    for (text, answer) in [
      ("so \\boxed{1} or \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"), ("\\fbox{3}", "3"),
      ("\\boxed{1} \\fbox{2}", "1"), ("$\\boxed 2$ it is", "2"), ("\\boxed{}", ""),
      ("\\boxed{a{b}c} }", "a{b}c"),
    ] {
      #expect(BoxedAnswer.last(in: text) == answer, "\(text)")
    }
    for text in ["", "2", "\\boxed", "\\boxed{1", "\\boxed{1} then \\boxed{2"] {
      #expect(BoxedAnswer.last(in: text) == nil, "\(text)")
    }
    #expect(BoxedAnswer.tagged(in: "<answer>1</answer> <answer> 2\n</answer>") == "2")
    #expect(BoxedAnswer.tagged(in: "</answer><answer>2") == nil)
  }

  /// What a model may write, and what must not take long.
  @Test("nothing hangs and nothing crashes", .timeLimit(.minutes(1)))
  func hostile() {
    let texts = [
      String(repeating: "(", count: 100_000), String(repeating: "{", count: 100_000),
      String(repeating: "\\sqrt", count: 10_000), String(repeating: "\\frac{", count: 10_000),
      String(repeating: "-", count: 300) + "1", String(repeating: "9", count: 300),
      "9^9^9^9", "99999999999999999999999999999999999999!", "170!", "(x+y)^9*(x-y)^9*(a+b)^9",
      "((((x+1)^9)^9)^9)^9", "1/0", "0/0", "0^-1", "sqrt(sqrt(sqrt(x)))", "sqrt(-1)^9", "2^-9^9",
      "170141183460469231731687303715884105727", "-170141183460469231731687303715884105728",
      "1e400",
      "-1e400", "nan", "\u{0}", "\\begin{pmatrix}", "\\begin{array}{", "\\", "^", "1_", "_1",
      "1__0",
      ".", "-", "e", "\\end{x}", String(repeating: "\\begin{pmatrix}", count: 5_000), "1,2,3,4,5",
      String(repeating: "1,234,", count: 2_000), String(repeating: "1,234,", count: 50_000),
      String(repeating: "\\frac", count: 10_000), String(repeating: "\\frac{1}{", count: 10_000),
      "99999999999999999999^2 - sqrt(99999999999999999)",
    ]
    for one in texts {
      _ = PRM800KGrader.accepts(one, gold: "x+1")
      _ = PRM800KGrader.accepts("x+1", gold: one)
      _ = PRM800KGrader.accepts("\\frac{\(one)}{2}", gold: "\\frac{1}{\(one)}")
      _ = HendrycksForm.areEqual(one, "\\frac12")
      _ = BoxedAnswer.last(in: "\\boxed{\(one)}")
    }
  }
}
