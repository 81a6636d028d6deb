/// LaTeX as plain text, as far as answers need it: `\frac{a}{b}` is `a/b`, `\sqrt{a}` is `√(a)`, symbols become characters, and what is
/// not known goes. It follows pylatexenc's `latex2text`, which the prm800k grader uses, down to what is lost there: `\frac{1}{x+1}`
/// is `1/x+1`.
struct LaTeXText {
  private let source: Scalars
  private var at = 0
  /// Answers are written by models: nothing in them may exhaust the stack.
  private var depth = 0
  private static let depthLimit = 100

  static func plain(_ source: Scalars) -> Scalars {
    var reader = LaTeXText(source: source)
    return reader.sequence(until: nil)
  }

  private init(source: Scalars) { self.source = source }

  private enum End {
    case brace, bracket
    case environment(Scalars)
  }

  private mutating func sequence(until end: End?) -> Scalars {
    var result: Scalars = []
    while at < source.count {
      let scalar = source[at]
      switch scalar {
      case "}":
        at += 1
        if case .brace? = end { return result }
      case "]":
        at += 1
        if case .bracket? = end { return result }
        result.append(scalar)
      case "{":
        at += 1
        result += nested { $0.sequence(until: .brace) }
      case "\\":
        if case .environment(let name)? = end, takeEnd(of: name) { return result }
        result += macro()
      case "&":
        at += 1
        result += Scalars("   ")
      case "~":
        at += 1
        result.append("\u{A0}")
      default: result += special()
      }
    }
    return result
  }

  private mutating func nested(_ read: (inout LaTeXText) -> Scalars) -> Scalars {
    guard depth < Self.depthLimit else {
      at = source.count
      return []
    }
    depth += 1
    defer { depth -= 1 }
    return read(&self)
  }

  /// The ligatures of text, or one scalar as it is.
  private mutating func special() -> Scalars {
    for (written, shown) in [
      ("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("!`", "¡"), ("?`", "¿"),
    ] where source[at...].starts(with: written.unicodeScalars) {
      at += written.unicodeScalars.count
      return Scalars(shown)
    }
    at += 1
    return [source[at - 1]]
  }

  private mutating func macro() -> Scalars {
    let name = macroName()
    switch name.text {
    case "frac", "nicefrac", "textfrac":
      let above = argument()
      // Without both parts it is the template that is left, as in pylatexenc.
      guard hasArgument else { return Scalars("%s/%s") + above }
      return above + ["/"] + argument()
    case "sqrt":
      skipSpace()
      if at < source.count, source[at] == "[" {
        at += 1
        _ = nested { $0.sequence(until: .bracket) }
      }
      guard hasArgument else { return Scalars("\\sqrt") }
      return Scalars("√(") + argument() + [")"]
    case "begin": return environment()
    case "end":
      _ = argument()
      return []
    case "not":
      // A stroke through what follows.
      return argument() + ["\u{338}"]
    case "hspace", "vspace", "mbox", "label":
      _ = argument()
      return []
    case let name:
      if let style = MathAlphabet(macro: name) { return argument().map(style.styled) }
      if let accent = LaTeXSymbols.accents[name] { return argument() + [accent] }
      return LaTeXSymbols.plain[name].map { Scalars($0) } ?? []
    }
  }

  /// The name after a backslash; blanks after a name of letters belong to it.
  private mutating func macroName() -> Scalars {
    at += 1
    guard at < source.count else { return [] }
    let start = at
    guard source[at].isASCIILetter else {
      at += 1
      return [source[start]]
    }
    while at < source.count, source[at].isASCIILetter { at += 1 }
    let name = Scalars(source[start..<at])
    if at < source.count, source[at] == "*" { at += 1 }
    skipSpace()
    return name
  }

  private mutating func skipSpace() {
    while at < source.count, source[at].isPythonSpace { at += 1 }
  }

  private var hasArgument: Bool {
    source[at...].first { !$0.isPythonSpace }.map { $0 != "}" } ?? false
  }

  /// A group, or else one scalar or one macro without its own arguments.
  private mutating func argument() -> Scalars {
    skipSpace()
    guard at < source.count else { return [] }
    switch source[at] {
    case "{":
      at += 1
      return nested { $0.sequence(until: .brace) }
    case "}": return []
    case "\\":
      let name = macroName().text
      return name == "sqrt" ? Scalars("√()") : LaTeXSymbols.plain[name].map { Scalars($0) } ?? []
    default:
      at += 1
      return [source[at - 1]]
    }
  }

  // MARK: - Environments

  private static let matrices: Set<String> = [
    "array", "pmatrix", "bmatrix", "smallmatrix", "psmallmatrix", "bsmallmatrix",
  ]

  private mutating func environment() -> Scalars {
    let name = argument()
    guard Self.matrices.contains(name.text) else {
      return nested { $0.sequence(until: .environment(name)) }
    }
    if name.text == "array" { _ = argument() }
    let start = at
    var rows = [[Scalars()]]
    // Cells are read one by one: rows and columns part only outside of groups.
    while at < source.count {
      if source[at] == "\\", takeEnd(of: name) { break }
      if source[at...].starts(with: "\\\\".unicodeScalars) {
        at += 2
        rows.append([Scalars()])
      } else if source[at] == "&" {
        at += 1
        rows[rows.count - 1].append([])
      } else {
        let before = at
        let piece: Scalars
        switch source[at] {
        case "{":
          at += 1
          piece = nested { $0.sequence(until: .brace) }
        case "\\": piece = nested { $0.macro() }
        case "}":
          at += 1
          piece = []
        default: piece = special()
        }
        precondition(at > before && before >= start, "the reader stands still")
        rows[rows.count - 1][rows[rows.count - 1].count - 1] += piece
      }
    }
    if rows.last?.count == 1, rows.last?[0].stripped.isEmpty == true { rows.removeLast() }
    let lines = rows.map { row in Scalars(row.map(\.stripped).joined(separator: Scalars(" "))) }
    return Scalars("[ ") + Scalars(lines.joined(separator: Scalars("; "))) + Scalars(" ]")
  }

  /// Takes `\end{NAME}` where it stands.
  private mutating func takeEnd(of name: Scalars) -> Bool {
    let end = Scalars("\\end{") + name + ["}"]
    guard source[at...].starts(with: end) else { return false }
    at += end.count
    return true
  }
}

/// Letters in another style: `\mathbb{R}` is another letter than R.
enum MathAlphabet {
  case bold, italic, script, fraktur, doubleStruck, sans, monospace
  /// The style of running text: letters stay as they are.
  case roman

