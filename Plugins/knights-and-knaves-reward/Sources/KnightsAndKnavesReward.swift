import KnightsAndKnaves
import StepwisePlugin

/// Judges answers to puzzles of the dataset `knights-and-knaves`, or to other rows with its columns.
struct KnightsAndKnavesReward: Reward {
  /// How verdicts become numbers.
  enum Values: String, CaseIterable {
    /// 3 correct, -0.5 wrong, -1 unreadable, -3 malformed.
    case logicRL = "logic-rl"
    /// 1 correct, else 0.
    case binary
  }

  static var concurrency: Concurrency { .threadSafe }

  /// The form of all rows; `nil` is what each row's column `form` says.
  private let form: ExampleForm?
  private let values: Values

  init(parameters: Parameters) throws {
    let form = try parameters.string("form", default: "auto")
    self.form = form == "auto" ? nil : try choice(form, key: "form")
    values = try choice(parameters.string("values", default: "logic-rl"), key: "values")
  }

  var declaration: RewardDeclaration {
    let range = values == .binary ? 0.0...1.0 : -3.0...3.0
    return RewardDeclaration(
      name: "knights-and-knaves",
      range: range,
      successThreshold: range.upperBound,
      requiredColumns: ["solution_text"]
    )
  }

  func score(_ item: RewardItem) throws -> Score {
    let verdict = Verdict(
      form: try form(of: item.example),
      prompt: item.promptText,
      completion: item.completionWithSpecialTokens,
      gold: try gold(of: item.example)
    )
    return .value(values == .binary ? verdict.binaryScore : verdict.logicRLScore)
  }

  /// `Emma knight, Liam knave`, in the order of the row's solution.
  func answer(_ item: RewardItem) throws -> String? {
    try gold(of: item.example).answer(
      form: try form(of: item.example),
      prompt: item.promptText,
      completion: item.completionWithSpecialTokens
    )
  }

  private func gold(of row: Example) throws -> GoldAnswer {
    guard case .text(let solution)? = row.column("solution_text") else {
      throw PluginFailure(.data, "column 'solution_text' of row \(row.id) is not text")
    }
    guard let gold = GoldAnswer(solutionText: solution, roles: try roles(of: row)) else {
      throw PluginFailure(
        .data,
        "column 'solution_text' of row \(row.id) names nobody with a role; a line reads "
          + "'(1) Zoey is a knave'"
      )
    }
    return gold
  }

  /// The form of all rows, or else the one that the row states; Logic-RL's where it states none, as that reward's own data do not.
  private func form(of row: Example) throws -> ExampleForm {
    if let form { return form }
    switch row.column("form") {
    case .text(let form)?: return try choice(form, key: "column 'form' of row \(row.id)")
    case .null?, nil: return .logicRL
    default: throw PluginFailure(.data, "column 'form' of row \(row.id) is not text")
    }
  }

  private func roles(of row: Example) throws -> RoleWords {
    switch row.column("role_words") {
    case .list(let words)?:
      guard words.count == 2, case .text(let truthful) = words[0], case .text(let lying) = words[1]
      else { break }
      return RoleWords(truthful: truthful, lying: lying)
    case .null?, nil: return .knightAndKnave
    default: break
    }
    throw PluginFailure(
      .data,
      "column 'role_words' of row \(row.id) is not a list of two words, for truth and for lies"
    )
  }
}

/// The case of that name, or an error that lists the names there are.
private func choice<T: RawRepresentable & CaseIterable>(
  _ name: String,
  key: String
) throws -> T where T.RawValue == String {
  guard let value = T(rawValue: name) else {
    let names = T.allCases.map(\.rawValue).joined(separator: ", ")
    throw PluginFailure(.argument, "\(key) is '\(name)'; use one of \(names)")
  }
  return value
}
