import Components
import Testing

@Suite("Rewards of the form of a text")
struct TextRewardTests {
  // MARK: - format

  @Test("tags in order, each once")
  func format() throws {
    let reward = try ShippedReward("format")
    let good = "<think>a</think> b <answer>c</answer>"
    for (text, score) in [
      (good, 1.0), ("<think></think><answer></answer>", 1), ("", 0), ("a", 0),
      ("<answer>c</answer><think>a</think>", 0), ("<think>a</think>", 0), (good + good, 0),
      (good + "</answer>", 0), ("<think>a<answer>c</think></answer>", 0),
      ("<Think>a</Think><answer>c</answer>", 0),
    ] {
      #expect(try reward.score(text) == score, "\(text)")
    }
    #expect(reward.function.description.successThreshold == nil, "form is no success")
  }

  @Test("strict wants nothing outside, partial counts what is kept")
  func formatOptions() throws {
    let strict = try ShippedReward("format", ["strict": true])
    #expect(try strict.score(" <think>a</think>\n<answer>b</answer>\n") == 1)
    #expect(try strict.score("<think>a</think>x<answer>b</answer>") == 0)
    #expect(try strict.score("x<think>a</think><answer>b</answer>") == 0)
    let partial = try ShippedReward("format", ["partial": true])
    for (text, score) in [
      ("", 0.0), ("<think>", 0.25), ("<think>a</think><answer>", 0.75),
      ("<answer>b</answer><think>a</think>", 0.5), ("<think><think></think>", 0.25),
    ] {
      #expect(try partial.score(text) == score, "\(text)")
    }
    let both = try ShippedReward("format", ["partial": true, "strict": true])
    #expect(try both.score("<think>a</think>x<answer>b</answer>") == 0.8)
    let own = try ShippedReward("format", ["tags": ["plan", "code", "test"]])
    #expect(try own.score("<plan></plan><code></code><test></test>") == 1)
  }

  @Test("a prompt may have opened the first tag")
  func formatOpening() throws {
    let rest = "a</think><answer>b</answer>"
    let reward = try ShippedReward("format")
    #expect(try reward.score(rest, prompt: "Go.\n<think>\n") == 1)
    #expect(try reward.score("<think>" + rest, prompt: "<think>") == 0, "it is there twice then")
    #expect(try reward.score(rest, prompt: "<think> about it") == 0)
    let alone = try ShippedReward("format", ["opened_by": "completion"])
    #expect(try alone.score(rest, prompt: "<think>") == 0)
  }

  @Test(arguments: [["a", "a"], ["<a>"], ["a b"], [""], []])
  func badTags(tags: [String]) {
    let given = ParameterValue.array(tags.map { .string($0) })
    #expect(message { _ = try ShippedReward("format", ["tags": given]) }.contains("tags"))
  }

  // MARK: - length

  private struct Curve: Decodable {
    let kind: String
    let max_length, length: Int
    let soft_punish_cache: Int?
    let min_value, max_value: Double?
    let value: Double
  }

  @Test("curves are those of TRL and open-r1")
  func curves() throws {
    for row in try TestData.fixture("curves", as: Curve.self) {
      var parameters: [ParameterEntry] = [
        ParameterEntry("kind", .string(row.kind)),
        ParameterEntry("max_length", .int(Int64(row.max_length))),
      ]
      if let cache = row.soft_punish_cache {
        parameters.append(ParameterEntry("soft_punish_cache", .int(Int64(cache))))
      }
      if let low = row.min_value, let high = row.max_value {
        parameters.append(ParameterEntry("min_value", .double(low)))
        parameters.append(ParameterEntry("max_value", .double(high)))
      }
      let reward = try ShippedReward("length", .object(parameters))
      let ids = [Int32](repeating: 5, count: row.length)
      let score = try #require(try reward.scores([ShippedReward.item("", ids: ids)])[0])
      #expect(abs(score - row.value) < 1e-12, "\(row)")
    }
  }

