import Testing

@testable import KnightsAndKnaves

struct RewardTests {
  struct Case: Decodable {
    let form, prompt, completion, solution: String
    let score: Double
  }

  /// Damaged answers of all three kinds, judged by Python's own regular expressions.
  @Test func fixtureCases() throws {
    var scores: [String: Set<Double>] = [:]
    for row in try TestData.fixture("rewards.jsonl", as: Case.self) {
      let gold = try #require(GoldAnswer(solutionText: row.solution))
      let form = try #require(ExampleForm(rawValue: row.form))
      let verdict = Verdict(
        form: form,
        prompt: row.prompt,
        completion: row.completion,
        gold: gold
      )
      #expect(verdict.logicRLScore == row.score, "\(row.form): \(row.completion)")
      scores[row.form, default: []].insert(verdict.logicRLScore)
    }
    #expect(scores["logic-rl"] == [3, -0.5, -1, -3])
    #expect(scores["terse"] == [3, -0.5, -1, -3])
    #expect(scores["text"] == [3, -0.5, -3])
  }

  @Test func terseAnswers() throws {
    let gold = try #require(GoldAnswer(solutionText: "(1) Emma is a knight\n(2) Liam is a knave"))
    func verdict(_ completion: String) -> Verdict { Verdict(terse: completion, gold: gold) }
    #expect(verdict("assume Emma knight ok . answer Emma knight Liam knave") == .correct)
    #expect(verdict("answer Liam knave Emma knight <|im_end|> <eos>") == .correct)
    #expect(verdict("answer Emma knight Liam knight") == .wrong)
    #expect(verdict("answer Emma knight") == .unreadable)
    #expect(verdict("answer Emma knight Emma knight") == .unreadable)
    #expect(verdict("answer Emma knight Noah knave") == .unreadable)
    #expect(verdict("answer Emma knight Liam knave Noah knave") == .unreadable)
    #expect(verdict("answer Emma knight Liam knave .") == .malformed)
    #expect(verdict("answer Emma knight Liam knave Liam") == .malformed)
    #expect(verdict("answer knight Emma knave Liam") == .malformed)
    #expect(verdict("answer answer Emma knight Liam knave") == .malformed)
    #expect(verdict("answer Emma knight answer Liam knave") == .malformed)
    #expect(verdict("answer <eos> Emma knight Liam knave") == .malformed)
    #expect(verdict("assume Emma knight ok .") == .malformed)
    #expect(verdict("answer") == .malformed)
    #expect(verdict("") == .malformed)
  }

  @Test func goldLines() throws {
    #expect(GoldAnswer(solutionText: "") == nil)
    #expect(GoldAnswer(solutionText: "(1) Zoey\n(2) Oliver") == nil)
    let gold = try #require(GoldAnswer(solutionText: "(1) Zoey is a KNAVE\r\n\n(2) Jack: knight"))
    #expect(gold.entries.map(\.name) == ["Zoey".scalars, "Jack".scalars])
    #expect(gold.entries.map(\.role) == ["knave".scalars, "knight".scalars])
  }

