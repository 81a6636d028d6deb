/// How a piece of text looks. Meaning never rests on colour alone.
struct TextStyle: Equatable, Sendable {
  /// Colours that stay apart for colour-blind eyes and on light and dark backgrounds.
  enum Colour: Equatable, Sendable {
    /// Supervised steps: blue.
    case sft
    /// Reinforcement steps: amber.
    case rl
    /// Steps with both parts: violet.
    case both
    /// What stands back: grey.
    case quiet
    /// What went well: green.
    case good
  }

  var colour: Colour?
  var isBold = false

  static let plain = TextStyle()
  static let quiet = TextStyle(colour: .quiet)
  static let strong = TextStyle(isBold: true)
}

/// Text in one style.
struct Span: Equatable, Sendable {
  var text: String
  var style: TextStyle

  init(_ text: String, _ style: TextStyle = .plain) {
    self.text = text
    self.style = style
  }
}

/// One line of a screen.
struct StyledLine: Equatable, Sendable, ExpressibleByArrayLiteral {
  var spans: [Span]

  init(_ spans: [Span] = []) { self.spans = spans }

  init(arrayLiteral elements: Span...) { spans = elements }

  /// The text without styles.
  var text: String { spans.map(\.text).joined() }

  /// Columns on the screen. Every character that the screen draws by itself is one column wide.
  var width: Int { spans.reduce(0) { $0 + $1.text.count } }

  /// The line cut to `columns`, with an ellipsis where something is missing.
  func clipped(to columns: Int) -> StyledLine {
    guard width > columns else { return self }
    guard columns > 0 else { return StyledLine() }
    var left = columns - 1
    var kept: [Span] = []
    for span in spans {
      if span.text.count <= left {
        kept.append(span)
        left -= span.text.count
      } else {
        kept.append(Span(span.text.prefix(left) + "…", span.style))
        break
      }
    }
    return StyledLine(kept)
  }

  /// The line with blanks up to `columns`.
  func padded(to columns: Int) -> StyledLine {
    let missing = columns - width
    return missing > 0
      ? StyledLine(spans + [Span(String(repeating: " ", count: missing))]) : self
  }

  static func + (left: StyledLine, right: StyledLine) -> StyledLine {
    StyledLine(left.spans + right.spans)
  }

  /// Two texts at the two ends of a line of `columns`; the right one gives way where there is no room.
  static func justified(_ left: StyledLine, _ right: StyledLine, columns: Int) -> StyledLine {
    if right.width == 0 { return left.clipped(to: columns) }
    let gap = columns - left.width - right.width
    return gap >= 2 ? left.padded(to: columns - right.width) + right : left.clipped(to: columns)
  }
}

extension String {
  /// The text without control characters, so that a name cannot move the cursor.
  var printable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .lineSeparator, .paragraphSeparator, .format: return " "
          default: return scalar
          }
        }
      )
    )
  }

  /// The text with blanks up to `columns`.
  func padded(to columns: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, columns - count))
  }

  func leftPadded(to columns: Int) -> String {
    String(repeating: " ", count: Swift.max(0, columns - count)) + self
  }
}
