/// The puzzle and its chain of thought in as few words as possible, for models trained from scratch.
///
/// Words are separated by single spaces, so a word-level tokenizer needs `vocabulary` and nothing
/// else. The grammar, with NAME one of the puzzle's names and the parentheses only where a statement
/// has more than two levels:
///
///     prompt     = claim { ";" claim } "?"
///     claim      = NAME "says" statement
///     statement  = NAME role | "not" operand | operand { "and" operand } | operand { "or" operand }
///                | "if" operand "then" operand | operand "iff" operand
///     operand    = NAME role | "(" statement ")"
///     role       = "knight" | "knave"
///     completion = [ { step "." } ] "answer" NAME role { NAME role }
///     step       = "assume" NAME role "ok" | "assume" NAME role "clash" NAME      (style short)
///                | "assume" NAME role { NAME "ok" } [ NAME "clash" ]              (style checks)
///                | "reconsider" NAME
///
/// `clash` names the person who could not have said what they said. In style `checks` everybody with
/// an assumed role is examined in the order of the prompt, up to the first clash: one small question
/// per verdict instead of one about all people at once.
public enum TerseForm {
  /// The word before the answer. It occurs once in a completion and never in a prompt.
  public static let answerMarker = "answer"

  private static let words = [
    "?", ";", ".", "says", "knight", "knave", "not", "and", "or", "if", "then", "iff", "assume",
    "ok",
    "clash", "reconsider", answerMarker,
  ]

  /// Every word that prompts and completions may contain, 17 of the grammar before the names.
  /// - Parameter nested: Statements may have more than two levels, which needs parentheses.
  public static func vocabulary(
    names: some Collection<String>,
    nested: Bool = false
  ) -> [String] {
    words + (nested ? ["(", ")"] : []) + names
  }

  /// `Emma says not Liam knight ; Liam says Emma knight and Liam knave ?`
  public static func prompt(_ puzzle: Puzzle, wording: Wording) -> String {
    let order = wording.speakingOrder ?? Array(puzzle.statements.indices)
    let claims = order.map { person in
      "\(wording.names[person]) says \(puzzle.statements[person].terse(wording))"
    }
    return claims.joined(separator: " ; ") + " ?"
  }

  /// `answer Emma knight Liam knave`
  public static func answer(_ puzzle: Puzzle, wording: Wording) -> String {
    let roles = zip(wording.names, puzzle.solution).map { "\($0) \(wording.roles[$1])" }
    return "\(answerMarker) \(roles.joined(separator: " "))"
  }

  /// One text per step, such as `assume Liam knight clash Emma .`
  /// - Parameter style: `short` or `checks`.
  public static func stepTexts(
    _ reasoning: Reasoning,
    style: ReasoningStyle,
    wording: Wording
  ) -> [String] {
    precondition(style != .long, "the terse form has no style that repeats claims")
    let names = wording.names
    var assumed: Set<Int> = []
    return reasoning.steps.map { step in
      switch step {
      case .assume(let person, let isKnight):
        assumed.insert(person)
        let verdicts =
          style == .checks
          ? assumed.sorted().map { "\(names[$0]) ok" }.joined(separator: " ") : "ok"
        return "assume \(names[person]) \(wording.roles[isKnight]) \(verdicts) ."
      case .conflict(let person, let isKnight, let other, _):
        assumed.insert(person)
        let fine = assumed.sorted().filter { $0 < other }.map { "\(names[$0]) ok " }.joined()
        let verdict = style == .checks ? "\(fine)\(names[other]) clash" : "clash \(names[other])"
        return "assume \(names[person]) \(wording.roles[isKnight]) \(verdict) ."
      case .reconsider(let person, let exhausted):
        assumed.subtract(exhausted)
        return "reconsider \(names[person]) ."
      }
    }
  }
}

extension Statement {
  fileprivate func terse(_ wording: Wording) -> String {
    switch self {
    case .knight(let person): "\(wording.names[person]) \(wording.roles[true])"
    case .knave(let person): "\(wording.names[person]) \(wording.roles[false])"
    case .not(let child): "not \(child.terseOperand(wording))"
    case .and(let children):
      children.map { $0.terseOperand(wording) }.joined(separator: " and ")
    case .or(let children): children.map { $0.terseOperand(wording) }.joined(separator: " or ")
    case .implies(let left, let right):
      "if \(left.terseOperand(wording)) then \(right.terseOperand(wording))"
    case .iff(let left, let right):
      "\(left.terseOperand(wording)) iff \(right.terseOperand(wording))"
    }
  }

  private func terseOperand(_ wording: Wording) -> String {
    depth == 1 ? terse(wording) : "( \(terse(wording)) )"
  }
}
