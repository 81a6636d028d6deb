/// What one inhabitant says: a tree over claims about who is a knight and who is a knave.
///
/// People are numbered from 0. The published data store a statement as nested arrays whose first
/// element is a tag; the tag of each case is given beside it.
public indirect enum Statement: Hashable, Sendable {
  /// `telling-truth`: the person is a knight.
  case knight(Int)
  /// `lying`: the person is a knave.
  case knave(Int)
  /// `not`: the child is false.
  case not(Statement)
  /// `and`: all children are true.
  case and([Statement])
  /// `or`: at least one child is true.
  case or([Statement])
  /// `->`: the first child is false or the second is true.
  case implies(Statement, Statement)
  /// `<=>`: both children are true or both are false.
  case iff(Statement, Statement)
}

extension Statement {
  /// The people that the statement mentions, each once, in order of first mention.
  public var mentionedPeople: [Int] {
    var people: [Int] = []
    forEachLeaf { person, _ in
      if !people.contains(person) { people.append(person) }
    }
    return people
  }

  /// The number of levels: 1 for a claim about one person, 2 for an operator over such claims.
  public var depth: Int {
    switch self {
    case .knight, .knave: 1
    case .not(let child): 1 + child.depth
    case .and(let children), .or(let children): 1 + (children.lazy.map(\.depth).max() ?? 0)
    case .implies(let left, let right), .iff(let left, let right): 1 + max(left.depth, right.depth)
    }
  }

  /// The same statement with person `p` renamed to `newNumber[p]`.
  public func renumbered(_ newNumber: [Int]) -> Statement {
    switch self {
    case .knight(let person): .knight(newNumber[person])
    case .knave(let person): .knave(newNumber[person])
    case .not(let child): .not(child.renumbered(newNumber))
    case .and(let children): .and(children.map { $0.renumbered(newNumber) })
    case .or(let children): .or(children.map { $0.renumbered(newNumber) })
    case .implies(let left, let right):
      .implies(left.renumbered(newNumber), right.renumbered(newNumber))
    case .iff(let left, let right): .iff(left.renumbered(newNumber), right.renumbered(newNumber))
    }
  }

  /// The tagged form of the published data, as compact JSON: `["and",["lying",0],["lying",1]]`.
  public var json: String {
    switch self {
    case .knight(let person): "[\"telling-truth\",\(person)]"
    case .knave(let person): "[\"lying\",\(person)]"
    case .not(let child): "[\"not\",\(child.json)]"
    case .and(let children): "[\"and\",\(children.map(\.json).joined(separator: ","))]"
    case .or(let children): "[\"or\",\(children.map(\.json).joined(separator: ","))]"
    case .implies(let left, let right): "[\"->\",\(left.json),\(right.json)]"
    case .iff(let left, let right): "[\"<=>\",\(left.json),\(right.json)]"
    }
  }

  /// Calls `body` with the person and the claimed role of every leaf, from left to right.
  func forEachLeaf(_ body: (_ person: Int, _ isKnight: Bool) -> Void) {
    switch self {
    case .knight(let person): body(person, true)
    case .knave(let person): body(person, false)
    case .not(let child): child.forEachLeaf(body)
    case .and(let children), .or(let children):
      for child in children { child.forEachLeaf(body) }
    case .implies(let left, let right), .iff(let left, let right):
      left.forEachLeaf(body)
      right.forEachLeaf(body)
    }
  }
}
