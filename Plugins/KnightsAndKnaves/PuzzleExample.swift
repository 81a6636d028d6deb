/// How a puzzle becomes a prompt, and what its answer looks like.
public enum ExampleForm: String, CaseIterable, Sendable {
  /// The published quiz text, answered by `CONCLUSION:` and numbered lines.
  case text
  /// A few dozen words for models trained from scratch, see `TerseForm`.
  case terse
  /// The quiz inside a ready ChatML text, answered between `<answer>` tags.
  case logicRL = "logic-rl"
  /// The same for base models, without ChatML.
  case logicRLBase = "logic-rl-base"
}

/// What a demonstration consists of.
public enum Demonstration: String, CaseIterable, Sendable {
  /// Chain of thought, then the answer.
  case cot
  /// The answer alone.
  case direct
  /// There is none: the example has a prompt only.
  case none
}

/// One row of the dataset.
public struct PuzzleExample: Hashable, Sendable {
  /// The puzzle itself.
  public let puzzle: Puzzle
  /// Its words.
  public let wording: Wording
  /// What the model is given.
  public let prompt: String
  /// What it should have answered, without an end-of-sequence token; `nil` without demonstration.
  public let completion: String?
  /// Where in the completion the steps and the answer begin, as UTF-8 byte offsets, ascending.
  ///
  /// The white space before a step belongs to it, as it does in the tokens of most vocabularies.
  public let stepBoundaries: [Int]
  /// The quiz in English, whatever the form of the prompt.
  public let quiz: String
  /// The solution as numbered lines: what rewards compare an answer with.
  public let solutionText: String

  /// - Parameters:
  ///   - form: The format of prompt and completion.
  ///   - demonstration: What a completion holds; `direct` also asks for an answer without reasoning.
  ///   - style: How detailed the chain of thought is; `nil` is `short` for `terse`, else `long`.
  ///   - withCompletion: Whether there is a completion at all; the prompt does not depend on it.
  ///   - quiz: The quiz as a published record tells it, in place of what `wording` makes.
  public init(
    puzzle: Puzzle,
    wording: Wording,
    form: ExampleForm,
    demonstration: Demonstration,
    style: ReasoningStyle? = nil,
    withCompletion: Bool = true,
    quiz: String? = nil
  ) {
    let quiz = quiz ?? puzzle.quiz(wording)
    self.puzzle = puzzle
    self.wording = wording
    self.quiz = quiz
    solutionText = puzzle.numberedSolution(wording)
    switch form {
    case .text: prompt = Prompts.conclusion(quiz: quiz, reasoning: demonstration != .direct)
    case .terse: prompt = TerseForm.prompt(puzzle, wording: wording)
    case .logicRL: prompt = Prompts.thinkAndAnswerChat(quiz: quiz)
    case .logicRLBase: prompt = Prompts.thinkAndAnswerBase(quiz: quiz)
    }
    guard withCompletion, demonstration != .none else {
      completion = nil
      stepBoundaries = []
      return
    }
    var text = CompletionText()
    if demonstration == .cot {
      text.add(Reasoning(statements: puzzle.statements), puzzle, wording, form, style)
    }
    switch form {
    case .text: text.begin("\nCONCLUSION:\n" + solutionText)
    case .terse: text.begin(" " + TerseForm.answer(puzzle, wording: wording))
    case .logicRL, .logicRLBase:
      text.append(" </think>")
      text.begin("\n<answer>\n" + solutionText + "\n</answer>")
    }
    completion = text.text
    stepBoundaries = text.boundaries
  }
}

/// A completion in the making, with the places where its steps begin.
private struct CompletionText {
  var text = ""
  var boundaries: [Int] = []

  mutating func begin(_ step: String) {
    boundaries.append(text.utf8.count)
    text += step
  }

  mutating func append(_ more: String) { text += more }

  mutating func add(
    _ reasoning: Reasoning,
    _ puzzle: Puzzle,
    _ wording: Wording,
    _ form: ExampleForm,
    _ style: ReasoningStyle?
  ) {
    guard form != .terse else {
      let steps = TerseForm.stepTexts(reasoning, style: style ?? .short, wording: wording)
      for step in steps { begin(" " + step) }
      return
    }
    append(" " + Reasoning.head)
    let steps = reasoning.stepTexts(
      for: puzzle,
      wording: wording,
      repeatingClaims: style != .short
    )
    for step in steps { begin(" " + step) }
    append(" " + reasoning.foot)
  }
}
