/// What becomes of the matches of a pattern that cuts text.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  init(_ node: JSONNode) throws(TokenizerError) {
    guard let behavior = SplitBehavior(rawValue: try node.string()) else {
      throw node.unsupported(
        "split behavior",
        supported: "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous"
      )
    }
    self = behavior
  }

  /// Calls `emit` with the pieces of `text` in order; none is empty.
  @inline(__always)
  func split(
    _ text: Bytes,
    _ pattern: TextPattern,
    inverted: Bool,
    _ emit: (Range<Int>) -> Void
  ) {
    switch self {
    case .removed, .isolated:
      // The common ones need no list of pieces.
      var done = 0
      let keepsGaps = self == .isolated || !inverted
      let keepsMatches = self == .isolated || inverted
      pattern.forEachMatch(in: text) { range in
        if keepsGaps, done < range.lowerBound { emit(done..<range.lowerBound) }
        if keepsMatches { emit(range) }
        done = range.upperBound
      }
      if keepsGaps, done < text.count { emit(done..<text.count) }
    case .mergedWithPrevious, .mergedWithNext, .contiguous:
      for range in merged(pieces(of: text, pattern, inverted: inverted)) { emit(range) }
    }
  }

  private typealias Piece = (range: Range<Int>, isMatch: Bool)

  private func pieces(of text: Bytes, _ pattern: TextPattern, inverted: Bool) -> [Piece] {
    var pieces: [Piece] = []
    var done = 0
    pattern.forEachMatch(in: text) { range in
      if done < range.lowerBound { pieces.append((done..<range.lowerBound, inverted)) }
      pieces.append((range, !inverted))
      done = range.upperBound
    }
    if done < text.count { pieces.append((done..<text.count, inverted)) }
    return pieces
  }

  private func merged(_ pieces: [Piece]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var previousIsMatch: Bool?
    switch self {
    case .contiguous:
      for piece in pieces {
        if piece.isMatch == previousIsMatch {
          result[result.count - 1] = result[result.count - 1].lowerBound..<piece.range.upperBound
        } else {
          result.append(piece.range)
        }
        previousIsMatch = piece.isMatch
      }
    case .mergedWithNext:
      // As the library does, from the right: a match joins the piece after it unless that is a
      // match too.
      for piece in pieces.reversed() {
        if piece.isMatch, previousIsMatch != true, let last = result.last {
          result[result.count - 1] = piece.range.lowerBound..<last.upperBound
        } else {
          result.append(piece.range)
        }
        previousIsMatch = piece.isMatch
      }
      result.reverse()
    default:
      for piece in pieces {
        if piece.isMatch, previousIsMatch != true, let last = result.last {
          result[result.count - 1] = last.lowerBound..<piece.range.upperBound
        } else {
          result.append(piece.range)
        }
        previousIsMatch = piece.isMatch
      }
    }
    return result
  }
}
