/// Why no more puzzles could be drawn.
public struct GenerationError: Error, Equatable, CustomStringConvertible {
  /// The number of people of the puzzle that was asked for.
  public let people: Int
  /// The split that it had to belong to; `nil` is any.
  public let split: Split?
  /// How many puzzles of that kind had been drawn before.
  public let found: Int

  /// The message for the user, with the cure.
  public var description: String {
    let kind = split.map { "\($0.rawValue) puzzles" } ?? "puzzles"
    return """
      after \(found) different \(kind) of \(people) people no further one was found in \
      \(PuzzleGenerator.maximumTries) tries; ask for a smaller size or for more people
      """
  }
}

/// Draws puzzles one after the other, each with one solution and none of them twice.
///
/// The sequence depends on the arguments alone. `index` counts over all numbers of people, which
/// take turns: 3, 4, 5, 3, 4, 5 and so on for the range 3...5.
public struct PuzzleGenerator: Sendable {
  /// Statements are drawn at most this many times for one puzzle, those of the other split not counted.
  public static let maximumTries = 1000

  /// The number of puzzles drawn so far.
  public private(set) var index = 0

  private let samplers: [StatementSampler]
  private let seed: UInt64
  private let split: Split?
  private let distinctForms: Bool
  private var accepted: Set<[Statement]> = []
  private var acceptedForms: Set<CanonicalForm> = []
  private var counts: [Int: Int] = [:]

  /// - Parameters:
  ///   - people: Puzzles of each of these sizes are drawn in turn.
  ///   - depth: Levels of a statement, see `StatementSampler`.
  ///   - width: Children of `and` and `or`, see `StatementSampler`.
  ///   - seed: Another seed gives other puzzles; splits stay disjoint across seeds.
  ///   - split: Only puzzles of this half; `nil` for both.
  ///   - distinctForms: Refuse not only a puzzle that was drawn before but also its renamings.
  public init(
    people: ClosedRange<Int>,
    depth: Int = 2,
    width: Int = 2,
    seed: UInt64,
    split: Split? = nil,
    distinctForms: Bool = false
  ) {
    samplers = people.map { StatementSampler(people: $0, depth: depth, width: width) }
    self.seed = seed
    self.split = split
    self.distinctForms = distinctForms
  }

  /// The next puzzle.
  public mutating func next() throws(GenerationError) -> Puzzle {
    let sampler = samplers[index % samplers.count]
    var random = SeededGenerator(seed, StreamPurpose.statements.rawValue, UInt64(index))
    var tries = 0
    while tries < Self.maximumTries {
      let statements = sampler.statements(using: &random)
      guard let puzzle = Puzzle(statements: statements) else {
        tries += 1
        continue
      }
      // The canonical form costs more than the rest, so it is made for solvable puzzles only.
      if split != nil || distinctForms {
        let form = CanonicalForm(of: statements)
        if let split, Split(of: form) != split { continue }
        if distinctForms, !acceptedForms.insert(form).inserted {
          tries += 1
          continue
        }
      }
      guard accepted.insert(statements).inserted else {
        tries += 1
        continue
      }
      index += 1
      counts[sampler.people, default: 0] += 1
      return puzzle
    }
    throw GenerationError(
      people: sampler.people,
      split: split,
      found: counts[sampler.people, default: 0]
    )
  }
}

/// Keeps the random streams of one seed apart.
enum StreamPurpose: UInt64 {
  case statements = 1
  case text = 2
  case perturbation = 3
}
