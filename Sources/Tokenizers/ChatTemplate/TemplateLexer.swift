/// A token of a template.
struct TemplateToken: Sendable {
  enum Kind: Sendable, Equatable {
    /// Text between tags, whitespace control applied.
    case text(String)
    case variableBegin
    case variableEnd
    case blockBegin
    case blockEnd
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    case symbol(String)
    case end
  }

  var kind: Kind
  var position: TemplatePosition
}

/// Cuts a template into tokens the way Jinja does with `trim_blocks` and `lstrip_blocks`.
///
/// - A newline after a block or a comment goes; so do blanks before one that starts its line.
/// - `-` at a delimiter strips all whitespace on that side, `+` keeps it.
/// - One newline at the end of the template goes.
struct TemplateLexer {
  private let source: [Unicode.Scalar]
  private var index = 0
  private var position = TemplatePosition()
  private var tokens: [TemplateToken] = []
  /// Whether what was read last ended with a newline.
  private var atLineStart = true

  static func tokens(of source: String) throws(ChatTemplateError) -> [TemplateToken] {
    var lexer = TemplateLexer(source)
    try lexer.run()
    return lexer.tokens
  }

  private init(_ text: String) {
    var scalars: [Unicode.Scalar] = []
    for scalar in text.unicodeScalars {
      // Jinja reads every newline as \n.
      if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
      scalars.append(scalar)
    }
    for place in scalars.indices where scalars[place] == "\r" { scalars[place] = "\n" }
    if scalars.last == "\n" { scalars.removeLast() }
    source = scalars
  }

