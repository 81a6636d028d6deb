extension Tape {
  /// Rows ids[t] of a table (V,C): (T,C). A trainable table's gradient adds row by row.
  ///
  /// - Parameter paddingRow: a row that looking it up does not train, as torch's `padding_idx`. That row starts at zero, where
  ///   RMSNorm multiplies gradients by 1 / sqrt(eps): a sampled padding token would drown every other gradient.
  public func embedding(_ table: Parameter, _ ids: [Int32], paddingRow: Int32? = nil) -> Tensor {
    precondition(table.shape.count == 2, "\(table.name) \(table.shape) is not a table")
    let width = table.shape[1]
    requireRows(ids, below: table.shape[0], of: table.name)
    let y = makeOutput([ids.count, width], tracked: tracks([], [table]))
    table.gatherRows(ids, into: y.buffer)
    guard y.isTracked else { return y }
    record(y) { [self] dy in
      let padding = paddingRow.flatMap { row in
        ids.contains(row) ? table.grad.buffer.slice(Int(row) * width, count: width) : nil
      }
      let kept = padding.map(backend.read)
      backend.scatterAddRows(Buffer(dy), rows: ids, width: width, into: table.grad.buffer)
      if let padding, let kept { backend.write(kept, to: padding) }
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
