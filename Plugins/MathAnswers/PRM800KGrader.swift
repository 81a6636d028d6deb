/// The grader of prm800k (`grade_answer`; Lightman et al., 2023), with exact arithmetic of its own in place of sympy.
///
/// Two answers are one where their strict or their lenient normal forms are equal, or else where they have equally many elements in equal
/// brackets, each worth the same. It is lenient in one direction only: a fraction must be in lowest terms, and a whole number must be
/// written as one.
public enum PRM800KGrader {
  /// Whether an answer is the right one.
  public static func accepts(_ given: String, gold: String) -> Bool {
    let (given, gold) = (Scalars(given), Scalars(gold))
    if PRM800KForm.strict(gold) == PRM800KForm.strict(given) { return true }
    guard max(given.count, gold.count) <= PRM800KForm.lengthLimit else { return false }
    let (right, answer) = (PRM800KForm.lenient(gold), PRM800KForm.lenient(given))
    if right == answer { return true }
    if answer.isEmpty { return false }
    let (rightElements, elements) = (self.elements(right), self.elements(answer))
    if rightElements.count > 1, right.first != answer.first || right.last != answer.last {
      return false
    }
    return rightElements.count == elements.count
      && zip(rightElements, elements).allSatisfy(isSame)
  }

  private static func isSame(_ right: Scalars, _ given: Scalars) -> Bool {
    if isFraction(right), isFraction(given) { return right == given }
    if PRM800KForm.isInteger(right) != PRM800KForm.isInteger(given) { return false }
    let difference = ["("] + right + Scalars(")-(") + given + [")"]
    guard mayBeEvaluated(difference) else { return false }
    do {
      return try ExactExpression.value(of: right).equals(ExactExpression.value(of: given))
    } catch {
      return false
    }
  }

  /// The elements of a tuple or an interval; what is neither is one element.
  private static func elements(_ text: Scalars) -> [Scalars] {
    let text = PRM800KForm.withoutThousands(text)
    let brackets: Set<Unicode.Scalar> = ["(", ")", "[", "]"]
    guard text.count > 2, brackets.contains(text[0]), brackets.contains(text[text.count - 1]),
      !text.dropFirst().dropLast().contains(where: brackets.contains)
    else { return text.isEmpty ? [] : [text] }
    return Scalars(text.dropFirst().dropLast()).split(on: ",").map(\.stripped)
  }

  /// `^-?[0-9]+.?/0*[1-9][0-9]*.?$`
  private static func isFraction(_ text: Scalars) -> Bool {
    var rest = text.first == "-" ? text.dropFirst() : text[...]
    let whole = rest.prefix(while: \.isASCIIDigit)
    if whole.isEmpty { return false }
    rest = rest.dropFirst(whole.count)
    if rest.first != "/" { rest = rest.dropFirst() }
    guard rest.first == "/" else { return false }
    rest = rest.dropFirst()
    func isPositive(_ digits: ArraySlice<Unicode.Scalar>) -> Bool {
      digits.allSatisfy(\.isASCIIDigit) && digits.contains { $0 != "0" }
    }
    return isPositive(rest) || isPositive(rest.dropLast())
  }

  /// The grader's guards: at most two letters, and no powers that could be huge.
  private static func mayBeEvaluated(_ text: Scalars) -> Bool {
    let letters = Set(text.replacing("sqrt", "").replacing("frac", "").filter(\.isLetter))
    if letters.count > 2 || text.contains("^{") || text.contains("^(") { return false }
    for at in text.indices where text[at] == "^" {
      let digits = text[(at + 1)...].prefix(while: \.isASCIIDigit).count
      let isTower = digits > 0 && at + 1 + digits < text.count && text[at + 1 + digits] == "^"
      if digits > 1 || isTower { return false }
    }
    return true
  }
}