  private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
    index + offset < source.count ? source[index + offset] : nil
  }

  private func starts(with text: StaticString) -> Bool {
    guard index + text.utf8CodeUnitCount <= source.count else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy {
      source[index + $0].value == UInt32(text.utf8Start[$0])
    }
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count {
      if source[index] == "\n" {
        position.line += 1
        position.column = 1
      } else {
        position.column += 1
      }
      index += 1
    }
  }

  private mutating func skipWhitespace() {
    while let scalar = peek(), isPythonSpace(scalar) { advance() }
  }

  private mutating func run() throws(ChatTemplateError) {
    while index < source.count {
      readText()
      guard index < source.count else { break }
      let start = position
      let kind = source[index + 1]
      advance(2)
      if peek() == "-" || peek() == "+" { advance() }
      switch kind {
      case "#": try skipComment(from: start)
      case "{":
        tokens.append(TemplateToken(kind: .variableBegin, position: start))
        try readTag(isBlock: false, start)
      default:
        tokens.append(TemplateToken(kind: .blockBegin, position: start))
        try readTag(isBlock: true, start)
      }
    }
    tokens.append(TemplateToken(kind: .end, position: position))
  }

  /// Reads up to the next `{{`, `{%` or `{#`.
  private mutating func readText() {
    let start = position
    var text: [Unicode.Scalar] = []
    while let scalar = peek() {
      if scalar == "{", let next = peek(1), next == "{" || next == "%" || next == "#" {
        let sign = peek(2)
        if sign == "-" {
          while let last = text.last, isPythonSpace(last) { text.removeLast() }
        } else if sign != "+", next != "{" {
          stripLineStart(&text)
        }
        break
      }
      text.append(scalar)
      advance()
    }
    if !text.isEmpty {
      var string = String.UnicodeScalarView()
      string.append(contentsOf: text)
      tokens.append(TemplateToken(kind: .text(String(string)), position: start))
    }
  }

  /// Removes the whitespace that alone stands between the line's start and a tag.
  private func stripLineStart(_ text: inout [Unicode.Scalar]) {
    let lineStart = text.lastIndex(of: "\n").map { $0 + 1 } ?? 0
    guard lineStart > 0 || atLineStart else { return }
    guard text[lineStart...].allSatisfy(isPythonSpace) else { return }
    text.removeSubrange(lineStart...)
  }

  private mutating func skipComment(from start: TemplatePosition) throws(ChatTemplateError) {
    while index < source.count {
      if let end = readEnd("#}", trimsNewline: true) {
        atLineStart = end
        return
      }
      advance()
    }
    throw ChatTemplateError(.syntax, "a comment does not end", at: start)
  }

  /// Reads a closing delimiter with its sign; nil where there is none, else whether what was read
  /// ended with a newline.
  private mutating func readEnd(_ delimiter: StaticString, trimsNewline: Bool) -> Bool? {
    let sign = peek()
    if sign == "-" || (sign == "+" && trimsNewline) {
      index += 1
      let matches = starts(with: delimiter)
      index -= 1
      guard matches else { return nil }
      advance(3)
      if sign == "-" {
        skipWhitespace()
        return source[index - 1] == "\n"
      }
      return false
    }
    guard starts(with: delimiter) else { return nil }
    advance(2)
    if trimsNewline, peek() == "\n" {
      advance()
      return true
    }
    return false
  }

  private mutating func readTag(isBlock: Bool, _ start: TemplatePosition) throws(ChatTemplateError)
  {
    var open: [String] = []
    while true {
      let here = position
      if open.isEmpty, let end = readEnd(isBlock ? "%}" : "}}", trimsNewline: isBlock) {
        atLineStart = end
        tokens.append(TemplateToken(kind: isBlock ? .blockEnd : .variableEnd, position: here))
        return
      }
      guard let scalar = peek() else {
        throw ChatTemplateError(.syntax, "a tag does not end", at: start)
      }
      if isPythonSpace(scalar) {
        advance()
        continue
      }
      let kind: TemplateToken.Kind
      if scalar == "\"" || scalar == "'" {
        kind = .string(try readString())
      } else if "0"..."9" ~= scalar {
        kind = try readNumber()
      } else if scalar == "_" || scalar.properties.isXIDStart {
        var name = String.UnicodeScalarView()
        while let next = peek(), next == "_" || next.properties.isXIDContinue {
          name.append(next)
          advance()
        }
        kind = .name(String(name))
      } else {
        let symbol = try readSymbol()
        switch symbol {
        case "(", "[", "{": open.append(symbol)
        case ")", "]", "}":
          let pairs = [")": "(", "]": "[", "}": "{"]
          guard open.popLast() == pairs[symbol] else {
            throw ChatTemplateError(.syntax, "unexpected \"\(symbol)\"", at: here)
          }
        default: break
        }
        kind = .symbol(symbol)
      }
      tokens.append(TemplateToken(kind: kind, position: here))
    }
  }

  private mutating func readSymbol() throws(ChatTemplateError) -> String {
    let doubles: [StaticString] = ["//", "**", "==", "!=", ">=", "<="]
    for symbol in doubles where starts(with: symbol) {
      advance(2)
      return symbol.description
    }
    let scalar = source[index]
    guard "+-*/%~><=.:|,()[]{}".unicodeScalars.contains(scalar) else {
      throw ChatTemplateError(.syntax, "unexpected character \"\(scalar)\"", at: position)
    }
    advance()
    return String(scalar)
  }

  private mutating func readNumber() throws(ChatTemplateError) -> TemplateToken.Kind {
    let start = position
    var text = ""
    var isFloat = false
    func isDigit(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { "0"..."9" ~= $0 } ?? false }
    func takeDigits(_ lexer: inout TemplateLexer) {
      while isDigit(lexer.peek()) || (lexer.peek() == "_" && isDigit(lexer.peek(1))) {
        if lexer.peek() != "_" { text.unicodeScalars.append(lexer.source[lexer.index]) }
        lexer.advance()
      }
    }
    takeDigits(&self)
    if peek() == ".", isDigit(peek(1)) {
      isFloat = true
      text += "."
      advance()
      takeDigits(&self)
    }
    if peek() == "e" || peek() == "E" {
      let signed = peek(1) == "+" || peek(1) == "-"
      if isDigit(peek(signed ? 2 : 1)) {
        isFloat = true
        text += "e"
        advance()
        if signed {
          text.unicodeScalars.append(source[index])
          advance()
        }
        takeDigits(&self)
      }
    }
    if isFloat, let value = Double(text) { return .float(value) }
    guard !isFloat, let value = Int(text) else {
      throw ChatTemplateError(.unsupported, "the number \(text)", at: start)
    }
    return .integer(value)
  }

  /// Reads a string with Python's escapes; an unknown one stays as it is.
  private mutating func readString() throws(ChatTemplateError) -> String {
    let start = position
    let quote = source[index]
    advance()
    var text = String.UnicodeScalarView()
    while let scalar = peek() {
      advance()
      if scalar == quote { return String(text) }
      guard scalar == "\\" else {
        text.append(scalar)
        continue
      }
      guard let escape = peek() else { break }
      let place = position
      advance()
      switch escape {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case "r": text.append("\r")
      case "a": text.append("\u{7}")
      case "b": text.append("\u{8}")
      case "f": text.append("\u{C}")
      case "v": text.append("\u{B}")
      case "\\", "'", "\"": text.append(escape)
      case "\n": break
      case "x": text.append(try readHexadecimal(2, place))
      case "u": text.append(try readHexadecimal(4, place))
      case "U": text.append(try readHexadecimal(8, place))
      case "N": throw ChatTemplateError(.unsupported, "the escape \\N", at: place)
      case "0"..."7":
        var value = escape.value - 0x30
        var count = 1
        while count < 3, let digit = peek(), "0"..."7" ~= digit {
          value = value * 8 + digit.value - 0x30
          advance()
          count += 1
        }
        text.append(Unicode.Scalar(value)!)
      default:
        text.append("\\")
        text.append(escape)
      }
    }
    throw ChatTemplateError(.syntax, "a string does not end", at: start)
  }

  private mutating func readHexadecimal(
    _ count: Int,
    _ place: TemplatePosition
  ) throws(ChatTemplateError) -> Unicode.Scalar {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let scalar = peek(), scalar.isASCII,
        let digit = hexadecimalDigit(UInt8(scalar.value)), value < 0x1000_0000
      else { throw ChatTemplateError(.syntax, "an escape lacks digits", at: place) }
      value = value << 4 | UInt32(digit)
      advance()
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw ChatTemplateError(.syntax, "an escape is no character", at: place)
    }
    return scalar
  }
}

/// Python's `str.isspace` for one character: White_Space and U+001C to U+001F.
func isPythonSpace(_ scalar: Unicode.Scalar) -> Bool {
  CharacterClasses.shared.isBlank(scalar.value) || 0x1C...0x1F ~= scalar.value
}
