/// A regular expression that is matched in time proportional to text times pattern, whatever both are: a completion cannot make it
/// hang. The price is what cannot be done so: no backreferences and no lookaround.
///
/// Syntax and meaning are those of Python's `re` on text, so far: literals, `.`, classes, `\d \w \s \b \A \Z`, anchors, groups, named
/// groups, alternatives, greedy and lazy quantifiers, `(?ims)` at the beginning.
struct Pattern: Sendable {
  /// Python's flags.
  struct Options: OptionSet, Sendable {
    let rawValue: Int
    static let ignoreCase = Options(rawValue: 1)
    static let dotAll = Options(rawValue: 2)
    static let multiLine = Options(rawValue: 4)
  }

  /// What of the text must match.
  enum Extent: String, CaseIterable {
    /// Any part: `re.search`.
    case search
    /// From the beginning: `re.match`.
    case start
    /// Everything: `re.fullmatch`.
    case full
  }

  /// Why a pattern cannot be used.
  struct Problem: Error, CustomStringConvertible {
    /// The scalar at which it goes wrong.
    var place: Int
    var message: String
    var description: String { "at character \(place): \(message)" }
  }

  struct Match {
    /// The group that was asked for; `nil` where it took no part.
    var group: Range<Int>?
  }

  private let program: [Instruction]

  /// Reads a pattern.
  ///
  /// - Parameter group: the group whose place is wanted; 0 for the whole match.
  init(_ text: String, _ options: Options = [], group: Int = 0) throws {
    var parser = PatternParser(text, options)
    let node = try parser.pattern()
    guard group <= parser.groups else {
      throw Problem(
        place: text.unicodeScalars.count,
        message: "there is no group \(group), there are \(parser.groups)"
      )
    }
    var compiler = PatternCompiler(wanted: group)
    program = try compiler.program(of: node)
  }

  /// The leftmost match, and of several there the one that Python prefers.
  func firstMatch(in text: [Unicode.Scalar], _ extent: Extent) -> Match? {
    var machine = PatternMachine(program: program, text: text, extent: extent)
    return machine.run()
  }
}

/// A set of scalars.
struct ScalarSet: Sendable, Equatable {
  enum Class: Sendable, Equatable {
    case digit, word, space
  }

  var ranges: [ClosedRange<UInt32>] = []
  var classes: [Class] = []
  var negatedClasses: [Class] = []
  var isNegated = false
  var ignoresCase = false

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    var found = holds(scalar)
    if !found, ignoresCase {
      found =
        Self.single(scalar.properties.lowercaseMapping).map(holds) ?? false
        || Self.single(scalar.properties.uppercaseMapping).map(holds) ?? false
    }
    return found != isNegated
  }

  private static func single(_ text: String) -> Unicode.Scalar? {
    let scalars = text.unicodeScalars
    return scalars.count == 1 ? scalars.first : nil
  }

  private func holds(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) }
      || classes.contains { scalar.isIn($0) } || negatedClasses.contains { !scalar.isIn($0) }
  }
}

extension Unicode.Scalar {
  /// Python's classes of text.
  func isIn(_ set: ScalarSet.Class) -> Bool {
    switch set {
    case .space: return isPythonSpace
    case .digit: return properties.generalCategory == .decimalNumber
    case .word:
      if self == "_" { return true }
      switch properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        .decimalNumber:
        return true
      case .letterNumber, .otherNumber: return properties.numericType != nil
      default: return false
      }
    }
  }
}
