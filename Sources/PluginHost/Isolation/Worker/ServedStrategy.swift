import Components

/// A strategy in a worker. Its contexts' draws are asked of the host, whose generator they come from.
final class ServedStrategy: ServedComponent {
  private let strategy: any MixingStrategy
  private let link: WorkerLink
  private let change: (ParameterValue) throws -> Void

  init(
    _ strategy: any MixingStrategy,
    link: WorkerLink,
    change: @escaping (ParameterValue) throws -> Void
  ) {
    self.strategy = strategy
    self.link = link
    self.change = change
  }

  func describe(to writer: inout WireWriter) { writer.value(strategy.requirements.rawValue) }

  func perform(
    _ operation: WorkerOperation,
    _ reader: inout WireReader,
    _ writer: inout WireWriter
  ) throws {
    let link = link
    switch operation {
    case .beginStep:
      var context = try reader.value(WireContext.self).context
      context.uniform = { link.draw($0) }
      writer.value(try strategy.beginStep(context))
    case .shapeRollout:
      var request = try reader.value(WireShapeRequest.self).request
      request.uniform = { link.draw($0) }
      writer.value(try strategy.shapeRollout(request))
    case .route: writer.value(try strategy.route(try reader.value()))
    case .advantages: writer.value(try strategy.advantages(try reader.value()))
    case .stepWeights: writer.value(try strategy.stepWeights(try reader.value()))
    case .tokenWeights: writer.value(try strategy.tokenWeights(try reader.value()))
    case .endStep: try strategy.endStep(try reader.value())
    case .saveState: try strategy.saveState().withUnsafeBytes { writer.raw($0) }
    case .loadState: try strategy.loadState(try reader.raw())
    default: throw UnknownOperation(operation: operation)
    }
  }

  func currentState() throws -> [UInt8]? { try strategy.saveState() }

  func restore(_ state: [UInt8]) throws { try strategy.loadState(state) }

  func replaceParameters(_ parameters: ParameterValue) throws { try change(parameters) }
}
