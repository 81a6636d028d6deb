/// An expression with its place.
struct TemplateExpression: Sendable {
  indirect enum Kind: Sendable {
    case literal(TemplateLiteral)
    case name(String)
    case list([TemplateExpression], isTuple: Bool)
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(
      TemplateExpression,
      start: TemplateExpression?,
      stop: TemplateExpression?,
      step: TemplateExpression?
    )
    case call(TemplateExpression, TemplateArguments)
    case filter(TemplateExpression, String, TemplateArguments)
    case test(TemplateExpression, String, TemplateArguments)
    case not(TemplateExpression)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case sign(isNegative: Bool, TemplateExpression)
    case arithmetic(String, TemplateExpression, TemplateExpression)
    case concatenation([TemplateExpression])
    case comparison(TemplateExpression, [(symbol: String, right: TemplateExpression)])
    case conditional(
      TemplateExpression,
      condition: TemplateExpression,
      otherwise: TemplateExpression?
    )
  }

  var kind: Kind
  var position: TemplatePosition
}

/// A constant.
enum TemplateLiteral: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
}

/// The arguments of a call, a filter or a test.
struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}

/// A statement of a template.
indirect enum TemplateStatement: Sendable {
  case text(String)
  case output(TemplateExpression)
  case condition([(condition: TemplateExpression, body: [TemplateStatement])], [TemplateStatement])
  case loop(TemplateLoop)
  case set(TemplateTarget, TemplateExpression)
  case setBlock(TemplateTarget, [TemplateStatement], filters: TemplateExpression?)
  case macro(TemplateMacro)
  /// What the assistant writes; its place in the rendered text is recorded.
  case generation([TemplateStatement])
  case leave(TemplatePosition)
  case skip(TemplatePosition)
}

/// `for TARGETS in SEQUENCE if CONDITION`.
struct TemplateLoop: Sendable {
  var targets: [String]
  var sequence: TemplateExpression
  var condition: TemplateExpression?
  var body: [TemplateStatement]
  var otherwise: [TemplateStatement]
  var position: TemplatePosition
}

/// What `set` assigns to.
enum TemplateTarget: Sendable {
  case names([String], TemplatePosition)
  case attribute(of: String, String, TemplatePosition)
}

/// A macro's definition.
struct TemplateMacro: Sendable {
  var name: String
  var parameters: [(name: String, fallback: TemplateExpression?)]
  var body: [TemplateStatement]
  var position: TemplatePosition
}
