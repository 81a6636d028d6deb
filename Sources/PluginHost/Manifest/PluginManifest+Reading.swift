import CStepwisePlugin
import Components
import Yams

extension PluginManifest {
  /// The name of the file in a plugin's folder.
  public static let fileName = "plugin.yaml"
  /// A manifest is written by hand; a larger file is something else.
  private static let sizeLimit = 1 << 20

  /// Reads a manifest.
  ///
  /// - Throws: `PluginError` with file, line, key and cure.
  public init(contentsOf file: String) throws(PluginError) {
    let bytes: [UInt8]
    do {
      bytes = try Files.read(file, limit: Self.sizeLimit)
    } catch {
      throw PluginError(
        .manifest,
        plugin: Self.folderName(file),
        file: file,
        String(describing: error)
      )
    }
    try self.init(parsing: bytes, file: file)
  }

  /// Reads the text of a manifest that lies, or would lie, at `file`.
  public init(parsing bytes: [UInt8], file: String) throws(PluginError) {
    let name = Self.folderName(file)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PluginError(.manifest, plugin: name, file: file, "the file is not UTF-8 text")
    }
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw PluginError(.manifest, plugin: name, file: file, "the file is empty")
      }
      self = try ManifestReader(file: file).manifest(YAMLNode(node, path: ""))
    } catch let error as PluginError {
      throw error
    } catch let problem as YAMLNode.Problem {
      let place = problem.line.map { "line \($0): " } ?? ""
      throw PluginError(
        .manifest,
        plugin: name,
        file: file,
        place + problem.message,
        cure: problem.cure
      )
    } catch {
      throw PluginError(.manifest, plugin: name, file: file, "not YAML: \(error)")
    }
  }

  private static func folderName(_ file: String) -> String {
    file.split(separator: "/").dropLast().last.map(String.init) ?? file
  }
}

/// Turns the YAML tree into a manifest.
private struct ManifestReader {
  let file: String

  func manifest(_ root: YAMLNode) throws(YAMLNode.Problem) -> PluginManifest {
    let table = try root.table([
      "manifest", "id", "kinds", "version", "abi", "summary", "licence", "authors", "homepage",
      "determinism", "runtime", "python", "function", "variants", "parameters", "measures", "needs",
      "example", "object", "components", "files",
    ])
    let format = try require(table, "manifest", root)
    guard format.value == .int(1) else {
      throw format.problem("is \(format.value.json), expected 1", cure: "update Stepwise")
    }
    let id = try identifier(try require(table, "id", root))
    let versionNode = try require(table, "version", root)
    guard let version = SemanticVersion(try versionNode.string()) else {
      throw versionNode.problem("is no semantic version", cure: "write MAJOR.MINOR.PATCH")
    }
    let summary = try require(table, "summary", root).string()
    let components = try components(table, root, id: id, summary: summary)
    let runtime = try runtime(table, root, components)
    return PluginManifest(
      file: file,
      id: id,
      version: version,
      abi: try abi(try require(table, "abi", root)),
      summary: summary,
      licence: try table["licence"].string(),
      authors: try table["authors"].strings(),
      homepage: try table["homepage"].string(),
      determinism: try determinism(table["determinism"]),
      runtime: runtime,
      variants: runtime.needsVariants || table["variants"] != nil
        ? try variants(try require(table, "variants", root)) : [],
      components: components,
      files: try files(table["files"])
    )
  }

  private func files(_ node: YAMLNode?) throws(YAMLNode.Problem) -> [String] {
    var files: [String] = []
    for item in try node?.items() ?? [] { files.append(try relativePath(item)) }
    return files
  }

  private func require(
    _ table: [String: YAMLNode],
    _ key: String,
    _ parent: YAMLNode
  ) throws(YAMLNode.Problem) -> YAMLNode {
    try parent.required(key, table)
  }

  private func identifier(_ node: YAMLNode) throws(YAMLNode.Problem) -> String {
    let id = try node.string()
    guard PluginManifest.isIdentifier(id) else {
      throw node.problem(
        "is \(id.debugDescription)",
        cure:
          "use reverse DNS of lower-case letters, digits and '-', for example org.example.reward.name"
      )
    }
    return id
  }

