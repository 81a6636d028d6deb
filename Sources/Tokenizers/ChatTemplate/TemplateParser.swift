/// Parses a template's tokens into statements.
struct TemplateParser {
  private let tokens: [TemplateToken]
  private var index = 0
  private var loopDepth = 0
  var depth = 0

  /// Deeper nesting than any real template's; parser and interpreter recurse.
  static let maximumDepth = 100
  /// Most levels of an expression's tree.
  static let maximumHeight = 250

  static func parse(_ source: String) throws(ChatTemplateError) -> [TemplateStatement] {
    var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source))
    let (statements, end) = try parser.parseStatements(until: [])
    precondition(end == nil, "no end was asked for")
    return statements
  }

  private init(tokens: [TemplateToken]) { self.tokens = tokens }

  // MARK: - Tokens

  var current: TemplateToken { tokens[index] }
  var position: TemplatePosition { current.position }
  func peekKind(_ offset: Int) -> TemplateToken.Kind {
    index + offset < tokens.count ? tokens[index + offset].kind : .end
  }

  mutating func advance() { index += 1 }

  func isSymbol(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }
  func isName(_ name: String) -> Bool { current.kind == .name(name) }

  mutating func take(symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func take(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func expect(symbol: String) throws(ChatTemplateError) {
    guard take(symbol: symbol) else { throw unexpected("\"\(symbol)\"") }
  }

  mutating func expectName() throws(ChatTemplateError) -> String {
    guard case .name(let name) = current.kind else { throw unexpected("a name") }
    advance()
    return name
  }

  private mutating func expect(_ kind: TemplateToken.Kind) throws(ChatTemplateError) {
    guard current.kind == kind else {
      throw unexpected(kind == .blockEnd ? "\"%}\"" : "\"}}\"")
    }
    advance()
  }

  func unexpected(_ wanted: String) -> ChatTemplateError {
    let found =
      switch current.kind {
      case .text: "text"
      case .variableBegin, .blockBegin: "a tag"
      case .variableEnd: "\"}}\""
      case .blockEnd: "\"%}\""
      case .name(let name): "\"\(name)\""
      case .string: "a string"
      case .integer, .float: "a number"
      case .symbol(let symbol): "\"\(symbol)\""
      case .end: "the end of the template"
      }
    return ChatTemplateError(.syntax, "expected \(wanted), found \(found)", at: position)
  }

  // MARK: - Statements

  /// Parses up to a block tag whose name is in `ends`; that tag's name has been read then.
  private mutating func parseStatements(
    until ends: [String]
  ) throws(ChatTemplateError) -> ([TemplateStatement], end: String?) {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maximumDepth {
      throw ChatTemplateError(.unsupported, "nesting this deep", at: position)
    }
    var statements: [TemplateStatement] = []
    while true {
      switch current.kind {
      case .text(let text):
        statements.append(.text(text))
        advance()
      case .variableBegin:
        advance()
        statements.append(.output(try parseTuple()))
        try expect(.variableEnd)
      case .blockBegin:
        advance()
        let place = position
        let name = try expectName()
        if ends.contains(name) { return (statements, name) }
        statements.append(try parseStatement(name, place))
      default:
        guard ends.isEmpty else {
          throw unexpected("{% \(ends.joined(separator: " %}, {% ")) %}")
        }
        return (statements, nil)
      }
    }
  }

  private mutating func parseBody(
    until end: String
  ) throws(ChatTemplateError)
    -> [TemplateStatement]
  {
    try expect(.blockEnd)
    let (body, _) = try parseStatements(until: [end])
    try expect(.blockEnd)
    return body
  }

  private mutating func parseStatement(
    _ name: String,
    _ place: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateStatement {
    switch name {
    case "if": return try parseCondition()
    case "for": return .loop(try parseLoop(place))
    case "set": return try parseSet()
    case "macro": return .macro(try parseMacro(place))
    case "generation": return .generation(try parseBody(until: "endgeneration"))
    case "break", "continue":
      guard loopDepth > 0 else {
        throw ChatTemplateError(.syntax, "\"\(name)\" outside a loop", at: place)
      }
      try expect(.blockEnd)
      return name == "break" ? .leave(place) : .skip(place)
    case let name where name.hasPrefix("end") || name == "else" || name == "elif":
      throw ChatTemplateError(.syntax, "\"\(name)\" ends nothing here", at: place)
    default:
      throw ChatTemplateError(.unsupported, "the statement \"\(name)\"", at: place)
    }
  }

  private mutating func parseCondition() throws(ChatTemplateError) -> TemplateStatement {
    var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    while true {
      let condition = try parseOr()
      try expect(.blockEnd)
      let (body, end) = try parseStatements(until: ["elif", "else", "endif"])
      branches.append((condition, body))
      if end == "elif" { continue }
      guard end == "else" else { break }
      return .condition(branches, try parseBody(until: "endif"))
    }
    try expect(.blockEnd)
    return .condition(branches, [])
  }

  private mutating func parseNames() throws(ChatTemplateError) -> [String] {
    var names: [String] = []
    repeat {
      if isSymbol("(") {
        throw ChatTemplateError(.unsupported, "a name in parentheses", at: position)
      }
      names.append(try expectName())
    } while take(symbol: ",")
    return names
  }

  private mutating func parseLoop(
    _ place: TemplatePosition
  ) throws(ChatTemplateError)
    -> TemplateLoop
  {
    let targets = try parseNames()
    guard take(name: "in") else { throw unexpected("\"in\"") }
    let sequence = try parseOr()
    var condition: TemplateExpression?
    if take(name: "if") { condition = try parseOr() }
    if isName("recursive") {
      throw ChatTemplateError(.unsupported, "a recursive loop", at: position)
    }
    try expect(.blockEnd)
    loopDepth += 1
    let (body, end) = try parseStatements(until: ["else", "endfor"])
    loopDepth -= 1
    var otherwise: [TemplateStatement] = []
    if end == "else" {
      otherwise = try parseBody(until: "endfor")
    } else {
      try expect(.blockEnd)
    }
    return TemplateLoop(
      targets: targets,
      sequence: sequence,
      condition: condition,
      body: body,
      otherwise: otherwise,
      position: place
    )
  }

  private mutating func parseSet() throws(ChatTemplateError) -> TemplateStatement {
    let place = position
    let target: TemplateTarget
    if case .name(let base) = current.kind, peekKind(1) == .symbol(".") {
      advance()
      advance()
      target = .attribute(of: base, try expectName(), place)
    } else {
      target = .names(try parseNames(), place)
    }
    if take(symbol: "=") {
      let value = try parseTuple()
      try expect(.blockEnd)
      return .set(target, value)
    }
    // The block form; filters after the name apply to the text of the block.
    var filters: TemplateExpression?
    if isSymbol("|") {
      filters = try parseFilters(
        TemplateExpression(kind: .name(Self.blockText), position: position)
      )
    }
    return .setBlock(target, try parseBody(until: "endset"), filters: filters)
  }

  /// The name, not a valid one, under which a `set` block's filters find its text.
  static let blockText = "<text of the block>"

  private mutating func parseMacro(
    _ place: TemplatePosition
  ) throws(ChatTemplateError)
    -> TemplateMacro
  {
    let name = try expectName()
    try expect(symbol: "(")
    var parameters: [(name: String, fallback: TemplateExpression?)] = []
    while !isSymbol(")") {
      if !parameters.isEmpty { try expect(symbol: ",") }
      if isSymbol(")") { break }
      let parameter = try expectName()
      parameters.append((parameter, take(symbol: "=") ? try parseExpression() : nil))
    }
    try expect(symbol: ")")
    let outer = loopDepth
    loopDepth = 0
    let body = try parseBody(until: "endmacro")
    loopDepth = outer
    return TemplateMacro(name: name, parameters: parameters, body: body, position: place)
  }
}