  @Test("units, the linear curve, and parameters that do not fit")
  func length() throws {
    let linear = try ShippedReward(
      "length",
      ["kind": "linear", "unit": "words", "free_length": 2, "max_length": 6]
    )
    for (text, score) in [("", 0.0), ("a b", 0), ("a b c", -0.25), ("a b c d e f g h", -1)] {
      #expect(try linear.score(text) == score, "\(text)")
    }
    let characters = try ShippedReward(
      "length",
      ["kind": "linear", "unit": "characters", "max_length": 4]
    )
    #expect(try characters.score("e\u{301}\r\n") == -1, "scalars, as Python counts")
    for parameters: ParameterValue in [
      ["max_length": 10], ["max_length": 10, "soft_punish_cache": 11],
      ["kind": "linear", "max_length": 5, "free_length": 5],
      ["kind": "cosine", "max_length": 5, "min_value": 2, "max_value": 1], ["max_length": 0], [:],
    ] {
      #expect(
        message { _ = try ShippedReward("length", parameters) }.contains("length")
          || message { _ = try ShippedReward("length", parameters) }.contains("value")
      )
    }
  }

  // MARK: - repetition

  private struct Repetition: Decodable {
    let text: String
    let ngram_size: Int
    let max_penalty, value: Double
  }

  @Test("repetitions are punished as in open-r1")
  func repetition() throws {
    for row in try TestData.fixture("repetition", as: Repetition.self) {
      let reward = try ShippedReward(
        "repetition",
        ["ngram_size": .int(Int64(row.ngram_size)), "max_penalty": .double(row.max_penalty)]
      )
      let score = try #require(try reward.score(row.text))
      #expect(abs(score - row.value) < 1e-12, "\(row)")
    }
    let tokens = try ShippedReward("repetition", ["ngram_size": 1, "unit": "tokens"])
    #expect(try tokens.scores([ShippedReward.item("", ids: [3, 3, 3, 4])])[0] == -0.5)
    let characters = try ShippedReward("repetition", ["ngram_size": 2, "unit": "characters"])
    #expect(try characters.score("aaa") == -0.5)
  }

  // MARK: - choice

  @Test("a letter is found however it is given")
  func choice() throws {
    let reward = try ShippedReward("choice", ["choices": 5])
    for (text, letter) in [
      ("The answer is (B).", "B"), ("the answer is B", "B"), ("Answer: C", "C"),
      ("**Answer:** D", "D"), ("so \\boxed{A}", "A"), ("\\boxed{\\text{(E)}}", "E"),
      ("\\boxed{\\textbf{B}}", "B"), ("<answer> c </answer> <answer>B</answer>", "B"), ("B", "B"),
      ("(C)", "C"), ("C) 12 apples", "C"), ("D.", "D"), (" E\n", "E"),
      ("The answer is A. No, the answer is B.", "B"), ("\\boxed{A} then \\boxed{B}", "B"),
      ("The answer is $\\boxed{C}$.", "C"), ("The correct answer is option D", "D"),
      ("Final Answer: the choice (A)", "A"),
    ] {
      #expect(try reward.answer(text, [Column("answer", .text("A"))]) == letter, "\(text)")
    }
    for text in [
      "", "no", "A man", "Because", "The answer is Berlin", "\\boxed{12}", "F", "answer",
    ] {
      #expect(try reward.answer(text, [Column("answer", .text("A"))]) == nil, "\(text)")
    }
  }

  @Test("the right answer is a letter or a number")
  func rightChoice() throws {
    let reward = try ShippedReward("choice")
    for right: ColumnValue in [.text("B"), .text("(B)"), .text("B. Berlin"), .int(1)] {
      #expect(try reward.score("The answer is B", [Column("answer", right)]) == 1)
      #expect(try reward.score("The answer is A", [Column("answer", right)]) == 0)
    }
    for right: ColumnValue in [.text("E"), .text("Berlin"), .int(4), .int(-1), .real(1), .text("")]
    {
      #expect(
        message { _ = try reward.score("A", [Column("answer", right)]) }.contains("column 'answer'")
      )
    }
    let boxed = try ShippedReward("choice", ["answer_in": "boxed"])
    #expect(try boxed.score("The answer is B", [Column("answer", .text("B"))]) == 0)
  }
}
