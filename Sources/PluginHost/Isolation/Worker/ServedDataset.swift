import Components

/// A dataset in a worker.
final class ServedDataset: ServedComponent {
  private let dataset: any Dataset
  private let change: (ParameterValue) throws -> Void

  init(_ dataset: any Dataset, change: @escaping (ParameterValue) throws -> Void) {
    self.dataset = dataset
    self.change = change
  }

  func describe(to writer: inout WireWriter) { writer.value(dataset.count) }

  func perform(
    _ operation: WorkerOperation,
    _ reader: inout WireReader,
    _ writer: inout WireWriter
  ) throws {
    switch operation {
    case .examples:
      let lower = try reader.value(Int.self)
      let upper = try reader.value(Int.self)
      guard lower <= upper else { throw WireProblem(description: "\(lower) to \(upper)") }
      writer.value(try dataset.examples(in: lower..<upper))
    case .beginEpoch: try dataset.beginEpoch(try reader.value())
    case .saveState: try dataset.saveState().withUnsafeBytes { writer.raw($0) }
    case .loadState: try dataset.loadState(try reader.raw())
    default: throw UnknownOperation(operation: operation)
    }
  }

  func currentState() throws -> [UInt8]? { try dataset.saveState() }

  func restore(_ state: [UInt8]) throws { try dataset.loadState(state) }

  func replaceParameters(_ parameters: ParameterValue) throws { try change(parameters) }
}
