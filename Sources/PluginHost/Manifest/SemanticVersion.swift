/// A version by the rules of semver.org 2.0.0.
public struct SemanticVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
  /// Incompatible changes.
  public var major: Int
  /// Additions.
  public var minor: Int
  /// Repairs.
  public var patch: Int
  /// `rc.1` of `1.0.0-rc.1`, or empty.
  public var preRelease: String
  /// `b7` of `1.0.0+b7`, or empty; does not take part in the order.
  public var build: String

  /// Reads a version; `nil` where the text is none.
  public init?(_ text: String) {
    let halves = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let front = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = front[0].split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count == 3 else { return nil }
    let parsed = numbers.compactMap { Self.number($0) }
    guard parsed.count == 3 else { return nil }
    (major, minor, patch) = (parsed[0], parsed[1], parsed[2])
    preRelease = front.count > 1 ? String(front[1]) : ""
    build = halves.count > 1 ? String(halves[1]) : ""
    if front.count > 1 {
      let parts = preRelease.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.allSatisfy({ Self.isIdentifier($0) && !Self.hasLeadingZero($0) }) else {
        return nil
      }
    }
    if halves.count > 1 {
      let parts = build.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.allSatisfy(Self.isIdentifier) else { return nil }
    }
  }

  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), !hasLeadingZero(text) else {
      return nil
    }
    return Int(text)
  }

  private static func hasLeadingZero(_ text: Substring) -> Bool {
    text.utf8.count > 1 && text.utf8.first == 0x30 && text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
  }

  private static func isIdentifier(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == 0x2D
      }
  }

  /// `1.0.0-rc.1+b7`.
  public var description: String {
    "\(major).\(minor).\(patch)" + (preRelease.isEmpty ? "" : "-\(preRelease)")
      + (build.isEmpty ? "" : "+\(build)")
  }

  /// The order of semver.org, 11: a pre-release comes before its release.
  public static func < (a: Self, b: Self) -> Bool {
    if (a.major, a.minor, a.patch) != (b.major, b.minor, b.patch) {
      return (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch)
    }
    if a.preRelease.isEmpty || b.preRelease.isEmpty {
      return !a.preRelease.isEmpty && b.preRelease.isEmpty
    }
    let left = a.preRelease.split(separator: ".")
    let right = b.preRelease.split(separator: ".")
    for (x, y) in zip(left, right) where x != y {
      switch (Int(x), Int(y)) {
      case (let x?, let y?): return x < y
      case (_?, nil): return true
      case (nil, _?): return false
      case (nil, nil): return x.utf8.lexicographicallyPrecedes(y.utf8)
      }
    }
    return left.count < right.count
  }
}
