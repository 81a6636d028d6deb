/// Arguments whose values are known.
struct EvaluatedArguments {
  var positional: [TemplateValue] = []
  var named: [TemplateMember] = []
  var position: TemplatePosition
  /// What filters, methods and functions pay from.
  var budget: TemplateBudget

  func charge(_ steps: Int) throws(ChatTemplateError) { try budget.charge(steps, at: position) }

  /// Charges for text before it is made.
  func charge(bytes: Int) throws(ChatTemplateError) { try charge(bytes >> 4) }

  /// The argument at `index` or called `name`.
  func value(_ index: Int, _ name: String) -> TemplateValue? {
    index < positional.count ? positional[index] : named.value(of: name)
  }

  /// Refuses more arguments, or other names, than a built-in knows.
  func check(_ what: String, _ names: [String]) throws(ChatTemplateError) {
    for member in named where !names.contains(where: { $0.sameBytes(as: member.key) }) {
      throw ChatTemplateError(.unsupported, "argument \"\(member.key)\" of \(what)", at: position)
    }
    if positional.count > names.count {
      throw ChatTemplateError(
        .unsupported,
        "\(what) with \(positional.count) arguments",
        at: position
      )
    }
  }
}

extension TemplateInterpreter {
  mutating func evaluate(
    _ expression: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateValue {
    try budget.charge(1, at: expression.position)
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw ChatTemplateError(.unsupported, "nesting this deep", at: expression.position)
    }
    let result = try value(of: expression)
    switch expression.kind {
    case .literal, .name, .attribute, .item, .not, .and, .or, .conditional, .comparison, .test:
      break  // They make nothing new.
    default: try budget.charge(result, at: expression.position)
    }
    return result
  }

