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

  let kind: Kind
  let position: TemplatePosition
  /// How deep the tree below is; what walks it recurses.
  let height: Int

  init(kind: Kind, position: TemplatePosition) {
    self.kind = kind
    self.position = position
    height = 1 + (kind.parts.map(\.height).max() ?? 0)
  }
}

extension TemplateExpression.Kind {
  /// The expressions that this one consists of.
  fileprivate var parts: [TemplateExpression] {
    switch self {
    case .literal, .name: []
    case .list(let elements, _), .concatenation(let elements): elements
    case .dictionary(let members): members.flatMap { [$0.key, $0.value] }
    case .attribute(let base, _), .not(let base), .sign(_, let base): [base]
    case .item(let base, let key): [base, key]
    case .slice(let base, let start, let stop, let step):
      [base] + [start, stop, step].compactMap { $0 }
    case .call(let base, let arguments), .filter(let base, _, let arguments),
      .test(let base, _, let arguments):
      [base] + arguments.positional + arguments.named.map(\.value)
    case .and(let left, let right), .or(let left, let right), .arithmetic(_, let left, let right):
      [left, right]
    case .comparison(let left, let rest): [left] + rest.map(\.right)
    case .conditional(let value, let condition, let otherwise):
      [value, condition] + (otherwise.map { [$0] } ?? [])
    }
  }
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
