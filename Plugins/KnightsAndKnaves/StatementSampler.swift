/// Draws statements as the published generator does.
///
/// A fair die of six faces chooses between a claim about one person, `not`, `and`, `or`, `->` and
/// `<=>`. A claim draws role and person uniformly, except that nobody ever says "I am a knave", also
/// not inside a compound. The children of one operator are pairwise different.
public struct StatementSampler: Sendable {
  /// The number of people that a statement may mention; at least 2.
  public let people: Int
  /// The largest number of levels; 2 in the published data.
  public let depth: Int
  /// The largest number of children of `and` and `or`; 2 in the published data.
  public let width: Int

  /// The most children of one operator that can be pairwise different when all of them are leaves.
  public static func widestOperator(people: Int) -> Int { 2 * people - 1 }

  /// - Precondition: At least two people and one level; width in 2...2n-1, since otherwise there are
  ///   not enough different leaves for the children of one operator.
  public init(people: Int, depth: Int = 2, width: Int = 2) {
    precondition(people >= 2, "a puzzle needs at least 2 people, not \(people)")
    precondition(depth >= 1, "a statement has at least 1 level, not \(depth)")
    precondition(
      (2...Self.widestOperator(people: people)).contains(width),
      "width \(width) is outside 2...\(Self.widestOperator(people: people)) for \(people) people"
    )
    self.people = people
    self.depth = depth
    self.width = width
  }

  /// One statement of `speaker`.
  public func statement(by speaker: Int, using random: inout SeededGenerator) -> Statement {
    statement(by: speaker, levels: depth, using: &random)
  }

  /// One statement of each person in turn; whether it has a solution is not looked at.
  public func statements(using random: inout SeededGenerator) -> [Statement] {
    (0..<people).map { statement(by: $0, using: &random) }
  }

  private func statement(
    by speaker: Int,
    levels: Int,
    using random: inout SeededGenerator
  ) -> Statement {
    // The die is rolled even where the level leaves no choice, as in the published generator.
    let face = random.below(6)
    if levels == 1 || face == 0 { return leaf(by: speaker, using: &random) }
    switch face {
    case 1:
      return .not(statement(by: speaker, levels: levels - 1, using: &random))
    case 2, 3:
      let count = 2 + random.below(width - 1)
      let children = self.children(count, by: speaker, levels: levels - 1, using: &random)
      return face == 2 ? .and(children) : .or(children)
    default:
      let children = self.children(2, by: speaker, levels: levels - 1, using: &random)
      return face == 4
        ? .implies(children[0], children[1]) : .iff(children[0], children[1])
    }
  }

  func leaf(by speaker: Int, using random: inout SeededGenerator) -> Statement {
    while true {
      let claimsKnight = random.below(2) == 0
      let person = random.below(people)
      if claimsKnight { return .knight(person) }
      if person != speaker { return .knave(person) }
    }
  }

  private func children(
    _ count: Int,
    by speaker: Int,
    levels: Int,
    using random: inout SeededGenerator
  ) -> [Statement] {
    var children: [Statement] = []
    children.reserveCapacity(count)
    while children.count < count {
      let child = statement(by: speaker, levels: levels, using: &random)
      if !children.contains(child) { children.append(child) }
    }
    return children
  }
}
