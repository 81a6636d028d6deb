import Components

/// Reads the `function` section of a manifest: only what can be called safely gets through.
struct FunctionReader {
  /// The component's parameters, which arguments may name.
  let parameters: ParameterSchema

  private typealias Problem = YAMLNode.Problem
  /// More than any function has that a person wrote.
  private static let argumentLimit = 32

  func signature(_ section: YAMLNode) throws(YAMLNode.Problem) -> FunctionSignature {
    let keys = try section.table([
      "symbol", "library", "call", "thread_safe", "arguments", "result", "abstain",
    ])
    let call = try keys["call"].map { node throws(Problem) in
      try node.choice(FunctionSignature.CallForm.self)
    }
    let resultNode = try section.required("result", keys)
    let result = try result(resultNode)
    let list = try section.required("arguments", keys)
    var arguments: [FunctionSignature.Argument] = []
    for item in try list.items() { arguments.append(try argument(item, call ?? .item)) }
    guard arguments.count <= Self.argumentLimit else {
      throw list.problem("has \(arguments.count) arguments, at most \(Self.argumentLimit) can be")
    }
    let signature = FunctionSignature(
      symbol: try symbol(try section.required("symbol", keys)),
      library: try keys["library"].map { node throws(Problem) in try library(node) },
      call: call ?? .item,
      arguments: arguments,
      result: result,
      abstain: try keys["abstain"].map { node throws(Problem) in try node.double() },
      isThreadSafe: try keys["thread_safe"]?.bool() ?? false
    )
    try checkScores(signature, list: list, result: resultNode)
    return signature
  }

  /// The score comes from one place: what is returned, or what is written.
  private func checkScores(
    _ signature: FunctionSignature,
    list: YAMLNode,
    result: YAMLNode
  ) throws(Problem) {
    let outputs = signature.arguments.filter { $0.source == .scores }.count
    guard outputs <= 1 else { throw list.problem("has two arguments 'out'", cure: "keep one") }
    guard case .score(let type) = signature.result else {
      if outputs == 1 { return }
      throw result.problem(
        "gives no score, and no argument takes one",
        cure:
          "add { out: scores, as: double } to the arguments, or name the type of a returned score"
      )
    }
    if outputs == 1 {
      throw result.problem(
        "is \(type.rawValue), and an argument takes the score, too",
        cure: "write result: status or result: void, or take the argument 'out' off"
      )
    }
    if signature.call == .batch {
      throw result.problem(
        "is one \(type.rawValue) for a whole batch",
        cure:
          "add { out: scores, as: double } to the arguments and write result: status or result: void"
      )
    }
  }

  private func symbol(_ node: YAMLNode) throws(Problem) -> String {
    let name = try node.string()
    let isName =
      !name.isEmpty && name.utf8.count <= 1024
      && name.utf8.allSatisfy {
        0x61...0x7A ~= $0 || 0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x5F || $0 == 0x24
          || $0 == 0x2E
      }
    guard isName else {
      throw node.problem(
        "is \(name.debugDescription)",
        cure: "write the exported name, as `nm -D` shows it, without parentheses or types"
      )
    }
    return name
  }

