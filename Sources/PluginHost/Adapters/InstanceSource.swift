import CStepwisePlugin
import Components

/// Makes instances of one component of a loaded library.
final class InstanceSource {
  let image: LoadedImage
  let factory: LoadedImage.FactoryTable
  let request: ComponentRequest
  /// The parameters as they are now; `reconfigure` changes them.
  private(set) var parameters: ParameterValue

  init(image: LoadedImage, request: ComponentRequest) throws(PluginError) {
    self.image = image
    self.request = request
    self.parameters = request.plugin.parameters
    let version = request.plugin.identity.version
    guard let written = checkedString(image.plugin.version, limit: 256), written == version else {
      throw request.error(
        .handshake,
        "version is \(displayString(image.plugin.version)), the manifest says \(version)",
        cure: "rebuild the library, or correct the manifest"
      )
    }
    let kind = request.component.kind.code
    let id = request.component.id
    let found = image.factories.filter { $0.table.kind == kind && $0.id == id }
    guard found.count == 1 else {
      let there = image.factories.map { "\(Self.name(ofKind: $0.table.kind)) \($0.id)" }
      throw request.error(
        .handshake,
        "the library has \(found.count) factories for \(request.component.kind.rawValue) \(id); "
          + "it has \(there.joined(separator: ", "))",
        cure: "make the ids of manifest and library agree"
      )
    }
    factory = found[0]
  }

  private static func name(ofKind kind: UInt32) -> String {
    ComponentKind.allCases.first { $0.code == kind }?.rawValue ?? "kind \(kind)"
  }

  /// A new instance, with a saved state where one is given, ready for calls.
  func make(loading state: StateEnvelope? = nil) throws(PluginError) -> PluginInstance {
    let instance = try PluginInstance(self)
    if let state { try instance.load(state.payload, version: state.version) }
    try instance.start()
    return instance
  }

  /// The functions of the component's kind, checked.
  func table<T>(as type: T.Type, minimum: Int, name: String) throws(PluginError) -> T {
    let handshake = Handshake(plugin: request.component.id, file: request.plugin.libraryFile)
    return try handshake.table(factory.table.table, as: type, minimum: minimum, name: name)
  }

  /// Changes some parameters of a running instance.
  func reconfigure(_ instance: PluginInstance, _ changes: ParameterValue) throws(PluginError) {
    try replaceParameters(of: instance, by: try request.changing(parameters, by: changes))
  }

  /// Gives a running instance a complete object of parameters, which was checked.
  func replaceParameters(
    of instance: PluginInstance,
    by complete: ParameterValue
  ) throws(PluginError) {
    if complete == parameters { return }
    try instance.reconfigure(complete.json)
    parameters = complete
  }
}

extension ComponentRequest {
  /// The complete parameters after a change while the component runs, checked against its schema.
  func changing(
    _ parameters: ParameterValue,
    by changes: ParameterValue
  ) throws(PluginError) -> ParameterValue {
    let schema = component.parameters
    do throws(ParameterProblem) {
      guard case .object(let entries) = changes, case .object(let old) = parameters else {
        throw ParameterProblem(
          key: "parameters",
          message: "is \(changes.typeName)",
          cure: "write keys and values"
        )
      }
      let kept = old.filter { entry in !entries.contains { $0.key == entry.key } }
      let complete = try schema.resolvePaths(
        in: try schema.resolve(.object(kept + entries)),
        from: baseDirectory,
        except: parameters
      )
      try schema.checkChange(from: parameters, to: complete)
      return complete
    } catch {
      throw self.error(
        .parameters,
        hook: "reconfigure",
        "parameter '\(error.key)' \(error.message)",
        cure: error.cure
      )
    }
  }
}

extension ComponentKind {
  /// STEPWISE_KIND_...
  var code: UInt32 {
    switch self {
    case .reward: return UInt32(STEPWISE_KIND_REWARD)
    case .dataset: return UInt32(STEPWISE_KIND_DATASET)
    case .strategy: return UInt32(STEPWISE_KIND_STRATEGY)
    }
  }
}
