/// Jinja's grammar, from the loosest operator to the tightest: `if else`, `or`, `and`, `not`,
/// comparisons, `+ -`, `~`, `* / // %`, signs, `**`, then postfixes, filters and tests.
extension TemplateParser {
  mutating func parseExpression() throws(ChatTemplateError) -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    var left = try parseOr()
    while isName("if") {
      try check(left)
      let place = position
      advance()
      let condition = try parseOr()
      let otherwise = take(name: "else") ? try parseExpression() : nil
      left = TemplateExpression(
        kind: .conditional(left, condition: condition, otherwise: otherwise),
        position: place
      )
    }
    return left
  }

  /// Goes one level deeper; the caller comes back up.
  private mutating func enter() throws(ChatTemplateError) {
    depth += 1
    if depth > Self.maximumDepth {
      throw ChatTemplateError(.unsupported, "nesting this deep", at: position)
    }
  }

  /// Refuses chains, such as a sum of hundreds of terms, whose tree would be too deep to walk.
  private func check(_ expression: TemplateExpression) throws(ChatTemplateError) {
    if expression.height > Self.maximumHeight {
      throw ChatTemplateError(.unsupported, "an expression this long", at: position)
    }
  }

  /// An expression, or several with commas between them: a tuple without parentheses.
  mutating func parseTuple() throws(ChatTemplateError) -> TemplateExpression {
    let place = position
    let first = try parseExpression()
    guard isSymbol(",") else { return first }
    var elements = [first]
    while take(symbol: ",") {
      if current.kind == .variableEnd || current.kind == .blockEnd { break }
      elements.append(try parseExpression())
    }
    return TemplateExpression(kind: .list(elements, isTuple: true), position: place)
  }

  mutating func parseOr() throws(ChatTemplateError) -> TemplateExpression {
    var left = try parseAnd()
    while isName("or") {
      try check(left)
      let place = position
      advance()
      left = TemplateExpression(kind: .or(left, try parseAnd()), position: place)
    }
    return left
  }

  private mutating func parseAnd() throws(ChatTemplateError) -> TemplateExpression {
    var left = try parseNot()
    while isName("and") {
      try check(left)
      let place = position
      advance()
      left = TemplateExpression(kind: .and(left, try parseNot()), position: place)
    }
    return left
  }

  private mutating func parseNot() throws(ChatTemplateError) -> TemplateExpression {
    let place = position
    guard take(name: "not") else { return try parseComparison() }
    try enter()
    defer { depth -= 1 }
    return TemplateExpression(kind: .not(try parseNot()), position: place)
  }

  private mutating func parseComparison() throws(ChatTemplateError) -> TemplateExpression {
    let left = try parseSum()
    let place = position
    var rest: [(symbol: String, right: TemplateExpression)] = []
    while true {
      if case .symbol(let symbol) = current.kind,
        ["==", "!=", "<", ">", "<=", ">="].contains(symbol)
      {
        advance()
        rest.append((symbol, try parseSum()))
      } else if take(name: "in") {
        rest.append(("in", try parseSum()))
      } else if isName("not"), peekKind(1) == .name("in") {
        advance()
        advance()
        rest.append(("not in", try parseSum()))
      } else {
        break
      }
    }
    return rest.isEmpty
      ? left : TemplateExpression(kind: .comparison(left, rest), position: place)
  }

  private mutating func parseSum() throws(ChatTemplateError) -> TemplateExpression {
    var left = try parseConcatenation()
    while case .symbol(let symbol) = current.kind, symbol == "+" || symbol == "-" {
      try check(left)
      let place = position
      advance()
      left = TemplateExpression(
        kind: .arithmetic(symbol, left, try parseConcatenation()),
        position: place
      )
    }
    return left
  }

  private mutating func parseConcatenation() throws(ChatTemplateError) -> TemplateExpression {
    let place = position
    var parts = [try parseProduct()]
    while take(symbol: "~") { parts.append(try parseProduct()) }
    return parts.count == 1
      ? parts[0] : TemplateExpression(kind: .concatenation(parts), position: place)
  }

  private mutating func parseProduct() throws(ChatTemplateError) -> TemplateExpression {
    var left = try parsePower()
    while case .symbol(let symbol) = current.kind, ["*", "/", "//", "%"].contains(symbol) {
      try check(left)
      let place = position
      advance()
      left = TemplateExpression(
        kind: .arithmetic(symbol, left, try parsePower()),
        position: place
      )
    }
    return left
  }

  private mutating func parsePower() throws(ChatTemplateError) -> TemplateExpression {
    let left = try parseUnary(withFilters: true)
    if isSymbol("**") { throw ChatTemplateError(.unsupported, "the operator **", at: position) }
    return left
  }

  private mutating func parseUnary(
    withFilters: Bool
  ) throws(ChatTemplateError) -> TemplateExpression {
    let place = position
    var value: TemplateExpression
    if isSymbol("-") || isSymbol("+") {
      let isNegative = isSymbol("-")
      advance()
      try enter()
      defer { depth -= 1 }
      value = TemplateExpression(
        kind: .sign(isNegative: isNegative, try parseUnary(withFilters: false)),
        position: place
      )
    } else {
      value = try parsePrimary()
    }
    value = try parsePostfix(value)
    return withFilters ? try parseFilters(value) : value
  }

  private mutating func parsePrimary() throws(ChatTemplateError) -> TemplateExpression {
    let place = position
    func literal(_ value: TemplateLiteral) -> TemplateExpression {
      TemplateExpression(kind: .literal(value), position: place)
    }
    switch current.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return literal(.bool(true))
      case "false", "False": return literal(.bool(false))
      case "none", "None": return literal(.none)
      default: return TemplateExpression(kind: .name(name), position: place)
      }
    case .string(var text):
      advance()
      // Strings that stand beside each other are one.
      while case .string(let more) = current.kind {
        text += more
        advance()
      }
      return literal(.string(text))
    case .integer(let value):
      advance()
      return literal(.integer(value))
    case .float(let value):
      advance()
      return literal(.float(value))
    case .symbol("("):
      advance()
      return try parseParentheses(place)
    case .symbol("["):
      advance()
      let elements = try parseElements(until: "]")
      return TemplateExpression(kind: .list(elements, isTuple: false), position: place)
    case .symbol("{"):
      advance()
      return try parseDictionary(place)
    default: throw unexpected("an expression")
    }
  }

  private mutating func parseParentheses(
    _ place: TemplatePosition
  ) throws(ChatTemplateError)
    -> TemplateExpression
  {
    if take(symbol: ")") {
      return TemplateExpression(kind: .list([], isTuple: true), position: place)
    }
    let first = try parseExpression()
    if take(symbol: ")") { return first }
    try expect(symbol: ",")
    let rest = try parseElements(until: ")")
    return TemplateExpression(kind: .list([first] + rest, isTuple: true), position: place)
  }

  private mutating func parseElements(
    until end: String
  ) throws(ChatTemplateError)
    -> [TemplateExpression]
  {
    var elements: [TemplateExpression] = []
    while !take(symbol: end) {
      elements.append(try parseExpression())
      if take(symbol: end) { break }
      try expect(symbol: ",")
    }
    return elements
  }

  private mutating func parseDictionary(
    _ place: TemplatePosition
  ) throws(ChatTemplateError)
    -> TemplateExpression
  {
    var members: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !take(symbol: "}") {
      let key = try parseExpression()
      try expect(symbol: ":")
      members.append((key, try parseExpression()))
      if take(symbol: "}") { break }
      try expect(symbol: ",")
    }
    return TemplateExpression(kind: .dictionary(members), position: place)
  }

  private mutating func parsePostfix(
    _ value: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateExpression {
    var value = value
    while true {
      try check(value)
      let place = position
      if take(symbol: ".") {
        if case .integer(let number) = current.kind {
          advance()
          let key = TemplateExpression(kind: .literal(.integer(number)), position: place)
          value = TemplateExpression(kind: .item(value, key), position: place)
        } else {
          value = TemplateExpression(kind: .attribute(value, try expectName()), position: place)
        }
      } else if take(symbol: "[") {
        value = try parseSubscript(of: value, place)
      } else if isSymbol("(") {
        value = TemplateExpression(kind: .call(value, try parseArguments()), position: place)
      } else {
        return value
      }
    }
  }

  private mutating func parseSubscript(
    of value: TemplateExpression,
    _ place: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateExpression {
    var bounds: [TemplateExpression?] = []
    var bound: TemplateExpression?
    while !isSymbol("]") {
      if take(symbol: ":") {
        bounds.append(bound)
        bound = nil
      } else if bound == nil {
        bound = try parseExpression()
      } else {
        break
      }
    }
    try expect(symbol: "]")
    if bounds.isEmpty {
      guard let bound else { throw ChatTemplateError(.syntax, "a subscript is empty", at: place) }
      return TemplateExpression(kind: .item(value, bound), position: place)
    }
    bounds.append(bound)
    guard bounds.count <= 3 else {
      throw ChatTemplateError(.syntax, "a slice has too many parts", at: place)
    }
    return TemplateExpression(
      kind: .slice(
        value,
        start: bounds[0],
        stop: bounds[1],
        step: bounds.count > 2 ? bounds[2] : nil
      ),
      position: place
    )
  }

  mutating func parseArguments() throws(ChatTemplateError) -> TemplateArguments {
    try expect(symbol: "(")
    var arguments = TemplateArguments()
    while !take(symbol: ")") {
      if isSymbol("*") || isSymbol("**") {
        throw ChatTemplateError(.unsupported, "an argument with *", at: position)
      }
      if case .name(let name) = current.kind, peekKind(1) == .symbol("=") {
        advance()
        advance()
        arguments.named.append((name, try parseExpression()))
      } else {
        guard arguments.named.isEmpty else { throw unexpected("a named argument") }
        arguments.positional.append(try parseExpression())
      }
      if take(symbol: ")") { break }
      try expect(symbol: ",")
    }
    return arguments
  }

  mutating func parseFilters(
    _ value: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateExpression {
    var value = value
    while true {
      try check(value)
      let place = position
      if take(symbol: "|") {
        let name = try expectName()
        let arguments = isSymbol("(") ? try parseArguments() : TemplateArguments()
        guard TemplateFilters.names.contains(name) else {
          throw ChatTemplateError(.unsupported, "the filter \"\(name)\"", at: place)
        }
        value = TemplateExpression(kind: .filter(value, name, arguments), position: place)
      } else if take(name: "is") {
        value = try parseTest(of: value, place)
      } else if isSymbol("(") {
        value = TemplateExpression(kind: .call(value, try parseArguments()), position: place)
      } else {
        return value
      }
    }
  }

  private mutating func parseTest(
    of value: TemplateExpression,
    _ place: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateExpression {
    let isNegated = take(name: "not")
    let name = try expectName()
    guard TemplateTests.names.contains(name) else {
      throw ChatTemplateError(.unsupported, "the test \"\(name)\"", at: place)
    }
    var arguments = TemplateArguments()
    switch current.kind {
    case .symbol("("): arguments = try parseArguments()
    case .name(let next) where ["else", "or", "and", "is", "if", "in", "not"].contains(next):
      if next == "is" {
        throw ChatTemplateError(.syntax, "tests with \"is\" cannot be chained", at: position)
      }
    case .name, .string, .integer, .float, .symbol("["), .symbol("{"):
      arguments.positional = [try parsePostfix(try parsePrimary())]
    default: break
    }
    let test = TemplateExpression(kind: .test(value, name, arguments), position: place)
    return isNegated ? TemplateExpression(kind: .not(test), position: place) : test
  }
}
