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
  /// The quiz in English, whatever the form of the prompt.
  public let quiz: String
  /// The solution as numbered lines: what rewards compare an answer with.
  public let solutionText: String

  /// - Parameters:
  ///   - form: The format of prompt and completion.
  ///   - demonstration: What a completion holds; `direct` also asks for an answer without reasoning.
  ///   - style: How detailed the chain of thought is; `nil` is `short` for `terse`, else `long`.
  ///   - withCompletion: Whether there is a completion at all; the prompt does not depend on it.
  public init(
    puzzle: Puzzle,
    wording: Wording,
    form: ExampleForm,
    demonstration: Demonstration,
    style: ReasoningStyle? = nil,
    withCompletion: Bool = true
  ) {
    self.puzzle = puzzle
    self.wording = wording
    quiz = puzzle.quiz(wording)
    solutionText = puzzle.numberedSolution(wording)
    switch form {
    case .text: prompt = Prompts.conclusion(quiz: quiz, reasoning: demonstration != .direct)
    case .terse: prompt = TerseForm.prompt(puzzle, wording: wording)
    case .logicRL: prompt = Prompts.thinkAndAnswerChat(quiz: quiz)
    case .logicRLBase: prompt = Prompts.thinkAndAnswerBase(quiz: quiz)
    }
    guard withCompletion, demonstration != .none else {
      completion = nil
      return
    }
    let reasoning = demonstration == .cot ? Reasoning(statements: puzzle.statements) : nil
    if form == .terse {
      let steps = reasoning.map {
        TerseForm.steps($0, style: style ?? .short, wording: wording) + " "
      }
      completion = " " + (steps ?? "") + TerseForm.answer(puzzle, wording: wording)
      return
    }
    let thought = reasoning.map {
      " " + $0.text(for: puzzle, wording: wording, repeatingClaims: style != .short)
    }
    if form == .text {
      completion = (thought ?? "") + "\nCONCLUSION:\n" + solutionText
    } else {
      completion = (thought ?? "") + " </think>\n<answer>\n" + solutionText + "\n</answer>"
    }
  }
}
