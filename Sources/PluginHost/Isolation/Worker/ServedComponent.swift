import Components

/// The one component of a worker, as operations reach it.
protocol ServedComponent: AnyObject {
  /// Carries out an operation: takes its arguments, writes its answer.
  func perform(
    _ operation: WorkerOperation,
    _ reader: inout WireReader,
    _ writer: inout WireWriter
  ) throws
  /// Writes what the component says of itself.
  func describe(to writer: inout WireWriter)
  /// The state, as the host keeps it; `nil` for what has none.
  func currentState() throws -> [UInt8]?
  /// Goes on from a state.
  func restore(_ state: [UInt8]) throws
  /// Gives it other parameters, all of them.
  func replaceParameters(_ parameters: ParameterValue) throws
}

/// Brings a component to life in this process.
///
/// This is the one switch on what a plugin's code is: another runtime gets another `make` here.
func serve(
  _ start: WorkerStart,
  link: WorkerLink
) throws(PluginError) -> any ServedComponent {
  var request = ComponentRequest(
    plugin: start.plugin,
    component: start.component,
    baseDirectory: "/",
    services: link.services(for: start),
    isolation: .inProcess
  )
  if let function = start.function {
    request.runtime = .cFunction(function)
    return ServedFunction(try FunctionReward(request, isGuarded: true))
  }
  let image = try LoadedImage.load(
    path: start.plugin.imageFile,
    digest: start.plugin.identity.digest,
    plugin: start.component.id,
    file: start.plugin.libraryFile
  )
  let source = try InstanceSource(image: image, request: request)
  switch start.plugin.kind {
  case .reward: return ServedReward(try PluginReward(source))
  case .dataset:
    let dataset = try PluginDataset(source)
    return ServedDataset(dataset) { try source.replaceParameters(of: dataset.instance, by: $0) }
  case .strategy:
    let strategy = try PluginStrategy(source)
    return ServedStrategy(strategy, link: link) {
      try source.replaceParameters(of: strategy.instance, by: $0)
    }
  }
}

/// An operation that the component of this worker does not have: a fault of the host's.
struct UnknownOperation: Error, CustomStringConvertible {
  var operation: WorkerOperation
  var description: String { "a component of this kind has no \(operation.hook)" }
}
