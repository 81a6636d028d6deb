import Components

/// Reads the `parameters` table of a manifest.
struct SchemaReader {
  func schema(_ node: YAMLNode?) throws(YAMLNode.Problem) -> ParameterSchema {
    guard let node, node.value != .null else { return ParameterSchema() }
    var parameters: [ParameterSchema.Parameter] = []
    for (name, value) in try node.members() { parameters.append(try parameter(name, value)) }
    return ParameterSchema(parameters)
  }

  private func parameter(
    _ name: String,
    _ node: YAMLNode
  ) throws(YAMLNode.Problem) -> ParameterSchema.Parameter {
    let table = try node.table([
      "type", "items", "default", "minimum", "maximum", "enum", "description", "changeable",
      "required",
    ])
    guard let typeNode = table["type"] else { throw node.problem("has no 'type'") }
    let type = try self.type(typeNode)
    var items: ParameterSchema.ParameterType?
    if let node = table["items"] {
      guard type == .array else { throw node.problem("belongs to the type array") }
      items = try self.type(node)
    }
    var parameter = ParameterSchema.Parameter(
      name: name,
      type: type,
      items: items,
      defaultValue: nil,
      minimum: try limit(table["minimum"], type),
      maximum: try limit(table["maximum"], type),
      allowed: [],
      description: try table["description"]?.string() ?? "",
      isChangeable: try table["changeable"]?.bool() ?? false,
      isRequired: true
    )
    if let low = parameter.minimum, let high = parameter.maximum, low > high {
      throw node.problem("has minimum \(low) above maximum \(high)")
    }
    if let list = table["enum"] {
      var allowed: [ParameterValue] = []
      for item in try list.items() { allowed.append(try check(item, parameter)) }
      if allowed.isEmpty { throw list.problem("is empty") }
      parameter.allowed = allowed
    }
    // A default of null is the same as none: the parameter may be absent.
    if let value = table["default"], value.value != .null {
      parameter.defaultValue = try check(value, parameter)
    }
    if let required = table["required"] {
      parameter.isRequired = try required.bool()
    } else if table["default"] != nil {
      parameter.isRequired = false
    }
    return parameter
  }

  private func type(_ node: YAMLNode) throws(YAMLNode.Problem) -> ParameterSchema.ParameterType {
    let text = try node.string()
    guard let type = ParameterSchema.ParameterType(rawValue: text) else {
      let names = ParameterSchema.ParameterType.allCases.map(\.rawValue)
      let near = nearestName(to: text, among: names).map { "did you mean '\($0)'?" }
      throw node.problem(
        "is '\(text)'",
        cure: near ?? "it is one of \(names.joined(separator: ", "))"
      )
    }
    return type
  }

  private func limit(
    _ node: YAMLNode?,
    _ type: ParameterSchema.ParameterType
  ) throws(YAMLNode.Problem) -> Double? {
    guard let node else { return nil }
    guard [.integer, .number, .array].contains(type) else {
      throw node.problem("does not belong to the type \(type.rawValue)")
    }
    return try node.double()
  }

  /// A default or an allowed value must itself be one that the parameter takes.
  private func check(
    _ node: YAMLNode,
    _ parameter: ParameterSchema.Parameter
  ) throws(YAMLNode.Problem) -> ParameterValue {
    do {
      return try parameter.check(node.value)
    } catch {
      throw node.problem(error.message, cure: error.cure)
    }
  }
}
