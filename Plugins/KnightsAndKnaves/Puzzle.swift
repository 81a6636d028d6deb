/// A puzzle with exactly one solution.
///
/// The i-th statement is spoken by person i. An assignment solves the puzzle when, for every i,
/// person i is a knight exactly if statement i is true.
public struct Puzzle: Hashable, Sendable {
  /// One statement per person; its author is the person of the same index.
  public let statements: [Statement]
  /// For each person whether they are a knight.
  public let solution: [Bool]

  /// The number of people.
  public var people: Int { statements.count }

  /// Keeps the puzzle if it has exactly one solution, else `nil`.
  public init?(statements: [Statement]) {
    let found = Puzzle.solutions(of: statements, limit: 2)
    guard found.count == 1 else { return nil }
    self.statements = statements
    self.solution = found[0]
  }

  /// The statements as a JSON array in the tagged form of the published data.
  public var json: String { "[\(statements.map(\.json).joined(separator: ","))]" }
}
