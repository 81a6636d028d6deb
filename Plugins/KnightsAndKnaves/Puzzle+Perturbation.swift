/// A small change of a puzzle that changes its solution.
public enum Perturbation: String, CaseIterable, Sendable {
  /// One person says something else.
  case statement
  /// One claim inside one statement is exchanged.
  case leaf
}

extension Puzzle {
  /// The puzzle with one change, still with one solution, which differs from the original's.
  ///
  /// - Parameters:
  ///   - sampler: Draws the new statement or claim; made for the same number of people.
  ///   - accept: A further condition, such as belonging to the same split.
  /// - Returns: `nil` when none was found in `PuzzleGenerator.maximumTries` tries.
  public func perturbed(
    _ kind: Perturbation,
    sampler: StatementSampler,
    using random: inout SeededGenerator,
    where accept: (Puzzle) -> Bool = { _ in true }
  ) -> Puzzle? {
    precondition(sampler.people == people, "the sampler is for \(sampler.people) people")
    for _ in 0..<PuzzleGenerator.maximumTries {
      let speaker = random.below(people)
      var changed = statements
      switch kind {
      case .statement: changed[speaker] = sampler.statement(by: speaker, using: &random)
      case .leaf:
        changed[speaker] = changed[speaker].replacingLeaf(using: &random) { random in
          sampler.leaf(by: speaker, using: &random)
        }
      }
      if changed == statements { continue }
      if let puzzle = Puzzle(statements: changed), puzzle.solution != solution, accept(puzzle) {
        return puzzle
      }
    }
    return nil
  }
}

extension Statement {
  /// Walks down, choosing a child uniformly at each operator, and replaces the leaf that it reaches.
  fileprivate func replacingLeaf(
    using random: inout SeededGenerator,
    with newLeaf: (inout SeededGenerator) -> Statement
  ) -> Statement {
    switch self {
    case .knight, .knave: return newLeaf(&random)
    case .not(let child): return .not(child.replacingLeaf(using: &random, with: newLeaf))
    case .and(let children):
      return .and(Self.replacingOne(of: children, using: &random, with: newLeaf))
    case .or(let children):
      return .or(Self.replacingOne(of: children, using: &random, with: newLeaf))
    case .implies(let left, let right):
      let sides = Self.replacingOne(of: [left, right], using: &random, with: newLeaf)
      return .implies(sides[0], sides[1])
    case .iff(let left, let right):
      let sides = Self.replacingOne(of: [left, right], using: &random, with: newLeaf)
      return .iff(sides[0], sides[1])
    }
  }

  private static func replacingOne(
    of children: [Statement],
    using random: inout SeededGenerator,
    with newLeaf: (inout SeededGenerator) -> Statement
  ) -> [Statement] {
    var children = children
    let chosen = random.below(children.count)
    children[chosen] = children[chosen].replacingLeaf(using: &random, with: newLeaf)
    return children
  }
}