  init?(macro: String) {
    switch macro {
    case "mathbf": self = .bold
    case "mathit": self = .italic
    case "mathcal", "mathscr": self = .script
    case "mathfrak": self = .fraktur
    case "mathbb": self = .doubleStruck
    case "mathsf": self = .sans
    case "mathtt": self = .monospace
    case "mathrm", "emph", "textrm", "textit", "textbf", "textsc", "textsl", "text", "ensuremath",
      "overline", "underline", "widehat", "widetilde", "overbrace", "underbrace", "overrightarrow",
      "overleftarrow", "overleftrightarrow":
      self = .roman
    default: return nil
    }
  }

  /// Where upper case, lower case and digits begin; 0 for digits without that style.
  private var starts: (upper: UInt32, lower: UInt32, digit: UInt32) {
    switch self {
    case .bold: (0x1D400, 0x1D41A, 0x1D7CE)
    case .italic: (0x1D434, 0x1D44E, 0)
    case .script: (0x1D49C, 0x1D4B6, 0)
    case .fraktur: (0x1D504, 0x1D51E, 0)
    case .doubleStruck: (0x1D538, 0x1D552, 0x1D7D8)
    case .sans: (0x1D5A0, 0x1D5BA, 0x1D7E2)
    case .monospace: (0x1D670, 0x1D68A, 0x1D7F6)
    case .roman: (0x41, 0x61, 0x30)
    }
  }

  /// Letters that Unicode had before it had the styles.
  private static let older: [Unicode.Scalar: Unicode.Scalar] = [
    "\u{1D455}": "ℎ", "\u{1D49D}": "ℬ", "\u{1D4A0}": "ℰ", "\u{1D4A1}": "ℱ", "\u{1D4A3}": "ℋ",
    "\u{1D4A4}": "ℐ", "\u{1D4A7}": "ℒ", "\u{1D4A8}": "ℳ", "\u{1D4AD}": "ℛ", "\u{1D4BA}": "ℯ",
    "\u{1D4BC}": "ℊ", "\u{1D4C4}": "ℴ", "\u{1D506}": "ℭ", "\u{1D50B}": "ℌ", "\u{1D50C}": "ℑ",
    "\u{1D515}": "ℜ", "\u{1D51D}": "ℨ", "\u{1D53A}": "ℂ", "\u{1D53F}": "ℍ", "\u{1D545}": "ℕ",
    "\u{1D547}": "ℙ", "\u{1D548}": "ℚ", "\u{1D549}": "ℝ", "\u{1D551}": "ℤ",
  ]

  func styled(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let value = scalar.value
    let (upper, lower, digit) = starts
    let styled: UInt32
    switch value {
    case 0x41...0x5A: styled = upper + value - 0x41
    case 0x61...0x7A: styled = lower + value - 0x61
    case 0x30...0x39 where digit > 0: styled = digit + value - 0x30
    default: return scalar
    }
    let result = Unicode.Scalar(styled) ?? scalar
    return Self.older[result] ?? result
  }
}
