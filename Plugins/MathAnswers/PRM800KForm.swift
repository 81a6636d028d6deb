/// The two normal forms of the prm800k grader (Lightman et al., 2023).
public enum PRM800KForm {
  /// `normalize_answer`: the form of MATH's own evaluation, after blanks at the ends and a `\text{...}` around everything have gone.
  public static func strict(_ answer: String) -> String { strict(Scalars(answer)).text }

  /// `_normalize`: percent and dollar signs, units, LaTeX, mixed numbers, blanks, braces, case and commas in numbers have gone.
  public static func lenient(_ answer: String) -> String { lenient(Scalars(answer)).text }

  static func strict(_ answer: Scalars) -> Scalars {
    var text = answer.stripped
    if let inner = unwrapped(text) { text = inner.stripped }
    return HendrycksForm.normalise(text) ?? text
  }

  /// What is longer is no answer, and is left as it is: some of the steps take time that grows with the square of the length.
  static let lengthLimit = 4096

  static func lenient(_ answer: Scalars) -> Scalars {
    guard answer.count <= lengthLimit else { return answer }
    var text = unwrapped(answer) ?? answer
    text = text.replacing("\\%", "%").replacing("\\$", "$").replacing("$", "").replacing("%", "")
      .replacing(" or ", " , ").replacing(" and ", " , ")
      .replacing("million", "*10^6").replacing("billion", "*10^9").replacing("trillion", "*10^12")
    for unit in units { text = without(unit, text) }
    text = withoutDegrees(text)
    if text.first == "{", text.last == "}" { text = Scalars(text.dropFirst().dropLast()) }
    text = withoutThinCommas(text)
    if let number = PythonNumber.float(text), PythonNumber.isWhole(number) {
      text = PythonNumber.integerText(number.rounded(.toNearestOrEven))
    }
    if text.contains("\\") { text = fromLaTeX(text) }
    text = withJoinedSigns(text)
    text = withMixedNumbers(text)
    text = text.replacing(" ", "").replacing("{", "").replacing("}", "")
    text = Scalars(text.text.lowercased())
    if isInteger(text), let number = PythonNumber.float(text.replacing(",", "")) {
      text = PythonNumber.integerText(number)
    }
    return text
  }

  /// Whether a text is a whole number, commas between thousands aside.
  static func isInteger(_ text: Scalars) -> Bool {
    guard let number = PythonNumber.float(withoutThousands(text)) else { return false }
    return PythonNumber.isWhole(number)
  }

  /// Commas go that stand after a digit and before three digits and no more.
  static func withoutThousands(_ text: Scalars) -> Scalars {
    var text = text
    while true {
      var result: Scalars = []
      var at = 0
      while at < text.count {
        let isMatch =
          at + 4 < text.count && text[at].isDecimal && text[at + 1] == ","
          && text[(at + 2)...(at + 4)].allSatisfy(\.isDecimal)
          && (at + 5 == text.count || !text[at + 5].isDecimal)
        guard isMatch else {
          result.append(text[at])
          at += 1
          continue
        }
        result.append(text[at])
        // What follows the three digits is part of the match, and so not the beginning of another.
        let end = min(at + 6, text.count)
        result += text[(at + 2)..<end]
        at = end
      }
      if result == text { return text }
      text = result
    }
  }

  /// What is in a `\text{...}` that is everything.
  private static func unwrapped(_ text: Scalars) -> Scalars? {
    var text = text
    // In Python a `$` also matches before a line break at the end.
    if text.last == "\n" { text.removeLast() }
    guard text.hasPrefix("\\text{"), text.last == "}", text.count > 7 else { return nil }
    let inner = text[6..<(text.count - 1)]
    return inner.contains("\n") ? nil : Scalars(inner)
  }

  private static let units = [
    "degree", "cm", "centimeter", "meter", "mile", "second", "minute", "hour", "day", "week",
    "month",
    "year", "foot", "feet", "inch", "yard",
  ]

  /// Without `UNIT(es)?(s)? *(\^[0-9]+)?`.
  private static func without(_ unit: String, _ text: Scalars) -> Scalars {
    let unit = Scalars(unit)
    var result: Scalars = []
    var at = 0
    while let found = text.find(unit, from: at) {
      result += text[at..<found]
      at = found + unit.count
      if text[at...].starts(with: "es".unicodeScalars) { at += 2 }
      if at < text.count, text[at] == "s" { at += 1 }
      while at < text.count, text[at] == " " { at += 1 }
      if at + 1 < text.count, text[at] == "^", text[at + 1].isASCIIDigit {
        at += 1
        while at < text.count, text[at].isASCIIDigit { at += 1 }
      }
    }
    return result + text[at...]
  }

  /// Without `\^ *\\circ`.
  private static func withoutDegrees(_ text: Scalars) -> Scalars {
    var result: Scalars = []
    var at = 0
    while at < text.count {
      if text[at] == "^" {
        let after = text[(at + 1)...].drop { $0 == " " }
        if after.starts(with: "\\circ".unicodeScalars) {
          at = after.startIndex + 5
          continue
        }
      }
      result.append(text[at])
      at += 1
    }
    return result
  }

  /// Without `,\\! *`.
  private static func withoutThinCommas(_ text: Scalars) -> Scalars {
    var result: Scalars = []
    var at = 0
    while let found = text.find(Scalars(",\\!"), from: at) {
      result += text[at..<found]
      at = found + 3
      while at < text.count, text[at] == " " { at += 1 }
    }
    return result + text[at...]
  }

  private static func fromLaTeX(_ text: Scalars) -> Scalars {
    let written = text.replacing("\\tfrac", "\\frac").replacing("\\dfrac", "\\frac")
      .replacing("\\frac", " \\frac")
    return LaTeXText.plain(written).replacing("√", "sqrt").replacing("π", "pi")
      .replacing("∞", "inf").replacing("∪", "U").replacing("·", "*").replacing("×", "*").stripped
  }

  /// `- *` to `-`.
  private static func withJoinedSigns(_ text: Scalars) -> Scalars {
    var result: Scalars = []
    var isAfterSign = false
    for scalar in text where !(isAfterSign && scalar == " ") {
      result.append(scalar)
      isAfterSign = scalar == "-"
    }
    return result
  }

  /// `7 3/4` to `7+3/4`: `([0-9]) +([0-9])`. A digit that ended a match begins none.
  private static func withMixedNumbers(_ text: Scalars) -> Scalars {
    var result: Scalars = []
    var at = 0
    while at < text.count {
      result.append(text[at])
      at += 1
      guard text[at - 1].isASCIIDigit else { continue }
      let after = text[at...].drop { $0 == " " }
      guard after.startIndex > at, let digit = after.first, digit.isASCIIDigit else { continue }
      result += ["+", digit]
      at = after.startIndex + 1
    }
    return result
  }
}
