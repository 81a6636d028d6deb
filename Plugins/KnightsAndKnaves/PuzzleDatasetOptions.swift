/// What a dataset of puzzles consists of. Equal values give equal rows on every machine.
public struct PuzzleDatasetOptions: Hashable, Sendable {
  /// Numbers of people; the rows take turns.
  public var people: ClosedRange<Int> = 3...3
  /// Levels of a statement.
  public var depth = 2
  /// The largest number of children of `and` and `or`.
  public var width = 2
  /// How many of the 51 names are used.
  public var names = Names.common.count
  /// The seed of puzzles and words.
  public var seed: UInt64 = 0
  /// The number of rows.
  public var size = 1000
  /// Which part of all puzzles; `nil` is all.
  public var split: Split? = .train
  /// No two rows may be renamings of each other.
  public var distinctForms = false
  /// The format of prompt and completion.
  public var form: ExampleForm = .text
  /// What a completion holds.
  public var demonstration: Demonstration = .cot
  /// Rows from this index on have no completion; `nil` is all have one.
  public var demonstrationLimit: Int?
  /// How detailed a chain of thought is; `nil` is the form's default.
  public var style: ReasoningStyle?
  /// Each puzzle is replaced by a perturbed one of the same split; those that have none are left out.
  public var perturbation: Perturbation?
  /// Other words than knight and knave.
  public var roles: RoleWords = .knightAndKnave
  /// Rare names instead of the published ones.
  public var uncommonNames = false
  /// People speak in a random order instead of the one in which they are listed.
  public var shuffledStatements = false

  /// The defaults given at each property.
  public init() {}
}

/// An option with a value that no dataset can be made of.
public struct InvalidOption: Error, Equatable, CustomStringConvertible {
  /// The option as it is called in a configuration.
  public let key: String
  /// The value found.
  public let value: String
  /// What to write instead.
  public let cure: String

  /// The message for the user.
  public var description: String { "\(key): \(value) is not possible; \(cure)" }

  /// - Parameters:
  ///   - key: The option as it is called in a configuration.
  ///   - value: The value found.
  ///   - cure: What to write instead.
  public init(key: String, value: String, cure: String) {
    self.key = key
    self.value = value
    self.cure = cure
  }
}

extension PuzzleDatasetOptions {
  /// Throws for the first option that cannot be met.
  public func validate() throws(InvalidOption) {
    let supply = uncommonNames ? Names.uncommon.count : Names.common.count
    try check(
      "people",
      "\(people.lowerBound)...\(people.upperBound)",
      people.lowerBound >= 2 && people.upperBound <= supply,
      "a puzzle has 2 to \(supply) people"
    )
    // Where fewer rare names than common ones exist, the default number of names means all of them.
    try check(
      "names",
      "\(names)",
      (people.upperBound...Names.common.count).contains(names),
      "use at least as many names as people, \(people.upperBound), and at most "
        + "\(Names.common.count)"
    )
    try check("depth", "\(depth)", (1...8).contains(depth), "a statement has 1 to 8 levels")
    let widest = StatementSampler.widestOperator(people: people.lowerBound)
    try check(
      "width",
      "\(width)",
      (2...widest).contains(width),
      "use 2 to \(widest): with \(people.lowerBound) people there are no more different claims"
    )
    try check("size", "\(size)", size >= 1, "a dataset has at least 1 row")
    if let limit = demonstrationLimit {
      try check("demonstration_limit", "\(limit)", limit >= 0, "use 0 or more")
    }
    if let style {
      let possible: [ReasoningStyle] = form == .terse ? [.short, .checks] : [.short, .long]
      try check(
        "cot",
        style.rawValue,
        possible.contains(style),
        "form \(form.rawValue) has \(possible.map(\.rawValue).joined(separator: " and "))"
      )
    }
  }

  private func check(
    _ key: String,
    _ value: String,
    _ isPossible: Bool,
    _ cure: String
  ) throws(InvalidOption) {
    if !isPossible { throw InvalidOption(key: key, value: value, cure: cure) }
  }
}
