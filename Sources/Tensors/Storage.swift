/// Who takes a storage's memory back when its last reference goes.
public protocol StorageOwner: AnyObject, Sendable {
  /// Takes back memory that `makeStorage` handed out with `capacity` floats.
  func reclaim(_ address: UnsafeMutableRawPointer, capacity: Int)
}

/// A device buffer of FP32 values from its backend's pool; returned to the pool in deinit.
///
/// Deliberately not Sendable: its contents have no lock.
public final class Storage {
  /// Values asked for.
  public let count: Int
  /// The host's view of the values; nil where the host cannot address the device's memory.
  public let hostPointer: UnsafeMutablePointer<Float>?
  /// The backend's own name for the memory (on a CPU the host address).
  public let address: UnsafeMutableRawPointer
  private let capacity: Int
  private let owner: any StorageOwner

  /// Used by backends only.
  public init(
    address: UnsafeMutableRawPointer,
    count: Int,
    capacity: Int,
    hostVisible: Bool,
    owner: any StorageOwner
  ) {
    self.address = address
    self.count = count
    self.capacity = capacity
    self.owner = owner
    self.hostPointer = hostVisible ? address.assumingMemoryBound(to: Float.self) : nil
  }

  deinit { owner.reclaim(address, capacity: capacity) }
}

/// A run of values inside a storage: what backend operations take.
public struct Buffer {
  /// The storage that holds the values.
  public let storage: Storage
  /// Index of the first value.
  public let offset: Int
  /// Number of values.
  public let count: Int

  /// Takes each field as given.
  public init(_ storage: Storage, offset: Int = 0, count: Int? = nil) {
    let count = count ?? storage.count - offset
    precondition(
      offset >= 0 && count >= 0 && offset + count <= storage.count,
      "buffer \(offset) ..< \(offset + count) outside storage of \(storage.count)"
    )
    self.storage = storage
    self.offset = offset
    self.count = count
  }

  /// A part of this buffer, counted from its start.
  public func slice(_ start: Int, count: Int) -> Buffer {
    precondition(start + count <= self.count, "slice \(start) + \(count) outside \(self.count)")
    return Buffer(storage, offset: offset + start, count: count)
  }

  /// The host's view; a programmer's error on device memory that the host cannot address.
  public var hostPointer: UnsafeMutablePointer<Float> {
    guard let pointer = storage.hostPointer else {
      preconditionFailure("this storage is not visible to the host: use backend.read")
    }
    return pointer + offset
  }
}