  private func library(_ node: YAMLNode) throws(Problem) -> String {
    let name = try node.string()
    guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0) else {
      throw node.problem(
        "is \(name.debugDescription)",
        cure: "write the soname of a library of the system, for example libm.so.6; "
          + "a library of your own belongs beside the manifest, into 'variants'"
      )
    }
    return name
  }

  private enum ReturnName: String, CaseIterable {
    case int32, int64, uint64, float, double, bool, status, void
  }

  private func result(_ node: YAMLNode) throws(Problem) -> FunctionSignature.Result {
    let name = try node.choice(ReturnName.self)
    switch name {
    case .status: return .status
    case .void: return .void
    default: return .score(FunctionSignature.CType(rawValue: name.rawValue)!)
    }
  }

  // MARK: Arguments

  private static let sources = ["value", "column", "parameter", "out"]

  private func argument(
    _ node: YAMLNode,
    _ call: FunctionSignature.CallForm
  ) throws(Problem) -> FunctionSignature.Argument {
    let keys = try node.table(Self.sources + ["as"])
    let given = Self.sources.filter { keys[$0] != nil }
    guard given.count == 1, let source = keys[given[0]] else {
      throw node.problem(
        given.isEmpty ? "says not what is passed" : "has \(given.joined(separator: " and "))",
        cure: "write one of value, column, parameter and out, "
          + "for example { value: completion, as: string }"
      )
    }
    let typeNode = try node.required("as", keys)
    let type = try typeNode.choice(FunctionSignature.CType.self)
    switch given[0] {
    case "value": return try value(source, type, typeNode, call)
    case "column":
      let name = try source.string()
      guard !name.isEmpty else { throw source.problem("is empty", cure: "name a column") }
      return .init(source: .column(name), type: type)
    case "parameter":
      try check(parameter: source, type, typeNode)
      return .init(source: .parameter(try source.string()), type: type)
    default:
      guard source.value == .string("scores") else {
        throw source.problem("is \(source.value.json)", cure: "write out: scores")
      }
      try require(type, in: [.double], typeNode, "scores are written")
      return .init(source: .scores, type: .double)
    }
  }

  private func value(
    _ node: YAMLNode,
    _ type: FunctionSignature.CType,
    _ typeNode: YAMLNode,
    _ call: FunctionSignature.CallForm
  ) throws(Problem) -> FunctionSignature.Argument {
    let value = try node.choice(FunctionSignature.Value.self)
    switch value {
    case .completion, .prompt:
      try require(type, in: [.string, .text], typeNode, "the \(value.rawValue) is passed")
    case .completionTokens:
      try require(type, in: [.int32, .int64, .uint64, .double], typeNode, "a count is passed")
    case .truncated: try require(type, in: [.bool, .int32], typeNode, "a truth value is passed")
    case .count:
      guard call == .batch else {
        throw node.problem(
          "is 'count', and the function is called for one item",
          cure: "write call: batch"
        )
      }
      try require(type, in: [.int32, .int64, .uint64], typeNode, "a count is passed")
    }
    return .init(source: .value(value), type: type)
  }

  /// A parameter must be one that the schema has, always has a value for, and gives as something that fits the type.
  private func check(
    parameter node: YAMLNode,
    _ type: FunctionSignature.CType,
    _ typeNode: YAMLNode
  ) throws(Problem) {
    let name = try node.string()
    guard let parameter = parameters[name] else {
      let names = parameters.parameters.map(\.name)
      let near = nearestName(to: name, among: names).map { "did you mean '\($0)'?" }
      throw node.problem(
        "is '\(name)', which is no parameter",
        cure: near ?? "declare it under 'parameters'"
      )
    }
    guard parameter.isRequired || parameter.defaultValue != nil else {
      throw node.problem(
        "is '\(name)', which may be absent",
        cure: "give the parameter a default, or take 'required: false' off"
      )
    }
    let types: [FunctionSignature.CType]
    switch parameter.type {
    case .integer: types = [.int32, .int64, .uint64, .float, .double]
    case .number: types = [.double, .float]
    case .boolean: types = [.bool, .int32]
    case .string: types = [.string, .text]
    case .array, .object:
      throw node.problem(
        "is '\(name)', which is \(parameter.type == .array ? "a list" : "a table")",
        cure: "pass numbers, truth values and text only"
      )
    }
    try require(
      type,
      in: types,
      typeNode,
      "a parameter of type \(parameter.type.rawValue) is passed"
    )
  }

  private func require(
    _ type: FunctionSignature.CType,
    in types: [FunctionSignature.CType],
    _ node: YAMLNode,
    _ what: String
  ) throws(Problem) {
    guard !types.contains(type) else { return }
    throw node.problem(
      "is \(type.rawValue)",
      cure: "\(what) as \(types.map(\.rawValue).joined(separator: ", "))"
    )
  }
}
