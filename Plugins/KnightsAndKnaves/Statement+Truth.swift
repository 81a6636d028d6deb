// Truth is computed in 64 lanes at once: one machine word per person, one assignment per bit. A
// three-person puzzle is then decided by one walk over its statements, and larger ones by one walk
// for every 64 assignments.

/// Words whose bit `b` says whether bit `i` of `b` is clear, for i in 0..<6.
///
/// A person who gets pattern i is a knight in the lanes where that bit is clear, so that lane 0 is
/// "all knights" and lanes count upwards with knight before knave.
let lanePatterns: [UInt64] = [
  0x5555_5555_5555_5555, 0x3333_3333_3333_3333, 0x0F0F_0F0F_0F0F_0F0F,
  0x00FF_00FF_00FF_00FF, 0x0000_FFFF_0000_FFFF, 0x0000_0000_FFFF_FFFF,
]

/// A word with the lowest `2^bits` bits set; `bits` in 0...6.
func laneMask(bits: Int) -> UInt64 {
  bits >= 6 ? .max : (1 << (1 << UInt64(bits))) &- 1
}

extension Statement {
  /// Truth under one assignment, in which `isKnight[p]` says whether person p is a knight.
  public func isTrue(in isKnight: [Bool]) -> Bool {
    switch self {
    case .knight(let person): isKnight[person]
    case .knave(let person): !isKnight[person]
    case .not(let child): !child.isTrue(in: isKnight)
    case .and(let children): children.allSatisfy { $0.isTrue(in: isKnight) }
    case .or(let children): children.contains { $0.isTrue(in: isKnight) }
    case .implies(let left, let right): !left.isTrue(in: isKnight) || right.isTrue(in: isKnight)
    case .iff(let left, let right): left.isTrue(in: isKnight) == right.isTrue(in: isKnight)
    }
  }

  /// Truth in 64 assignments: bit b of `knights[p]` says whether p is a knight in assignment b.
  func lanes(_ knights: [UInt64]) -> UInt64 {
    switch self {
    case .knight(let person): return knights[person]
    case .knave(let person): return ~knights[person]
    case .not(let child): return ~child.lanes(knights)
    case .and(let children):
      var result = UInt64.max
      for child in children { result &= child.lanes(knights) }
      return result
    case .or(let children):
      var result: UInt64 = 0
      for child in children { result |= child.lanes(knights) }
      return result
    case .implies(let left, let right): return ~left.lanes(knights) | right.lanes(knights)
    case .iff(let left, let right): return ~(left.lanes(knights) ^ right.lanes(knights))
    }
  }

  /// Truth under a partial assignment in Kleene's three-valued logic; `nil` is "not decided".
  ///
  /// Sound but not complete: `X is a knight or X is a knave` stays undecided while X is unknown.
  func kleene(_ isKnight: [Bool?]) -> Bool? {
    switch self {
    case .knight(let person): return isKnight[person]
    case .knave(let person): return isKnight[person].map { !$0 }
    case .not(let child): return child.kleene(isKnight).map { !$0 }
    case .and(let children): return Self.conjunction(children, isKnight, when: true)
    case .or(let children): return Self.conjunction(children, isKnight, when: false)
    case .implies(let left, let right):
      let (premise, conclusion) = (left.kleene(isKnight), right.kleene(isKnight))
      if premise == false || conclusion == true { return true }
      return premise == nil || conclusion == nil ? nil : false
    case .iff(let left, let right):
      guard let first = left.kleene(isKnight), let second = right.kleene(isKnight) else {
        return nil
      }
      return first == second
    }
  }

  /// `and` for `when` true; its dual `or` for `when` false.
  private static func conjunction(
    _ children: [Statement],
    _ isKnight: [Bool?],
    when neutral: Bool
  ) -> Bool? {
    var result: Bool? = neutral
    for child in children {
      switch child.kleene(isKnight) {
      case .some(neutral): continue
      case .some: return !neutral
      case .none: result = nil
      }
    }
    return result
  }

  /// Whether some choice of the undecided people gives the statement the truth `value`.
  ///
  /// - Complexity: O(2^u / 64) walks, u being the number of undecided people that are mentioned.
  func canBe(_ value: Bool, given isKnight: [Bool?]) -> Bool {
    if let decided = kleene(isKnight) { return decided == value }
    let open = mentionedPeople.filter { isKnight[$0] == nil }
    var knights = isKnight.map { $0 == true ? UInt64.max : 0 }
    for (bit, person) in open.prefix(6).enumerated() { knights[person] = lanePatterns[bit] }
    let rest = open.dropFirst(6)
    // The patterns repeat in the unused lanes when fewer than six people are open, which is
    // harmless here: only the existence of a lane is asked.
    for choice in 0..<(1 << rest.count) {
      for (bit, person) in rest.enumerated() {
        knights[person] = (choice >> bit) & 1 == 0 ? .max : 0
      }
      let truth = lanes(knights)
      if (value ? truth : ~truth) != 0 { return true }
    }
    return false
  }
}
