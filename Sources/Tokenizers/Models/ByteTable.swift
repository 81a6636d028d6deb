/// UTF-8 (or raw) bytes that are borrowed for the length of a call.
typealias Bytes = UnsafeBufferPointer<UInt8>

/// A hash table from byte strings to `Int32`, keys in one blob, open addressing.
///
/// Swift's `String` hashes and compares by canonical equivalence, which merges distinct tokens, and
/// is several times slower.
struct ByteTable: Sendable {
  private var blob: [UInt8] = []
  private var offsets: [Int] = [0]
  private(set) var values: [Int32] = []
  /// Index of an entry plus one; 0 is an empty slot. At most half of the slots are taken.
  private var slots: [Int32]
  private var mask: Int

  init(minimumCapacity: Int = 0) {
    var size = 16
    while size < minimumCapacity * 2 { size *= 2 }
    slots = [Int32](repeating: 0, count: size)
    mask = size - 1
    values.reserveCapacity(minimumCapacity)
    offsets.reserveCapacity(minimumCapacity + 1)
  }

  var count: Int { values.count }

  /// The value of `key`, nil where it is absent.
  @inline(__always)
  func find(_ key: Bytes) -> Int32? {
    let entry = slots.withUnsafeBufferPointer { slots in
      offsets.withUnsafeBufferPointer { offsets in
        blob.withUnsafeBufferPointer { blob -> Int in
          var slot = Int(truncatingIfNeeded: hashBytes(key)) & mask
          while true {
            let entry = Int(slots[slot]) - 1
            if entry < 0 { return -1 }
            let start = offsets[entry]
            if offsets[entry + 1] - start == key.count,
              equalBytes(blob.baseAddress! + start, key.baseAddress, key.count)
            {
              return entry
            }
            slot = (slot + 1) & mask
          }
        }
      }
    }
    return entry < 0 ? nil : values[entry]
  }

  func find(_ key: String) -> Int32? {
    var key = key
    return key.withUTF8 { find($0) }
  }

  func find(_ key: [UInt8]) -> Int32? { key.withUnsafeBufferPointer { find($0) } }

  /// Adds a key; a key that is present gets the new value.
  mutating func insert(_ key: Bytes, _ value: Int32) {
    if (count + 1) * 2 > slots.count { grow() }
    var slot = Int(truncatingIfNeeded: hashBytes(key)) & mask
    while slots[slot] != 0 {
      let entry = Int(slots[slot]) - 1
      if self.key(entry).elementsEqual(key) {
        values[entry] = value
        return
      }
      slot = (slot + 1) & mask
    }
    blob.append(contentsOf: key)
    offsets.append(blob.count)
    values.append(value)
    slots[slot] = Int32(count)
  }

  mutating func insert(_ key: String, _ value: Int32) {
    var key = key
    key.withUTF8 { insert($0, value) }
  }

  /// The bytes of the key that was added as number `entry`.
  func key(_ entry: Int) -> ArraySlice<UInt8> { blob[offsets[entry]..<offsets[entry + 1]] }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: slots.count * 2)
    mask = slots.count - 1
    for entry in 0..<count {
      let hash = blob.withUnsafeBufferPointer {
        hashBytes(Bytes(rebasing: $0[offsets[entry]..<offsets[entry + 1]]))
      }
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(entry + 1)
    }
  }
}

/// A 64-bit hash by folded multiplication (the scheme of wyhash), the same in each process.
@inline(__always)
func hashBytes(_ bytes: Bytes) -> UInt64 {
  var hash = UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9_7F4A_7C15
  guard let base = bytes.baseAddress else { return hash }
  var pointer = UnsafeRawPointer(base)
  var left = bytes.count
  while left > 8 {
    hash = fold(hash ^ pointer.loadUnaligned(as: UInt64.self), 0xE703_7ED1_A0B4_28DB)
    pointer += 8
    left -= 8
  }
  let tail: UInt64
  if left >= 4 {
    tail =
      UInt64(pointer.loadUnaligned(as: UInt32.self)) << 32
      | UInt64((pointer + (left - 4)).loadUnaligned(as: UInt32.self))
  } else if left > 0 {
    let first = UInt64(pointer.load(as: UInt8.self))
    let middle = UInt64(pointer.load(fromByteOffset: left >> 1, as: UInt8.self))
    let last = UInt64(pointer.load(fromByteOffset: left - 1, as: UInt8.self))
    tail = first << 16 | middle << 8 | last
  } else {
    tail = 0
  }
  return fold(hash ^ tail, 0x8EBC_6AF0_9C88_C6E3)
}

@inline(__always)
private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.high ^ product.low
}

/// Whether two runs of `count` bytes are equal.
@inline(__always)
func equalBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>?, _ count: Int) -> Bool {
  guard let b else { return count == 0 }
  var index = 0
  while index < count {
    if a[index] != b[index] { return false }
    index += 1
  }
  return true
}
