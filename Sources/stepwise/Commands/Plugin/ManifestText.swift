import Components
import PluginHost

/// A manifest for people to read.
struct ManifestText {
  private(set) var lines: [StyledLine] = []

  init(_ manifest: PluginManifest) {
    lines.append([Span("\(manifest.id) \(manifest.version)".printable, .strong)])
    add(manifest.summary)
    add("manifest", manifest.file)
    add("ABI", manifest.abi.description)
    add("determinism", manifest.determinism.rawValue)
    add("runtime", manifest.runtime.name)
    switch manifest.runtime {
    case .native: break
    case .python(let module):
      add("python file", module.file)
      add("interpreter", module.interpreter ?? "the user's")
    case .cFunction(let signature):
      add("declaration", signature.declaration)
      add("called", signature.call == .item ? "once for each completion" : "once for a batch")
      if let library = signature.library { add("library", library) }
      if let abstain = signature.abstain { add("abstains with", "\(abstain)") }
    }
    add("licence", manifest.licence)
    add("authors", manifest.authors.joined(separator: ", "))
    add("homepage", manifest.homepage)
    add("files", manifest.files.joined(separator: ", "))
    for variant in manifest.variants { add(variant) }
    for component in manifest.components { add(component) }
  }

  private mutating func add(_ text: String) { lines.append([Span(text.printable)]) }

  /// A name and its value; nothing where there is no value.
  private mutating func add(_ name: String, _ value: String, indent: Int = 0) {
    guard !value.isEmpty else { return }
    let blanks = String(repeating: " ", count: indent)
    lines.append(
      StyledLine([Span(blanks + name, .quiet)]).padded(to: 16 + indent) + [Span(value.printable)]
    )
  }

  private mutating func add(_ variant: PluginManifest.Variant) {
    lines.append([])
    lines.append([Span("\(variant.os) \(variant.arch)".printable, .strong)])
    add("library", variant.file)
    add("SHA-256", variant.sha256 ?? "not given")
    add("glibc", variant.libc.map { "at most \($0)" } ?? "")
    add("CPU", variant.cpu ?? "")
    add("Swift", variant.swift ?? "")
    add("linkage", variant.linkage ?? "")
  }

  private mutating func add(_ component: PluginManifest.Component) {
    lines.append([])
    lines.append([
      Span("\(component.kind.rawValue) ", .quiet), Span(component.id.printable, .strong),
    ])
    add(component.summary)
    if let measures = component.measures {
      add("scores", range(measures.minimum, measures.maximum))
      add("solved from", measures.successThreshold.map { "\($0)" } ?? "")
      add("columns", measures.columns.joined(separator: ", "))
    }
    for parameter in component.parameters.parameters { add(parameter) }
    if component.example != .null { add("example", component.example.json) }
  }

  private mutating func add(_ parameter: ParameterSchema.Parameter) {
    lines.append([Span("  \(parameter.name)".printable, .strong)])
    var facts = [parameter.expectation]
    if let value = parameter.defaultValue {
      facts.append("default \(value.json)")
    } else {
      facts.append(parameter.isRequired ? "must be given" : "may be absent")
    }
    if parameter.isChangeable { facts.append("changeable while a run goes on") }
    add("takes", facts.joined(separator: "; "), indent: 4)
    add("means", parameter.description, indent: 4)
  }

  private func range(_ low: Double?, _ high: Double?) -> String {
    switch (low, high) {
    case (let low?, let high?): return "\(low) to \(high)"
    case (let low?, nil): return "from \(low)"
    case (nil, let high?): return "up to \(high)"
    case (nil, nil): return ""
    }
  }
}
