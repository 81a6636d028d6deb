/// How a store keeps matrices that are not trained.
public enum MatrixStorage: String, Sendable {
  /// As FP32.
  case float32
  /// As BF16: half the memory. Widened, one matrix at a time, for each use; products have the bits that the rounded values have
  /// in FP32.
  case bfloat16
}

/// A run of BF16 values inside a storage, two in the place of one FP32 value.
public struct BF16Buffer {
  /// The storage that holds the values.
  public let storage: Storage
  /// Index of the first value, counted in BF16 values.
  public let offset: Int
  /// Number of values.
  public let count: Int

  /// Takes each field as given.
  public init(_ storage: Storage, offset: Int, count: Int) {
    precondition(
      offset >= 0 && count >= 0 && offset + count <= 2 * storage.count,
      "BF16 values \(offset) ..< \(offset + count) outside storage of \(2 * storage.count)"
    )
    self.storage = storage
    self.offset = offset
    self.count = count
  }

  /// A part of this buffer, counted from its start.
  public func slice(_ start: Int, count: Int) -> BF16Buffer {
    precondition(start + count <= self.count, "slice \(start) + \(count) outside \(self.count)")
    return BF16Buffer(storage, offset: offset + start, count: count)
  }
}
