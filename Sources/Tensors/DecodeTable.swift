internal import CKernels

/// The rows of one decoding step, as the kernels of every layer read them.
public final class DecodeTable {
  /// What each row attends to.
  public let rows: [DecodeRow]
  /// Position of each row's new token, prompt included.
  public let positions: [Int32]
  let entries: [ck_decode_row]

  /// Takes each field as given; the new token of each row is the last of its own ones.
  public init(rows: [DecodeRow], positions: [Int32]) {
    precondition(rows.count == positions.count, "\(rows.count) rows, \(positions.count) positions")
    self.rows = rows
    self.positions = positions
    entries = rows.map { row in
      ck_decode_row(
        prefix: Self.span(row.prefix, row.prefixCount),
        own: Self.span(row.own, row.ownCount)
      )
    }
  }

  private static func span(_ block: KeyValueBlock?, _ count: Int) -> ck_kv_span {
    guard let block else { return ck_kv_span(keys: nil, values: nil, capacity: 0, count: 0) }
    return ck_kv_span(
      keys: block.keys(layer: 0).hostPointer,
      values: block.values(layer: 0).hostPointer,
      capacity: Int64(block.capacity),
      count: Int64(count)
    )
  }
}
