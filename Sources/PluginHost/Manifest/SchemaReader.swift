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
      "type", "items", "format", "default", "minimum", "maximum", "enum", "description",
      "changeable", "required",
    ])
    guard let typeNode = table["type"] else { throw node.problem("has no 'type'") }
    let type = try typeNode.choice(ParameterSchema.ParameterType.self)
    var items: ParameterSchema.ParameterType?
    if let node = table["items"] {
      guard type == .array else { throw node.problem("belongs to the type array") }
      items = try node.choice(ParameterSchema.ParameterType.self)
    }
    var format: ParameterSchema.Format?
    if let node = table["format"] {
      guard type == .string else { throw node.problem("belongs to the type string") }
      format = try node.choice(ParameterSchema.Format.self)
      // A path is compared as it is written, but given as an absolute one: no list could hold both.
      if let list = table["enum"] { throw list.problem("does not go with a format") }
    }
    var parameter = ParameterSchema.Parameter(
      name: name,
      type: type,
      items: items,
      format: format,
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
