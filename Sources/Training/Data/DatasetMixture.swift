public import Components

/// Rows of several datasets in one slot, drawn in proportion to weights.
///
/// As a dataset it holds the rows of its sources one after the other; `RowSource` draws by weight. A row's id is that of its source
/// with the source's place in the list in the upper bits, so that ids stay unequal.
public final class DatasetMixture: Dataset {
  /// One of the datasets.
  public struct Source {
    /// What metrics and messages call it.
    public var name: String
    /// Its rows.
    public var dataset: any Dataset
    /// Its share is this, divided by the sum of all weights.
    public var weight: Double

    /// Creates a source.
    public init(name: String, dataset: any Dataset, weight: Double) {
      self.name = name
      self.dataset = dataset
      self.weight = weight
    }
  }

  /// In the order of the configuration.
  public let sources: [Source]
  /// Where each source's rows begin, and the end.
  let starts: [Int]
  private static let idBits: UInt64 = 48

  /// Mixes datasets.
  ///
  /// - Throws: `TrainingError` where one is a stream, is empty, or no weight is above 0.
  public init(slot: String, _ sources: [Source]) throws {
    self.sources = sources
    var starts = [0]
    for (index, source) in sources.enumerated() {
      guard let count = source.dataset.count else {
        throw TrainingError.configuration(
          key: "\(slot).\(index)",
          value: source.name,
          problem: "is a stream, which has no number of rows",
          cure: "Mix finite datasets, or use the stream alone"
        )
      }
      guard count > 0 else {
        throw TrainingError.configuration(
          key: "\(slot).\(index)",
          value: source.name,
          problem: "has no rows",
          cure: "Give it rows, or leave it out"
        )
      }
      starts.append(starts[index] + count)
    }
    self.starts = starts
    guard sources.contains(where: { $0.weight > 0 }) else {
      throw TrainingError.configuration(
        key: "\(slot).0.weight",
        value: "0",
        problem: "leaves nothing to draw from, as do the others",
        cure: "Give at least one source a weight above 0"
      )
    }
  }

  /// The sources' identities, as one.
  public var identity: ComponentIdentity {
    let parts = sources.map(\.dataset.identity)
    return ComponentIdentity(
      id: parts.map(\.id).joined(separator: "+"),
      version: parts.map(\.version).joined(separator: "+"),
      digest: parts.map(\.digest).joined(separator: "+")
    )
  }

  /// The rows of all sources.
  public var count: Int? { starts.last }

  /// The source that a row came from, by the row's id.
  public static func source(ofRow id: UInt64) -> Int { Int(id >> idBits) }

  /// The name of the source that a row came from and the row's id there; `nil` where there is no such source.
  func origin(ofRow id: UInt64) -> (name: String, id: UInt64)? {
    let index = Self.source(ofRow: id)
    guard sources.indices.contains(index) else { return nil }
    return (sources[index].name, id & (1 << Self.idBits - 1))
  }

  /// The rows at positions of the sources' rows, one source after the other.
  public func examples(in range: Range<Int>) throws -> [Example] {
    var rows: [Example] = []
    rows.reserveCapacity(range.count)
    for (index, source) in sources.enumerated() {
      let part = range.clamped(to: starts[index]..<starts[index + 1])
      guard !part.isEmpty else { continue }
      let start = starts[index]
      let found = try source.dataset.examples(
        in: (part.lowerBound - start)..<(part.upperBound - start)
      )
      for var row in found {
        guard row.id >> Self.idBits == 0 else {
          throw TrainingError.row(
            slot: source.name,
            id: row.id,
            problem: "has an id of more than \(Self.idBits) bits, which a mixture cannot hold",
            cure: "Number the dataset's rows, or use it alone"
          )
        }
        row.id |= UInt64(index) << Self.idBits
        rows.append(row)
      }
    }
    return rows
  }

  /// The sources' states, each with its length.
  public func saveState() throws -> [UInt8] {
    var bytes: [UInt8] = []
    for source in sources {
      let state = try source.dataset.saveState()
      withUnsafeBytes(of: UInt64(state.count).littleEndian) { bytes.append(contentsOf: $0) }
      bytes += state
    }
    return bytes
  }

  /// Gives each source its own state back.
  public func loadState(_ bytes: [UInt8]) throws {
    func refuse() -> TrainingError {
      .configuration(
        key: "the data's state",
        value: "\(bytes.count) bytes",
        problem: "is not that of a mixture of \(sources.count) datasets",
        cure: "Resume with the list of datasets that the run began with"
      )
    }
    var states: [[UInt8]] = []
    var rest = bytes[...]
    for _ in sources {
      guard rest.count >= 8 else { throw refuse() }
      var size: UInt64 = 0
      for (shift, byte) in rest.prefix(8).enumerated() { size |= UInt64(byte) << UInt64(8 * shift) }
      rest = rest.dropFirst(8)
      guard size <= UInt64(rest.count) else { throw refuse() }
      states.append(Array(rest.prefix(Int(size))))
      rest = rest.dropFirst(Int(size))
    }
    guard rest.isEmpty else { throw refuse() }
    for (source, state) in zip(sources, states) where !state.isEmpty {
      try source.dataset.loadState(state)
    }
  }
}
