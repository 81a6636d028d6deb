public import Components

extension PluginManifest {
  /// Everything that the manifest says, as JSON: what it leaves out is null, an empty list or its default.
  public var value: ParameterValue {
    .object([
      ParameterEntry("file", .string(file)),
      ParameterEntry("id", .string(id)),
      ParameterEntry("version", .string(version.description)),
      ParameterEntry("abi", .string(abi.description)),
      ParameterEntry("summary", .string(summary)),
      ParameterEntry("licence", .string(licence)),
      ParameterEntry("authors", .array(authors.map(ParameterValue.string))),
      ParameterEntry("homepage", .string(homepage)),
      ParameterEntry("determinism", .string(determinism.rawValue)),
      ParameterEntry("runtime", .string(runtime.name)),
      ParameterEntry("python", python),
      ParameterEntry("function", function),
      ParameterEntry("variants", .array(variants.map(\.value))),
      ParameterEntry("components", .array(components.map(\.value))),
      ParameterEntry("files", .array(files.map(ParameterValue.string))),
    ])
  }

  private var python: ParameterValue {
    guard case .python(let module) = runtime else { return .null }
    return .object([
      ParameterEntry("file", .string(module.file)),
      ParameterEntry("interpreter", module.interpreter.map(ParameterValue.string) ?? .null),
    ])
  }

  private var function: ParameterValue {
    guard case .cFunction(let signature) = runtime else { return .null }
    return .object([
      ParameterEntry("symbol", .string(signature.symbol)),
      ParameterEntry("library", signature.library.map(ParameterValue.string) ?? .null),
      ParameterEntry("declaration", .string(signature.declaration)),
      ParameterEntry("call", .string(signature.call.rawValue)),
      ParameterEntry("thread_safe", .bool(signature.isThreadSafe)),
      ParameterEntry("abstain", optional(signature.abstain)),
    ])
  }
}

extension PluginManifest.Variant {
  fileprivate var value: ParameterValue {
    .object([
      ParameterEntry("os", .string(os)), ParameterEntry("arch", .string(arch)),
      ParameterEntry("file", .string(file)), ParameterEntry("sha256", optional(sha256)),
      ParameterEntry("libc", optional(libc)), ParameterEntry("cpu", optional(cpu)),
      ParameterEntry("swift", optional(swift)), ParameterEntry("linkage", optional(linkage)),
    ])
  }
}

extension PluginManifest.Component {
  fileprivate var value: ParameterValue {
    var entries = [
      ParameterEntry("kind", .string(kind.rawValue)), ParameterEntry("id", .string(id)),
      ParameterEntry("summary", .string(summary)),
      ParameterEntry("parameters", .array(parameters.parameters.map(\.value))),
    ]
    if kind == .reward {
      entries.append(ParameterEntry("measures", measures?.value ?? .null))
    }
    if kind == .strategy {
      let names = StrategyRequirements.names.filter { needs.contains($0.value) }.map(\.name)
      entries.append(ParameterEntry("needs", .array(names.map(ParameterValue.string))))
    }
    entries.append(ParameterEntry("example", example))
    return .object(entries)
  }
}

extension PluginManifest.Measures {
  fileprivate var value: ParameterValue {
    .object([
      ParameterEntry("name", optional(name)), ParameterEntry("minimum", optional(minimum)),
      ParameterEntry("maximum", optional(maximum)),
      ParameterEntry("success_threshold", optional(successThreshold)),
      ParameterEntry("columns", .array(columns.map(ParameterValue.string))),
    ])
  }
}

extension ParameterSchema.Parameter {
  /// What it takes, as JSON.
  fileprivate var value: ParameterValue {
    .object([
      ParameterEntry("name", .string(name)), ParameterEntry("type", .string(type.rawValue)),
      ParameterEntry("items", optional(items?.rawValue)),
      ParameterEntry("format", optional(format?.rawValue)),
      ParameterEntry("default", defaultValue ?? .null),
      ParameterEntry("minimum", optional(minimum)), ParameterEntry("maximum", optional(maximum)),
      ParameterEntry("enum", allowed.isEmpty ? .null : .array(allowed)),
      ParameterEntry("required", .bool(isRequired)),
      ParameterEntry("changeable", .bool(isChangeable)),
      ParameterEntry("description", .string(description)),
    ])
  }
}

private func optional(_ text: String?) -> ParameterValue {
  text.map(ParameterValue.string) ?? .null
}

private func optional(_ number: Double?) -> ParameterValue {
  number.map(ParameterValue.double) ?? .null
}