  private func abi(_ node: YAMLNode) throws(YAMLNode.Problem) -> ABIVersion {
    guard let version = ABIVersion(try node.string()) else {
      throw node.problem("is no ABI version", cure: "write \"1.0\", in quotes")
    }
    guard version.major == UInt32(STEPWISE_ABI_MAJOR), version.minor <= UInt32(STEPWISE_ABI_MINOR)
    else {
      throw node.problem(
        "is \(version), this host has \(STEPWISE_ABI_MAJOR).\(STEPWISE_ABI_MINOR)",
        cure: version.major == UInt32(STEPWISE_ABI_MAJOR)
          ? "update Stepwise" : "rebuild the plugin with the host's SDK"
      )
    }
    return version
  }

  private func determinism(
    _ node: YAMLNode?
  ) throws(YAMLNode.Problem) -> PluginManifest.Determinism {
    guard let node else { return .exact }
    return try node.choice(PluginManifest.Determinism.self)
  }

  // MARK: Runtime

  private enum RuntimeName: String, CaseIterable {
    case native, python
    case cFunction = "c-function"
  }

  private func runtime(
    _ table: [String: YAMLNode],
    _ root: YAMLNode,
    _ components: [PluginManifest.Component]
  ) throws(YAMLNode.Problem) -> PluginManifest.Runtime {
    let name = try table["runtime"].map { node throws(YAMLNode.Problem) in
      try node.choice(RuntimeName.self)
    }
    if let section = table["python"], name != .python {
      throw section.problem(
        "is there, but 'runtime' is not python",
        cure: "write runtime: python, or take the section off"
      )
    }
    if let section = table["function"], name != .cFunction {
      throw section.problem(
        "is there, but 'runtime' is not c-function",
        cure: "write runtime: c-function, or take the section off"
      )
    }
    switch name ?? .native {
    case .native: return .native
    case .cFunction: return .cFunction(try function(table, root, components))
    case .python:
      let section = try require(table, "python", root)
      let keys = try section.table(["file", "interpreter", "object"])
      return .python(
        PluginManifest.PythonModule(
          file: try relativePath(try require(keys, "file", section)),
          interpreter: try keys["interpreter"].optionalString(),
          object: try keys["object"].optionalString()
        )
      )
    }
  }

  private func function(
    _ table: [String: YAMLNode],
    _ root: YAMLNode,
    _ components: [PluginManifest.Component]
  ) throws(YAMLNode.Problem) -> FunctionSignature {
    let section = try require(table, "function", root)
    guard components.count == 1, components[0].kind == .reward else {
      throw (table["kinds"] ?? table["components"] ?? root).problem(
        "has something else than one reward",
        cure: "a C function is a reward: write kinds: [reward]"
      )
    }
    let signature = try FunctionReader(parameters: components[0].parameters).signature(section)
    if let library = signature.library, let variants = table["variants"] {
      throw variants.problem(
        "stands beside 'function.library', which is \(library)",
        cure: "keep 'variants' for a library of your own, 'library' for one of the system"
      )
    }
    return signature
  }

  // MARK: Variants

  private func variants(_ node: YAMLNode) throws(YAMLNode.Problem) -> [PluginManifest.Variant] {
    var variants: [PluginManifest.Variant] = []
    for item in try node.items() {
      let table = try item.table([
        "os", "arch", "file", "sha256", "libc", "cpu", "swift", "linkage",
      ])
      let variant = PluginManifest.Variant(
        os: try require(table, "os", item).string(),
        arch: try require(table, "arch", item).string(),
        file: try relativePath(try require(table, "file", item)),
        sha256: try table["sha256"].map { node throws(YAMLNode.Problem) in try digest(node) },
        libc: try table["libc"].optionalString(),
        cpu: try table["cpu"].optionalString(),
        swift: try table["swift"].optionalString(),
        linkage: try table["linkage"].optionalString()
      )
      guard !variants.contains(where: { $0.os == variant.os && $0.arch == variant.arch }) else {
        throw item.problem("repeats \(variant.os) \(variant.arch)")
      }
      variants.append(variant)
    }
    guard !variants.isEmpty else { throw node.problem("is empty") }
    return variants
  }

  private func relativePath(_ node: YAMLNode) throws(YAMLNode.Problem) -> String {
    let path = try node.string()
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.isEmpty, !parts.contains(""), !parts.contains("."), !parts.contains("..") else {
      throw node.problem(
        "is \(path.debugDescription)",
        cure: "name a file in the manifest's folder, without '..'"
      )
    }
    return path
  }

