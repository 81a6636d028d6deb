import StepwisePlugin

/// 1 where a completion chooses the right letter.
struct ChoiceReward: Reward {
  static var id: String? { "org.stepwise.reward.choice" }
  static var concurrency: Concurrency { .threadSafe }

  /// Where the choice is looked for.
  enum Place: String, CaseIterable {
    /// The first of the other ways that finds one.
    case auto
    /// The last `\boxed{}`.
    case boxed
    /// The last `<answer>` tag.
    case tag = "answer-tag"
  }

  private let count: Int
  private let place: Place
  private let column: String
  private let patterns: Patterns

  init(parameters: Parameters) throws {
    count = try parameters.int("choices", default: 4)
    place = try parameters.choice("answer_in", default: .auto)
    column = try parameters.string("column", default: "answer")
    let last = Unicode.Scalar(UInt8(ascii: "A") + UInt8(count - 1))
    patterns = try Patterns(letters: "A-\(last)")
  }

  var declaration: RewardDeclaration {
    RewardDeclaration(
      name: "choice",
      range: 0...1,
      successThreshold: 1,
      requiredColumns: [column]
    )
  }

  func score(_ item: RewardItem) throws -> Score {
    let right = try right(item.example)
    return answer(item) == right ? 1 : 0
  }

  /// The chosen letter.
  func answer(_ item: RewardItem) -> String? {
    let text = Array(item.completion.unicodeScalars)
    switch place {
    case .boxed: return patterns.boxed(text)
    case .tag: return patterns.tagged(text)
    case .auto:
      return patterns.boxed(text) ?? patterns.tagged(text) ?? patterns.stated(text)
        ?? patterns.alone(text)
    }
  }

  private func right(_ row: Example) throws -> String {
    switch row.column(column) {
    case .text(let text)?:
      if let letter = patterns.alone(Array(text.unicodeScalars)) { return letter }
    case .int(let index)? where (0..<Int64(count)).contains(index):
      return String(Unicode.Scalar(UInt8(ascii: "A") + UInt8(index)))
    default: break
    }
    throw PluginFailure(
      .data,
      "column '\(column)' of row \(row.id) is neither one of the first \(count) letters, such as \"B\" or \"(B)\", "
        + "nor its number from 0 to \(count - 1)"
    )
  }
}

/// The ways in which a letter is given. Of several places the last one counts.
private struct Patterns {
  private let isBoxed, isTagged, isStated, isAlone: Pattern

  init(letters: String) throws {
    // A letter with what is usually around it: (B), B., **B**, \text{(B)}, "B) 12".
    let letter =
      #"\s*[*$]*(?:\\(?:text|mathrm|textbf|mathbf)\s*\{)?\s*[(\[]?\s*([\#(letters)])\s*(?:[)\]}.:*$<]|\s|$)"#
    isBoxed = try Pattern(#"(?s).*\\(?:boxed|fbox)\s*\{"# + letter, group: 1)
    isTagged = try Pattern("(?s).*<answer>" + letter, group: 1)
    isStated = try Pattern(
      #"(?s).*\b[Aa](?:nswer|NSWER)\b(?: choice| option)?[*]*(?:\s+is|\s*[:=])[*]*\s*(?:the\s+)?(?:choice|option)?"#
        + letter,
      group: 1
    )
    isAlone = try Pattern(
      #"\s*[*]*[(\[]?([\#(letters)])(?:[)\].:*][\s\S]*|\s*)"#,
      group: 1
    )
  }

  func boxed(_ text: [Unicode.Scalar]) -> String? { letter(isBoxed, text, .start) }
  func tagged(_ text: [Unicode.Scalar]) -> String? { letter(isTagged, text, .start) }
  func stated(_ text: [Unicode.Scalar]) -> String? { letter(isStated, text, .start) }
  /// Where the text begins with the letter, and it is all of it or a mark follows.
  func alone(_ text: [Unicode.Scalar]) -> String? { letter(isAlone, text, .full) }

  private func letter(
    _ pattern: Pattern,
    _ text: [Unicode.Scalar],
    _ extent: Pattern.Extent
  ) -> String? {
    guard let group = pattern.firstMatch(in: text, extent)?.group else { return nil }
    return String(String.UnicodeScalarView(text[group]))
  }
}
