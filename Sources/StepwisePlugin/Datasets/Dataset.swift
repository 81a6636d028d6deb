/// What all datasets have in common. Conform to `Dataset`, `RangeDataset` or `SequentialDataset`.
public protocol AnyDataset: Component {
  /// How many rows there are; `nil` for a stream that has no end. Read once, after `start`.
  var count: Int? { get }

  /// An epoch begins, 0-based. Rows may differ between epochs only where the documentation says so.
  mutating func beginEpoch(_ epoch: Int) throws
}

extension AnyDataset {
  /// Nothing to do.
  public mutating func beginEpoch(_ epoch: Int) throws {}
}

/// Gives rows by position. The host shuffles; the same position gives the same row for the life of a run.
///
///     struct Squares: Dataset {
///       init(parameters: Parameters) throws {}
///       var count: Int? { 1000 }
///       func example(at index: Int) -> Example {
///         Example(id: UInt64(index), prompt: .text("\(index)^2 ="), completion: .text(" \(index * index)"))
///       }
///     }
public protocol Dataset: RangeDataset {
  /// The row at a position.
  mutating func example(at index: Int) throws -> Example
}

/// Gives several rows at once: for sources that read faster that way.
public protocol RangeDataset: AnyDataset {
  /// The rows at the positions of `range`, in order.
  mutating func examples(in range: Range<Int>) throws -> [Example]
}

extension Dataset {
  /// One row after the other.
  public mutating func examples(in range: Range<Int>) throws -> [Example] {
    var rows: [Example] = []
    rows.reserveCapacity(range.count)
    for index in range { rows.append(try example(at: index)) }
    return rows
  }
}

/// Gives rows in one order only, for sources that cannot jump. The host reads and drops rows to go forward after a resume.
public protocol SequentialDataset: AnyDataset {
  /// The next row.
  mutating func next() throws -> Example
}
