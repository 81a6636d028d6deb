/// A row-major FP32 array on a backend's memory.
///
/// Deliberately neither Sendable nor mutable in shape: a model's forward pass makes new tensors, and
/// memory goes back to the pool when the last reference does.
public final class Tensor {
  /// Extent of each axis, outermost first.
  public let shape: [Int]
  /// Number of values.
  public let count: Int
  /// Memory that holds the values.
  public let storage: Storage
  /// Index of the first value in `storage`.
  public let offset: Int
  /// The backend that made the storage.
  public let backend: any Backend
  /// Whether the tape records operations on it.
  let isTracked: Bool
  /// d(loss)/d(self) during a backward pass. Shared between tensors while nobody adds to it: whoever
  /// adds checks for a single reference first (see `Tape.accumulate`).
  var gradient: Storage?

  init(shape: [Int], storage: Storage, offset: Int, backend: any Backend, isTracked: Bool) {
    count = shape.product
    precondition(
      offset + count <= storage.count,
      "shape \(shape) at \(offset) does not fit a storage of \(storage.count)"
    )
    self.shape = shape
    self.storage = storage
    self.offset = offset
    self.backend = backend
    self.isTracked = isTracked
  }

  /// A view of existing memory, or new memory with undefined contents.
  public convenience init(
    shape: [Int],
    storage: Storage? = nil,
    offset: Int = 0,
    backend: any Backend
  ) {
    self.init(
      shape: shape,
      storage: storage ?? backend.makeStorage(count: shape.product),
      offset: offset,
      backend: backend,
      isTracked: false
    )
  }

  /// A tensor with the given values, which must fill the shape exactly.
  public convenience init(_ values: [Float], shape: [Int], backend: any Backend) {
    precondition(
      values.count == shape.product,
      "\(values.count) values for the shape \(shape)"
    )
    self.init(shape: shape, backend: backend)
    backend.write(values, to: buffer)
  }

  /// The extent of the last axis; 1 for a scalar.
  public var width: Int { shape.last ?? 1 }
  /// Number of rows: `count / width`.
  public var rows: Int { shape.dropLast().product }
  /// The values as backend operations take them.
  public var buffer: Buffer { Buffer(storage, offset: offset, count: count) }
  /// A copy of the values.
  public var array: [Float] { backend.read(buffer) }

  /// The same values under another shape of the same count.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.product == count, "\(self.shape) cannot become \(shape)")
    precondition(!isTracked, "use tape.reshape for a tensor with a gradient")
    return Tensor(
      shape: shape,
      storage: storage,
      offset: offset,
      backend: backend,
      isTracked: false
    )
  }

  /// The values in place, on memory that the host can address.
  public func withUnsafeBufferPointer<R>(
    _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) rethrows
    -> R
  {
    try body(UnsafeBufferPointer(start: buffer.hostPointer, count: count))
  }

  /// The values in place for writing, on memory that the host can address.
  public func withUnsafeMutableBufferPointer<R>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    try body(UnsafeMutableBufferPointer(start: buffer.hostPointer, count: count))
  }
}
