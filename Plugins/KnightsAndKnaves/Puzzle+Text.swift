/// The 18 ways in which the published data report what somebody said, by their index there.
public enum SentenceTemplate {
  /// The number of templates.
  public static let count = 18

  /// The sentence that reports that `name` said `statement`.
  public static func sentence(_ index: Int, name: String, statement: String) -> String {
    switch index {
    case 0: "\(name) said that \(statement)."
    case 1: "\(name) told you that \(statement)."
    // The only one with the full stop inside the quotation marks.
    case 2: "\(name) said, \"\(statement).\""
    case 3: "\(name) stated, \"\(statement)\"."
    case 4: "According to \(name), \"\(statement)\"."
    case 5: "In \(name)'s words: \"\(statement)\"."
    case 6: "\(name) remarked, \"\(statement)\"."
    case 7: "\"\(statement),\" \(name) declared."
    case 8: "\(name) was heard saying, \"\(statement)\"."
    case 9: "\(name) expressed that \(statement)."
    case 10: "\"\(statement)\" - \(name)."
    case 11: "As \(name) put it, \"\(statement)\"."
    case 12: "\(name) asserted: \"\(statement)\"."
    case 13: "\"\(statement),\" \(name) mentioned."
    case 14: "\(name) commented, \"\(statement)\"."
    case 15: "In a statement by \(name): \"\(statement)\"."
    case 16: "\(name) noted, \"\(statement)\"."
    case 17: "\"\(statement),\" \(name) claimed."
    default: preconditionFailure("there are \(count) sentence templates, none has index \(index)")
    }
  }
}

/// The words in which one puzzle is told.
public struct Wording: Hashable, Sendable {
  /// One name per person.
  public var names: [String]
  /// One sentence template per person, indices into `SentenceTemplate`.
  public var templates: [Int]
  /// The words for the two roles.
  public var roles: RoleWords
  /// The order in which people speak; `nil` is their own.
  public var speakingOrder: [Int]?

  /// - Parameters:
  ///   - names: One per person.
  ///   - templates: One per person, each in 0..<18.
  ///   - roles: Other words for knight and knave.
  ///   - speakingOrder: A permutation of the people.
  public init(
    names: [String],
    templates: [Int],
    roles: RoleWords = .knightAndKnave,
    speakingOrder: [Int]? = nil
  ) {
    self.names = names
    self.templates = templates
    self.roles = roles
    self.speakingOrder = speakingOrder
  }

  /// Different names and one template per person, both uniform.
  /// - Parameter names: At least as many as there are people.
  public init(
    people: Int,
    names: some Collection<String>,
    using random: inout SeededGenerator
  ) {
    let pool = Array(names)
    self.init(
      names: random.choose(people, from: pool.count).map { pool[$0] },
      templates: (0..<people).map { _ in random.below(SentenceTemplate.count) }
    )
  }
}

extension Puzzle {
  /// The puzzle as the published data tell it: opening, list of people, one sentence each, question.
  public func quiz(_ wording: Wording) -> String {
    let roles = wording.roles
    let (knights, knaves) = (roles.plural(true), roles.plural(false))
    var parts = [
      "A very special island is inhabited only by \(knights) and \(knaves).",
      "\(knights.capitalisedASCII) always tell the truth, and \(knaves) always lie.",
      "You meet \(people) inhabitants: \(enumerated(wording.names)).",
    ]
    for person in wording.speakingOrder ?? Array(statements.indices) {
      let statement = statements[person].text(names: wording.names, roles: roles)
      parts.append(
        SentenceTemplate.sentence(
          wording.templates[person],
          name: wording.names[person],
          statement: statement
        )
      )
    }
    parts.append("So who is \(roles.withArticle(true)) and who is \(roles.withArticle(false))?")
    return parts.joined(separator: " ")
  }

  /// The solution as a sentence: `A is a knight, B is a knave, and C is a knight.`
  public func solutionSentence(_ wording: Wording) -> String {
    "\(enumerated(solutionClaims(wording)))."
  }

  /// The solution as numbered lines: `(1) A is a knight`, newline, `(2) B is a knave`.
  public func numberedSolution(_ wording: Wording) -> String {
    solutionClaims(wording).enumerated().map { "(\($0 + 1)) \($1)" }.joined(separator: "\n")
  }

  private func solutionClaims(_ wording: Wording) -> [String] {
    zip(wording.names, solution).map { "\($0) is \(wording.roles.withArticle($1))" }
  }
}

/// `A, B, and C`; also with two the comma stays: `A, and B`.
private func enumerated(_ items: [String]) -> String {
  guard items.count > 1 else { return items.first ?? "" }
  return items.dropLast().joined(separator: ", ") + ", and " + items[items.count - 1]
}

extension String {
  fileprivate var capitalisedASCII: String { prefix(1).uppercased() + dropFirst() }
}