  private mutating func value(
    of expression: TemplateExpression
  ) throws(ChatTemplateError) -> TemplateValue {
    let position = expression.position
    switch expression.kind {
    case .literal(let literal):
      return switch literal {
      case .none: .none
      case .bool(let value): .bool(value)
      case .integer(let value): .int(value)
      case .float(let value): .double(value)
      case .string(let value): .string(value)
      }
    case .name(let name): return lookUp(name)
    case .list(let elements, let isTuple):
      return .list(try evaluate(all: elements), isTuple: isTuple)
    case .dictionary(let members):
      var result: [TemplateMember] = []
      for (keyExpression, value) in members {
        guard case .string(let key) = try evaluate(keyExpression) else {
          throw ChatTemplateError(
            .unsupported,
            "a key that is not a string",
            at: keyExpression.position
          )
        }
        result.set(key, try evaluate(value))
      }
      return .object(result)
    case .attribute(let base, let name):
      return try attribute(name, of: try evaluate(base), position)
    case .item(let base, let key):
      return try item(try evaluate(key), of: try evaluate(base), position)
    case .slice(let base, let start, let stop, let step):
      return try slice(
        try evaluate(base),
        try bound(start),
        try bound(stop),
        try bound(step),
        position
      )
    case .call(let callee, let arguments): return try call(callee, arguments, position)
    case .filter(let operand, let name, let arguments):
      let value = try evaluate(operand)
      if TemplateFilters.goesThrough(value, name) { try budget.charge(value, at: position) }
      return try TemplateFilters.apply(name, to: value, try evaluate(arguments, position))
    case .test(let operand, let name, let arguments):
      let value = try evaluate(operand)
      if TemplateTests.goesThrough(name, arguments) { try budget.charge(value, at: position) }
      return .bool(
        try TemplateTests.apply(name, to: value, try evaluate(arguments, position))
      )
    case .not(let value): return .bool(!(try evaluate(value).isTrue))
    case .and(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? try evaluate(right) : value
    case .or(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? value : try evaluate(right)
    case .sign(let isNegative, let operand):
      let value = try evaluate(operand)
      if let integer = value.integer {
        return try TemplateArithmetic.apply("*", .int(integer), .int(isNegative ? -1 : 1), position)
      }
      guard case .double(let number) = value else {
        throw ChatTemplateError(
          .value,
          "a value of type \(value.typeName) has no sign",
          at: position
        )
      }
      return .double(isNegative ? -number : number)
    case .arithmetic(let symbol, let left, let right):
      return try TemplateArithmetic.apply(
        symbol,
        try evaluate(left),
        try evaluate(right),
        position
      )
    case .concatenation(let parts):
      let values = try evaluate(all: parts)
      for value in values { try budget.charge(value, at: position) }
      return .string(values.map(\.text).joined())
    case .comparison(let left, let rest): return .bool(try compare(left, rest))
    case .conditional(let value, let condition, let otherwise):
      if try evaluate(condition).isTrue { return try evaluate(value) }
      return try otherwise.map { (expression) throws(ChatTemplateError) in
        try evaluate(expression)
      } ?? .undefined("")
    }
  }

  private mutating func evaluate(
    all expressions: [TemplateExpression]
  ) throws(ChatTemplateError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for expression in expressions { values.append(try evaluate(expression)) }
    return values
  }

  private mutating func evaluate(
    _ arguments: TemplateArguments,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> EvaluatedArguments {
    var result = EvaluatedArguments(position: position, budget: budget)
    result.positional = try evaluate(all: arguments.positional)
    for value in result.positional { try budget.charge(value, at: position) }
    for (name, value) in arguments.named {
      result.named.append(TemplateMember(name, try evaluate(value)))
    }
    return result
  }

  private mutating func compare(
    _ left: TemplateExpression,
    _ rest: [(symbol: String, right: TemplateExpression)]
  ) throws(ChatTemplateError) -> Bool {
    var value = try evaluate(left)
    for (symbol, expression) in rest {
      let right = try evaluate(expression)
      let position = expression.position
      try budget.charge(right, at: position)
      if symbol == "in" || symbol == "not in" { try budget.charge(value, at: position) }
      let holds: Bool
      switch symbol {
      case "==": holds = value.isEqual(to: right)
      case "!=": holds = !value.isEqual(to: right)
      case "in": holds = try TemplateArithmetic.contains(right, value, position)
      case "not in": holds = !(try TemplateArithmetic.contains(right, value, position))
      default: holds = try TemplateArithmetic.isOrdered(symbol, value, right, position)
      }
      if !holds { return false }
      value = right
    }
    return true
  }

  // MARK: - Members

  private func noMember(
    _ name: String,
    of value: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateValue {
    if case .undefined(let what) = value {
      throw ChatTemplateError(
        .value,
        "\"\(what)\" is undefined and has no member \"\(name)\"",
        at: position
      )
    }
    return .undefined(name)
  }

  /// `value.name`: a method or attribute first, then a member.
  private func attribute(
    _ name: String,
    of value: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateValue {
    switch value {
    case .namespace(let namespace):
      return namespace.members.value(of: name) ?? .undefined(name)
    case .loop(let loop): return try Self.attribute(name, of: loop, position)
    default:
      if TemplateMethods.has(name, value) { return .method(value, name) }
      if case .object(let members) = value, let member = members.value(of: name) { return member }
      return try noMember(name, of: value, position)
    }
  }

  private static func attribute(
    _ name: String,
    of loop: TemplateLoopState,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateValue {
    let count = loop.elements.count
    switch name {
    case "index": return .int(loop.index + 1)
    case "index0": return .int(loop.index)
    case "revindex": return .int(count - loop.index)
    case "revindex0": return .int(count - loop.index - 1)
    case "first": return .bool(loop.index == 0)
    case "last": return .bool(loop.index == count - 1)
    case "length": return .int(count)
    // Only recursive loops, which are not supported, are deeper.
    case "depth": return .int(1)
    case "depth0": return .int(0)
    case "previtem":
      return loop.index > 0
        ? loop.elements[loop.index - 1] : .undefined("there is no previous item")
    case "nextitem":
      return loop.index + 1 < count
        ? loop.elements[loop.index + 1] : .undefined("there is no next item")
    default: throw ChatTemplateError(.unsupported, "loop.\(name)", at: position)
    }
  }

  /// `value[key]`: a member first, then a method or attribute.
  private func item(
    _ key: TemplateValue,
    of value: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateValue {
    if let index = key.integer {
      switch value {
      case .list(let values, _):
        let place = index < 0 ? values.count + index : index
        return values.indices.contains(place) ? values[place] : .undefined("item \(index)")
      case .string(let text):
        try budget.charge(text.utf8.count >> 4, at: position)
        let scalars = Array(text.unicodeScalars)
        let place = index < 0 ? scalars.count + index : index
        return scalars.indices.contains(place)
          ? .string(String(scalars[place])) : .undefined("item \(index)")
      default: return try noMember(String(index), of: value, position)
      }
    }
    guard case .string(let name) = key else {
      return try noMember(key.text, of: value, position)
    }
    if case .object(let members) = value, let member = members.value(of: name) { return member }
    return try attribute(name, of: value, position)
  }

  private mutating func bound(
    _ expression: TemplateExpression?
  ) throws(ChatTemplateError) -> Int? {
    guard let expression else { return nil }
    let value = try evaluate(expression)
    if case .none = value { return nil }
    guard let integer = value.integer else {
      throw ChatTemplateError(
        .value,
        "a slice needs integers, not \(value.typeName)",
        at: expression.position
      )
    }
    return integer
  }

  private func slice(
    _ value: TemplateValue,
    _ start: Int?,
    _ stop: Int?,
    _ step: Int?,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateValue {
    if step == 0 { throw ChatTemplateError(.value, "a slice's step is 0", at: position) }
    func pick<Element>(_ elements: [Element]) -> [Element] {
      TemplateArithmetic.sliceIndices(elements.count, start, stop, step ?? 1).map { elements[$0] }
    }
    switch value {
    case .list(let values, let isTuple): return .list(pick(values), isTuple: isTuple)
    case .string(let text):
      try budget.charge(text.utf8.count >> 4, at: position)
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: pick(Array(text.unicodeScalars)))
      return .string(String(scalars))
    default: return try noMember("[:]", of: value, position)
    }
  }

  // MARK: - Calls

  private mutating func call(
    _ callee: TemplateExpression,
    _ arguments: TemplateArguments,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateValue {
    let function = try evaluate(callee)
    let values = try evaluate(arguments, position)
    try budget.charge(function, at: position)
    switch function {
    case .macro(let macro, let visible): return try call(macro, seeing: visible, values)
    case .function(let name):
      let result = try TemplateFunctions.call(name, values)
      if case .namespace(let namespace) = result { namespaces.append(namespace) }
      return result
    case .method(let receiver, let name):
      return try TemplateMethods.call(name, on: receiver, values)
    case .undefined(let name):
      throw ChatTemplateError(
        .unsupported,
        "the function or method \"\(name)\"",
        at: position
      )
    default:
      throw ChatTemplateError(
        .value,
        "a value of type \(function.typeName) cannot be called",
        at: position
      )
    }
  }
}
