/// Runs a parsed template.
struct TemplateInterpreter {
  /// Names from the innermost scope outwards; loops and macros have their own, `if` has not.
  private var scopes: [[String: TemplateValue]]
  private(set) var output: [UInt8] = []
  /// Byte ranges of the output that stand in `{% generation %}` blocks.
  private(set) var generated: [Range<Int>] = []
  private var callDepth = 0
  /// All that the template has made.
  var namespaces: [TemplateNamespace] = []
  /// Statements and expressions within each other, macros' included.
  var depth = 0
  let budget: TemplateBudget
  /// Whether output goes to the result and not into a variable.
  private var isTop = true

  private enum Flow { case normal, leave, skip }

  /// Deeper than any real template; each level takes up to some kilobytes of the stack.
  static let maximumDepth = 500

  init(variables: [String: TemplateValue]) {
    scopes = [variables, [:]]
    var weight = 0
    for value in variables.values {
      _ = TemplateBudget.weigh(value, depth: 0, limit: .max / 2, &weight)
    }
    budget = TemplateBudget(forInputOfWeight: weight)
  }

  mutating func run(_ statements: [TemplateStatement]) throws(ChatTemplateError) {
    // One may hold the next: a long chain would be freed by recursion as deep as it is long, and a
    // ring never.
    defer { for namespace in namespaces { namespace.members = [] } }
    _ = try execute(statements)
  }

  // MARK: - Names

  func lookUp(_ name: String) -> TemplateValue {
    for scope in scopes.reversed() {
      if let value = scope[name] { return value }
    }
    return TemplateFunctions.names.contains(name) ? .function(name) : .undefined(name)
  }

  private mutating func assign(_ name: String, _ value: TemplateValue) {
    scopes[scopes.count - 1][name] = value
  }

  // MARK: - Statements

  private mutating func execute(
    _ statements: [TemplateStatement]
  ) throws(ChatTemplateError) -> Flow {
    depth += 1
    defer { depth -= 1 }
    for statement in statements {
      switch statement {
      case .text(let text): output += text.utf8
      case .output(let expression):
        let value = try evaluate(expression)
        try budget.charge(value, at: expression.position)
        output += value.text.utf8
      case .condition(let branches, let otherwise):
        var chosen = otherwise
        for branch in branches where try evaluate(branch.condition).isTrue {
          chosen = branch.body
          break
        }
        let flow = try execute(chosen)
        if flow != .normal { return flow }
      case .loop(let loop):
        let flow = try execute(loop)
        if flow != .normal { return flow }
      case .set(let target, let expression): try assign(target, try evaluate(expression))
      case .setBlock(let target, let body, let filters):
        var value = TemplateValue.string(
          try captured { (inner) throws(ChatTemplateError) in
            _ = try inner.execute(body)
          }
        )
        if let filters {
          scopes.append([TemplateParser.blockText: value])
          value = try evaluate(filters)
          scopes.removeLast()
        }
        try assign(target, value)
      case .macro(let macro): assign(macro.name, .macro(macro, scopes: scopes.count))
      case .generation(let body):
        let start = output.count
        let flow = try execute(body)
        if isTop { generated.append(start..<output.count) }
        if flow != .normal { return flow }
      case .leave: return .leave
      case .skip: return .skip
      }
    }
    return .normal
  }

  private mutating func assign(
    _ target: TemplateTarget,
    _ value: TemplateValue
  ) throws(ChatTemplateError) {
    switch target {
    case .names(let names, let position): try bind(names, value, position)
    case .attribute(let name, let attribute, let position):
      guard case .namespace(let namespace) = lookUp(name) else {
        throw ChatTemplateError(
          .value,
          "\"\(name)\" is not a namespace and its attributes cannot be set",
          at: position
        )
      }
      namespace.members.set(attribute, value)
    }
  }

  private mutating func bind(
    _ names: [String],
    _ value: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) {
    if names.count == 1 { return assign(names[0], value) }
    guard let values = value.elements, values.count == names.count else {
      throw ChatTemplateError(
        .value,
        "a value of type \(value.typeName) cannot be unpacked into \(names.count) names",
        at: position
      )
    }
    for (name, value) in zip(names, values) { assign(name, value) }
  }

  /// Runs a loop; what leaves or skips in its `else` block does so in the loop around it.
  private mutating func execute(_ loop: TemplateLoop) throws(ChatTemplateError) -> Flow {
    let sequence = try evaluate(loop.sequence)
    guard var elements = sequence.elements else {
      throw ChatTemplateError(
        .value,
        "a value of type \(sequence.typeName) cannot be iterated",
        at: loop.position
      )
    }
    try budget.charge(elements.count, at: loop.position)
    if let condition = loop.condition {
      var kept: [TemplateValue] = []
      for element in elements {
        scopes.append([:])
        defer { scopes.removeLast() }
        try bind(loop.targets, element, loop.position)
        if try evaluate(condition).isTrue { kept.append(element) }
      }
      elements = kept
    }
    if elements.isEmpty {
      scopes.append([:])
      defer { scopes.removeLast() }
      return try execute(loop.otherwise)
    }
    for (index, element) in elements.enumerated() {
      try budget.charge(loop.body.count, at: loop.position)
      scopes.append([:])
      defer { scopes.removeLast() }
      try bind(loop.targets, element, loop.position)
      assign(
        "loop",
        .loop(TemplateLoopState(index: index, elements: elements))
      )
      if try execute(loop.body) == .leave { break }
    }
    return .normal
  }

  /// What `body` writes, kept from the output.
  private mutating func captured(
    _ body: (inout TemplateInterpreter) throws(ChatTemplateError) -> Void
  ) throws(ChatTemplateError) -> String {
    let outer = output
    let wasTop = isTop
    output = []
    isTop = false
    defer {
      output = outer
      isTop = wasTop
    }
    try body(&self)
    return String(decoding: output, as: UTF8.self)
  }

  // MARK: - Macros

  /// Calls a macro: parameters by position, then by name, else their defaults.
  ///
  /// - Parameter visible: how many scopes were around its definition.
  mutating func call(
    _ macro: TemplateMacro,
    seeing visible: Int,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    callDepth += 1
    defer { callDepth -= 1 }
    guard callDepth <= 50 else {
      throw ChatTemplateError(.value, "macros call each other too deeply", at: macro.position)
    }
    guard arguments.positional.count <= macro.parameters.count else {
      throw ChatTemplateError(
        .value,
        "macro \"\(macro.name)\" takes at most \(macro.parameters.count) arguments, "
          + "\(arguments.positional.count) given",
        at: arguments.position
      )
    }
    // A macro sees the names around its definition, not those of the loop that calls it.
    let outer = scopes
    scopes = Array(scopes.prefix(visible)) + [[:]]
    defer { scopes = outer }
    for (index, parameter) in macro.parameters.enumerated() {
      if index < arguments.positional.count {
        assign(parameter.name, arguments.positional[index])
      } else if let named = arguments.named.value(of: parameter.name) {
        assign(parameter.name, named)
      } else if let fallback = parameter.fallback {
        assign(parameter.name, try evaluate(fallback))
      } else {
        assign(parameter.name, .undefined(parameter.name))
      }
    }
    for member in arguments.named
    where !macro.parameters.contains(where: { $0.name.sameBytes(as: member.key) }) {
      throw ChatTemplateError(
        .value,
        "macro \"\(macro.name)\" takes no argument \"\(member.key)\"",
        at: arguments.position
      )
    }
    return .string(
      try captured { (inner) throws(ChatTemplateError) in _ = try inner.execute(macro.body) }
    )
  }
}
