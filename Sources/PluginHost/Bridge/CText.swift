import CStepwisePlugin

/// A copy of a growable struct that the plugin made, zero where the plugin's `size` ends: a member that is absent reads as NULL
/// or 0. All growable structs are made of 8-byte words, so a size that is a multiple of 8 never cuts a member in half.
func copyTable<T>(_ pointer: UnsafeRawPointer, as type: T.Type, size: Int) -> T {
  withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { buffer in
    let copy = UnsafeMutableRawBufferPointer(buffer)
    copy.initializeMemory(as: UInt8.self, repeating: 0)
    copy.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(size, copy.count)))
    return buffer[0]
  }
}

/// The text that a plugin gave, or `nil` where it is longer than `limit` bytes, has no pointer or is not UTF-8.
func checkedString(_ text: stepwise_text, limit: UInt64 = 1 << 32) -> String? {
  if text.size == 0 { return "" }
  guard let data = text.data, text.size <= limit else { return nil }
  let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(data), count: Int(text.size))
  return String(validating: bytes, as: UTF8.self)
}

/// The text that a plugin gave for people to read: cut at `limit` bytes, bad bytes replaced.
func displayString(_ text: stepwise_text, limit: UInt64 = 1 << 16) -> String {
  guard let data = text.data else { return "" }
  let bytes = UnsafeRawBufferPointer(
    start: UnsafeRawPointer(data),
    count: Int(min(text.size, limit))
  )
  return String(decoding: bytes, as: UTF8.self)
}

/// `struct_size` of a struct that the host makes.
func sizeOf<T>(_ type: T.Type) -> UInt32 { UInt32(MemoryLayout<T>.stride) }