  private func digest(_ node: YAMLNode) throws(YAMLNode.Problem) -> String {
    let text = try node.string()
    guard text.utf8.count == 64,
      text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 })
    else {
      throw node.problem(
        "is no SHA-256",
        cure: "write the 64 lower-case digits that `sha256sum` gives"
      )
    }
    return text
  }

  // MARK: Components

  private static let componentKeys = ["parameters", "measures", "needs", "example", "object"]

  private func components(
    _ table: [String: YAMLNode],
    _ root: YAMLNode,
    id: String,
    summary: String
  ) throws(YAMLNode.Problem) -> [PluginManifest.Component] {
    var components: [PluginManifest.Component] = []
    if let list = table["components"] {
      for key in ["kinds"] + Self.componentKeys {
        if let extra = table[key] {
          throw extra.problem("stands beside 'components'", cure: "move it into the component")
        }
      }
      for item in try list.items() {
        let own = try item.table(["kind", "id", "summary"] + Self.componentKeys)
        components.append(
          try component(
            own,
            kind: try require(own, "kind", item).choice(ComponentKind.self),
            id: try own["id"].map { node throws(YAMLNode.Problem) in try identifier(node) } ?? id,
            summary: try own["summary"].optionalString() ?? summary
          )
        )
      }
      if components.isEmpty { throw list.problem("is empty") }
    } else {
      let kinds = try require(table, "kinds", root)
      for item in try kinds.items() {
        let kind = try item.choice(ComponentKind.self)
        components.append(try component(table, kind: kind, id: id, summary: summary))
      }
      if components.isEmpty { throw kinds.problem("is empty") }
    }
    for (index, component) in components.enumerated()
    where components[..<index].contains(where: {
      $0.kind == component.kind && $0.id == component.id
    }) {
      throw root.problem("has two components \(component.kind.rawValue) \(component.id)")
    }
    return components
  }

  private func component(
    _ table: [String: YAMLNode],
    kind: ComponentKind,
    id: String,
    summary: String
  ) throws(YAMLNode.Problem) -> PluginManifest.Component {
    let measures = kind == .reward ? try measures(table["measures"]) : nil
    return PluginManifest.Component(
      kind: kind,
      id: id,
      summary: summary,
      object: try table["object"].optionalString(),
      parameters: try SchemaReader().schema(table["parameters"]),
      measures: measures,
      needs: kind == .strategy ? try needs(table["needs"]) : [],
      example: table["example"]?.value ?? .null
    )
  }

  private func measures(_ node: YAMLNode?) throws(YAMLNode.Problem) -> PluginManifest.Measures? {
    guard let node else { return nil }
    let table = try node.table(["name", "minimum", "maximum", "success_threshold", "columns"])
    let measures = PluginManifest.Measures(
      name: try table["name"].optionalString(),
      minimum: try table["minimum"].optionalDouble(),
      maximum: try table["maximum"].optionalDouble(),
      successThreshold: try table["success_threshold"].optionalDouble(),
      columns: try table["columns"].strings()
    )
    if let low = measures.minimum, let high = measures.maximum, low > high {
      throw node.problem("has minimum \(low) above maximum \(high)")
    }
    return measures
  }

  private func needs(_ node: YAMLNode?) throws(YAMLNode.Problem) -> StrategyRequirements {
    guard let node else { return [] }
    var needs: StrategyRequirements = []
    for item in try node.items() {
      let name = try item.string()
      guard let need = StrategyRequirements.names.first(where: { $0.name == name })?.value else {
        let names = StrategyRequirements.names.map(\.name)
        let near = nearestName(to: name, among: names).map { "did you mean '\($0)'?" }
        throw item.problem(
          "is '\(name)'",
          cure: near ?? "it is one of \(names.joined(separator: ", "))"
        )
      }
      needs.insert(need)
    }
    return needs
  }
}

extension Optional<YAMLNode> {
  fileprivate func optionalString() throws(YAMLNode.Problem) -> String? {
    guard let self else { return nil }
    return try self.string()
  }

  fileprivate func string() throws(YAMLNode.Problem) -> String { try optionalString() ?? "" }

  fileprivate func strings() throws(YAMLNode.Problem) -> [String] {
    guard let self else { return [] }
    return try self.strings()
  }

  fileprivate func optionalDouble() throws(YAMLNode.Problem) -> Double? {
    guard let self else { return nil }
    return try self.double()
  }
}
