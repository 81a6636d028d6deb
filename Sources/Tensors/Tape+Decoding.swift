extension Tape {
  /// Writes rows of keys and values (rows, kvHeads * headDim) into one layer of some blocks: all rows
  /// of a segment at prefill, one row per sequence while decoding.
  public func appendKeyValues(
    keys: Tensor,
    values: Tensor,
    to destinations: [KeyValueDestination],
    layer: Int
  ) {
    backend.appendKeyValues(
      keys: keys.buffer,
      values: values.buffer,
      to: destinations,
      layer: layer
    )
  }
}
