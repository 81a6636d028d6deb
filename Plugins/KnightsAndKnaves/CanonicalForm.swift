/// What stays the same of a puzzle when people are relabelled and their statements put in another order.
///
/// Two puzzles have the same canonical form exactly when one becomes the other by renumbering people
/// (and with them who says what) and by reordering the children of `and`, `or` and `<=>`. Splits are
/// made on it: 98 of the 700 published test puzzles are mere renamings of training ones.
///
/// It is found by colour refinement with individualisation, as graph canonisers do: people are told
/// apart by what they say and by who speaks of them; where people stay alike, each of them is marked
/// in turn, and of all numberings reached that way the one with the smallest text wins.
public struct CanonicalForm: Hashable, Sendable {
  /// The serialised statements of the smallest numbering.
  public let bytes: [UInt8]
  /// Whether the search was complete. Otherwise, beyond `searchLimit` numberings, `bytes` hold the
  /// sorted colours: still the same for all relabellings, but perhaps shared with another puzzle.
  public let isComplete: Bool

  /// How many numberings are tried before the form falls back to colours.
  ///
  /// A random puzzle of any size needs one to six. Only highly symmetric ones, which hardly ever have
  /// one solution, reach more than 8! of them.
  public static let searchLimit = 40_320

  /// The canonical form of the statements, the i-th being spoken by person i.
  public init(of statements: [Statement]) {
    var search = CanonicalSearch(statements: statements)
    search.explore(search.refined(Array(repeating: 1, count: statements.count)))
    isComplete = search.visited <= Self.searchLimit
    if isComplete {
      bytes = search.smallest
    } else {
      let colours = search.refined(Array(repeating: 1, count: statements.count)).sorted()
      bytes = colours.flatMap { colour in
        (0..<8).map { UInt8(truncatingIfNeeded: colour >> ($0 * 8)) }
      }
    }
  }

  /// A 64-bit digest of `bytes`, the same on every machine and in every release.
  public var digest: UInt64 {
    var hash = mixed(UInt64(bytes.count))
    for byte in bytes { hash = mixed(hash ^ UInt64(byte)) }
    return hash
  }
}

extension Statement {
  /// Appends a text that is the same for all orders of commutative children.
  fileprivate func serialise(_ number: [UInt8], into bytes: inout [UInt8]) {
    switch self {
    case .knight(let person):
      bytes.append(1)
      bytes.append(number[person])
    case .knave(let person):
      bytes.append(2)
      bytes.append(number[person])
    case .not(let child):
      bytes.append(3)
      child.serialise(number, into: &bytes)
    case .and(let children): Self.serialiseUnordered(4, children, number, into: &bytes)
    case .or(let children): Self.serialiseUnordered(5, children, number, into: &bytes)
    case .implies(let left, let right):
      bytes.append(6)
      left.serialise(number, into: &bytes)
      right.serialise(number, into: &bytes)
    case .iff(let left, let right): Self.serialiseUnordered(7, [left, right], number, into: &bytes)
    }
  }

  private static func serialiseUnordered(
    _ tag: UInt8,
    _ children: [Statement],
    _ number: [UInt8],
    into bytes: inout [UInt8]
  ) {
    bytes.append(tag)
    bytes.append(UInt8(children.count))
    let parts = children.map { child in
      var part: [UInt8] = []
      child.serialise(number, into: &part)
      return part
    }
    for part in parts.sorted(by: { $0.lexicographicallyPrecedes($1) }) { bytes += part }
  }

  /// A hash that sees the people only through their colours and does not see commutative order.
  fileprivate func colour(_ colours: [UInt64]) -> UInt64 {
    switch self {
    case .knight(let person): return mixed(colours[person] ^ 0x11)
    case .knave(let person): return mixed(colours[person] ^ 0x22)
    case .not(let child): return mixed(child.colour(colours) ^ 0x33)
    case .and(let children): return Self.unordered(0x44, children, colours)
    case .or(let children): return Self.unordered(0x55, children, colours)
    case .implies(let left, let right):
      return mixed(mixed(left.colour(colours) ^ 0x66) &+ right.colour(colours))
    case .iff(let left, let right): return Self.unordered(0x77, [left, right], colours)
    }
  }

  private static func unordered(
    _ tag: UInt64,
    _ children: [Statement],
    _ colours: [UInt64]
  ) -> UInt64 {
    var sum: UInt64 = 0
    for child in children { sum &+= mixed(child.colour(colours) ^ tag) }
    return mixed(sum ^ tag)
  }
}

private struct CanonicalSearch {
  let statements: [Statement]
  var smallest: [UInt8] = []
  var visited = 0

  init(statements: [Statement]) {
    self.statements = statements
  }

  /// Sharpens the colours until no more people are told apart.
  func refined(_ start: [UInt64]) -> [UInt64] {
    var colours = start
    var distinct = Self.distinct(colours)
    while true {
      let said = statements.map { $0.colour(colours) }
      var next = zip(colours, said).map { mixed(mixed($0) &+ $1) }
      for (speaker, statement) in statements.enumerated() {
        statement.forEachLeaf { person, isKnight in
          let mention = said[speaker] ^ colours[speaker] ^ (person == speaker ? 0x88 : 0x99)
          next[person] &+= mixed(mixed(mention) &+ (isKnight ? 1 : 2))
        }
      }
      colours = next
      let count = Self.distinct(colours)
      if count == distinct || count == colours.count { return colours }
      distinct = count
    }
  }

  /// The number of different colours; quadratic, which for a few people beats any set.
  private static func distinct(_ colours: [UInt64]) -> Int {
    colours.indices.count { index in !colours[..<index].contains(colours[index]) }
  }

  /// Visits every numbering that the colours and the marking of look-alikes allow.
  mutating func explore(_ colours: [UInt64]) {
    guard visited <= CanonicalForm.searchLimit else { return }
    let order = colours.indices.sorted { colours[$0] < colours[$1] }
    var start = 0
    while start < order.count {
      let end =
        order[start...].firstIndex { colours[$0] != colours[order[start]] } ?? order.count
      if end - start > 1 {
        for person in order[start..<end] {
          var marked = colours
          marked[person] = mixed(marked[person] ^ 0xAAAA)
          explore(refined(marked))
        }
        return
      }
      start = end
    }
    visit(order)
  }

  /// Compares the text under a complete numbering, `order[k]` being person k, with the best so far.
  private mutating func visit(_ order: [Int]) {
    visited += 1
    var number = [UInt8](repeating: 0, count: order.count)
    for (rank, person) in order.enumerated() { number[person] = UInt8(rank) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(order.count * 8)
    for person in order { statements[person].serialise(number, into: &bytes) }
    if visited == 1 || bytes.lexicographicallyPrecedes(smallest) { smallest = bytes }
  }
}
