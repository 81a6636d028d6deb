import CStepwisePlugin

/// The text as a Swift string, copied.
func string(_ text: stepwise_text) -> String {
  guard let data = text.data, text.size > 0 else { return "" }
  return String(
    decoding: UnsafeRawBufferPointer(start: UnsafeRawPointer(data), count: Int(text.size)),
    as: UTF8.self
  )
}

/// Calls `body` with a view of the string that lives as long as the call.
func withText<R>(_ string: String, _ body: (stepwise_text) throws -> R) rethrows -> R {
  var string = string
  return try string.withUTF8 { bytes in
    try bytes.withMemoryRebound(to: CChar.self) { chars in
      try body(stepwise_text(data: chars.baseAddress, size: UInt64(chars.count)))
    }
  }
}

/// A text that lives as long as the process, for the tables of the entry.
func immortalText(_ string: String) -> stepwise_text {
  let bytes = Array(string.utf8)
  let data = UnsafeMutablePointer<CChar>.allocate(capacity: max(bytes.count, 1))
  for (index, byte) in bytes.enumerated() { data[index] = CChar(bitPattern: byte) }
  return stepwise_text(data: data, size: UInt64(bytes.count))
}

/// A copy of a growable struct, zero where the maker's `struct_size` ends before ours does.
///
/// The size is the first four bytes of every growable struct; all are made of 8-byte words, so cutting at a word never leaves
/// half a member.
func growable<T>(_ pointer: UnsafePointer<T>) -> T {
  let raw = UnsafeRawPointer(pointer)
  let size = Int(raw.load(as: UInt32.self)) & ~7
  if size >= MemoryLayout<T>.size { return pointer.pointee }
  return withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { buffer in
    let copy = UnsafeMutableRawBufferPointer(buffer)
    copy.initializeMemory(as: UInt8.self, repeating: 0)
    copy.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: size))
    return buffer[0]
  }
}

/// Copies of the growable structs of an array with a stride.
func growables<T>(_ base: UnsafePointer<T>?, count: UInt64, stride: UInt64) -> [T] {
  guard let base else { return [] }
  return (0..<Int(count)).map { index in
    let element = UnsafeRawPointer(base) + index * Int(stride)
    return growable(element.assumingMemoryBound(to: T.self))
  }
}

/// A copy of a plain array.
func array<T>(_ base: UnsafePointer<T>?, _ count: UInt64) -> [T] {
  Array(UnsafeBufferPointer(start: base, count: base == nil ? 0 : Int(count)))
}

/// `struct_size` of a struct that this side makes.
func sizeOf<T>(_ type: T.Type) -> UInt32 { UInt32(MemoryLayout<T>.stride) }
