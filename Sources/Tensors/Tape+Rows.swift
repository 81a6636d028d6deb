extension Tape {
  /// Rows ids[t] of a table (V,C): (T,C). A trainable table's gradient adds row by row.
  public func embedding(_ table: Parameter, _ ids: [Int32]) -> Tensor {
    precondition(table.shape.count == 2, "\(table.name) \(table.shape) is not a table")
    let width = table.shape[1]
    requireRows(ids, below: table.shape[0], of: table.name)
    let y = makeOutput([ids.count, width], tracked: tracks([], [table]))
    backend.gatherRows(table.value.buffer, rows: ids, width: width, into: y.buffer)
    guard y.isTracked else { return y }
    record(y) { [self] dy in
      backend.scatterAddRows(Buffer(dy), rows: ids, width: width, into: table.grad.buffer)
    }
    return y
  }

  /// Rows of x (T,C), in the given order: (rows.count, C). A row may occur twice.
  public func gatherRows(_ x: Tensor, _ rows: [Int32]) -> Tensor {
    let width = x.width
    requireRows(rows, below: x.rows, of: "the tensor")
    let y = makeOutput([rows.count, width], tracked: tracks([x]))
    backend.gatherRows(x.buffer, rows: rows, width: width, into: y.buffer)
    guard y.isTracked else { return y }
    record(y) { [self] dy in
      accumulate(into: x) { dx, accumulate in
        if !accumulate { backend.fill(dx, with: 0) }
        backend.scatterAddRows(Buffer(dy), rows: rows, width: width, into: dx)
      }
    }
    return y
  }

  private func requireRows(_ rows: [Int32], below limit: Int, of name: String) {
    for row in rows {
      precondition(row >= 0 && Int(row) < limit, "row \(row) of \(name), which has \(limit)")
    }
  }
}
