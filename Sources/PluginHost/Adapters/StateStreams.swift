import CStepwisePlugin

/// Collects what a plugin's `save` writes.
final class StateCollector {
  private(set) var bytes: [UInt8] = []
  /// A state is numbers that a strategy remembers, at most a buffer of ids; a larger one is a fault.
  private static let limit = 1 << 30

  func writer() -> stepwise_writer {
    var writer = stepwise_writer()
    writer.struct_size = sizeOf(stepwise_writer.self)
    writer.context = Unmanaged.passUnretained(self).toOpaque()
    writer.write = { writer, data, size in
      let collector = Unmanaged<StateCollector>.fromOpaque(writer!.pointee.context)
        .takeUnretainedValue()
      guard let data, size > 0 else { return stepwise_status(STEPWISE_OK) }
      guard size <= UInt64(StateCollector.limit - collector.bytes.count) else {
        return stepwise_status(STEPWISE_ERROR_CAPACITY)
      }
      collector.bytes.append(contentsOf: UnsafeRawBufferPointer(start: data, count: Int(size)))
      return stepwise_status(STEPWISE_OK)
    }
    return writer
  }
}

/// Gives a plugin's `load` the bytes of a state.
final class StateSupplier {
  private let bytes: [UInt8]
  private let chunk: Int
  private var position = 0

  init(_ bytes: [UInt8], chunk: Int) {
    self.bytes = bytes
    self.chunk = chunk
  }

  func reader() -> stepwise_reader {
    var reader = stepwise_reader()
    reader.struct_size = sizeOf(stepwise_reader.self)
    reader.context = Unmanaged.passUnretained(self).toOpaque()
    reader.read = { reader, buffer, capacity, size in
      let supplier = Unmanaged<StateSupplier>.fromOpaque(reader!.pointee.context)
        .takeUnretainedValue()
      let left = supplier.bytes.count - supplier.position
      let count = min(left, supplier.chunk, Int(clamping: capacity))
      if count > 0, let buffer {
        supplier.bytes[supplier.position..<supplier.position + count].withUnsafeBytes {
          buffer.copyMemory(from: $0.baseAddress!, byteCount: count)
        }
        supplier.position += count
      }
      size?.pointee = UInt64(count)
      return stepwise_status(STEPWISE_OK)
    }
    return reader
  }
}