  @Test func otherRoleWords() throws {
    let roles = RoleWords(truthful: "angel", lying: "devil")
    let gold = try #require(
      GoldAnswer(solutionText: "(1) Emma is an angel\n(2) Liam is a devil", roles: roles)
    )
    let right = "Assistant: <think> </think><answer>Emma is an angel, Liam is a devil</answer>"
    #expect(Verdict(tagged: right, gold: gold) == .correct)
    let wrongArticle = "Assistant: <think></think><answer>Emma is a angel, Liam is a devil</answer>"
    #expect(Verdict(tagged: wrongArticle, gold: gold) == .unreadable)
  }

  /// Text after NUL counts, and no input traps.
  @Test func hostileTexts() throws {
    let gold = try #require(GoldAnswer(solutionText: "(1) Emma is a knight"))
    let texts = [
      "", "\0", "<answer>", "Assistant:", "<think></think><answer></answer>", "answer \0 knight",
      "CONCLUSION:", String(repeating: "<answer>", count: 3000), "\u{10FFFF}\u{301}\u{200D}",
    ]
    for form in ExampleForm.allCases {
      for text in texts {
        #expect(
          Verdict(form: form, prompt: text, completion: text, gold: gold) != .correct,
          "\(form)"
        )
      }
    }
    let nul = "Assistant: <think>\0</think><answer>Emma is a knight</answer>"
    #expect(Verdict(tagged: nul, gold: gold) == .correct)
  }

  /// Equal answers are equal texts, whatever their order, and their case where the form leaves it free.
  @Test func answersForVotes() throws {
    let gold = try #require(GoldAnswer(solutionText: "(1) Emma is a knight\n(2) Liam is a knave"))
    func answers(_ form: ExampleForm, _ completions: String...) -> [String?] {
      completions.map { gold.answer(form: form, prompt: "Assistant: <think>", completion: $0) }
    }
    let (swapped, right) = ("Emma knave, Liam knight", "Emma knight, Liam knave")
    #expect(
      answers(
        .terse,
        "answer Emma knave Liam knight",
        "assume Emma knight ok . answer Liam knight Emma knave <eos>",
        "answer Emma knight Liam knave",
        "answer Emma knight",
        "answer emma knight Liam knave",
        "Emma knight Liam knave",
        ""
      ) == [swapped, swapped, right, nil, nil, nil, nil]
    )
    #expect(
      answers(
        .logicRL,
        "</think><answer>(1) Emma is a knave\n(2) Liam is a knight</answer>",
        "</think> <answer> LIAM IS A KNIGHT and emma is a Knave. </answer>",
        "</think><answer>Liam is a knave, Emma is a knight</answer>",
        "</think><answer>Emma is a knight, Liam is a knight or a knave</answer>",
        "<answer>Emma is a knight, Liam is a knave</answer>"
      ) == [swapped, swapped, right, nil, nil]
    )
    #expect(
      answers(
        .text,
        "CONCLUSION:\n(1) Emma is a knave\n(2) Liam is a knight",
        "Conclusion: Liam is a knight. Emma is a knave.",
        "CONCLUSION:\n(1) Emma is a knight\n(2) Liam is a knave",
        "CONCLUSION:\n(1) Emma is a knight, Emma is a knave\n(2) Liam is a knave",
        "CONCLUSION:\n(1) Emma is a knight",
        "CONCLUSION:\n(1) Emma is a knight\n(2) Liam is a knave if it rains",
        "CONCLUSION:\n(1) Emma is a knight\n(2) Liam is a knave\n(3) Noah is a knave",
        "Emma is a knight, Liam is a knave"
      ) == [swapped, swapped, right, nil, nil, nil, nil, nil]
    )
  }

  /// What a vote relies on: the same answer has the same verdict, a readable one has an answer, and the solution is the right one.
  @Test func answersAgreeWithVerdicts() throws {
    var verdicts: [String: Verdict] = [:]
    var read = 0
    for row in try TestData.fixture("rewards.jsonl", as: Case.self) {
      let gold = try #require(GoldAnswer(solutionText: row.solution))
      let form = try #require(ExampleForm(rawValue: row.form))
      let verdict = Verdict(
        form: form,
        prompt: row.prompt,
        completion: row.completion,
        gold: gold
      )
      let answer = gold.answer(form: form, prompt: row.prompt, completion: row.completion)
      let place = "\(row.form): \(row.completion)"
      if form != .text {
        #expect((answer != nil) == (verdict == .correct || verdict == .wrong), "\(place)")
      }
      guard let answer else { continue }
      read += 1
      let solution = gold.entries.map { "\($0.name.text) \($0.role.text)" }
        .joined(separator: ", ")
      #expect((answer == solution) == (verdict == .correct), "\(place)")
      let key = "\(row.form) \(row.solution) \(answer)"
      #expect(verdicts.updateValue(verdict, forKey: key) ?? verdict == verdict, "\(place)")
    }
    #expect(read > 20)
    #expect(Set(verdicts.values) == [.correct, .wrong])
  }

  @Test func values() {
    #expect(Verdict.allCases.map(\.logicRLScore) == [3, -0.5, -1, -3])
    #expect(Verdict.allCases.map(\.binaryScore) == [1, 0, 0, 0])
  }
}
