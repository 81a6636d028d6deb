/// The normal form of answers in the MATH data set's own evaluation (Hendrycks et al., 2021, `is_equiv`), step by step as there: what
/// looks like an oversight is one, and is kept, since published figures have it too.
public enum HendrycksForm {
  /// Whether two answers are one: their normal forms are equal, or the raw texts where one of them has none.
  public static func areEqual(_ one: String, _ other: String) -> Bool {
    guard let first = normalise(Scalars(one)), let second = normalise(Scalars(other)) else {
      return Scalars(one) == Scalars(other)
    }
    return first == second
  }

  /// The normal form; the text itself where it has none.
  public static func of(_ answer: String) -> String {
    (normalise(Scalars(answer)) ?? Scalars(answer)).text
  }

  /// `nil` where the original raises an exception.
  static func normalise(_ answer: Scalars) -> Scalars? {
    var text = answer.replacing("\n", "").replacing("\\!", "").replacing("\\\\", "\\")
      .replacing("tfrac", "frac").replacing("dfrac", "frac")
      .replacing("\\left", "").replacing("\\right", "")
      .replacing("^{\\circ}", "").replacing("^\\circ", "").replacing("\\$", "")
    let beforeUnit = text.split(on: "\\text{ ")
    if beforeUnit.count > 2 { return nil }
    text = beforeUnit[0].replacing("\\%", "").replacing(" .", " 0.").replacing("{.", "{0.")
    if text.isEmpty { return text }
    if text[0] == "." { text.insert("0", at: 0) }
    let sides = text.split(on: "=")
    if sides.count == 2, sides[0].count <= 2 { text = sides[1] }
    guard let rooted = withBracedRoots(text) else { return nil }
    guard let fractions = withBracedFractions(rooted.replacing(" ", "")) else { return nil }
    return fractions == Scalars("0.5") ? Scalars("\\frac{1}{2}") : withBarredFraction(fractions)
  }

  /// `\sqrt3` to `\sqrt{3}`.
  private static func withBracedRoots(_ text: Scalars) -> Scalars? {
    let parts = text.split(on: "\\sqrt")
    var result = parts[0]
    for part in parts.dropFirst() {
      guard let first = part.first else { return nil }
      result += Scalars("\\sqrt")
      result += first == "{" ? part : ["{", first, "}"] + part.dropFirst()
    }
    return result
  }

  /// `\frac12` to `\frac{1}{2}`, `\frac1{72}` to `\frac{1}{72}`.
  private static func withBracedFractions(_ text: Scalars) -> Scalars? {
    let parts = text.split(on: "\\frac")
    var result = parts[0]
    for part in parts.dropFirst() {
      guard let first = part.first else { return nil }
      result += Scalars("\\frac")
      if first == "{" {
        result += part
        continue
      }
      guard part.count >= 2 else { return text }
      let rest = part.dropFirst(2)
      result += ["{", first, "}"]
      result += part[1] == "{" ? ["{"] + rest : ["{", part[1], "}"] + rest
    }
    return result
  }

  /// `3/4` to `\frac{3}{4}` where nothing else is there.
  private static func withBarredFraction(_ text: Scalars) -> Scalars {
    let parts = text.split(on: "/")
    guard parts.count == 2, isCanonicalInteger(parts[0]), isCanonicalInteger(parts[1]) else {
      return text
    }
    return Scalars("\\frac{") + parts[0] + Scalars("}{") + parts[1] + ["}"]
  }

  /// Whether it is what Python prints for an integer.
  private static func isCanonicalInteger(_ text: Scalars) -> Bool {
    let digits = text.first == "-" ? text.dropFirst() : text[...]
    guard let first = digits.first, digits.allSatisfy(\.isASCIIDigit) else { return false }
    return first != "0" || text.count == 1
  }
}
