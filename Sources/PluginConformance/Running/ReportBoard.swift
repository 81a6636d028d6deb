import CPlatform
import Glibc
package import PluginHost

/// Memory that a test's process shares with the one that started it. The test leaves there what it is about to do, and its answer.
///
/// Memory, not a pipe: a plugin that closes every descriptor, or the whole process, cannot take away what was written before.
/// Unchecked because the two processes take turns: one writes until it has ended, the other reads after that.
package final class ReportBoard: @unchecked Sendable {
  /// Of the whole board.
  private static let size = 4 << 20
  /// Of the part for the stage, in front.
  private static let stageSize = 4096
  private let base: UnsafeMutableRawPointer
  /// The file behind the memory, to be given to the child.
  package let descriptor: Descriptor

  /// The board is larger than what the machine has.
  struct Failure: Error, CustomStringConvertible {
    var code: Int32
    var description: String {
      "the memory for a test's report cannot be had: \(String(cString: strerror(code)))"
    }
  }

  /// An empty board.
  package convenience init() throws {
    let file = platform_memory_file("stepwise-report", UInt64(Self.size))
    guard file >= 0 else { throw Failure(code: errno) }
    try self.init(Descriptor(owning: file))
  }

  /// The board that the parent handed over.
  package init(_ descriptor: Descriptor) throws {
    self.descriptor = descriptor
    let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0)
    guard let memory, memory != MAP_FAILED else { throw Failure(code: errno) }
    base = memory
  }

  deinit { munmap(base, Self.size) }

  /// Leaves what is done next, cut at some 4,000 bytes.
  package func note(_ stage: String) { write(stage, at: 0, room: Self.stageSize) }

  /// Leaves the answer.
  package func answer(_ text: String) {
    write(text, at: Self.stageSize, room: Self.size - Self.stageSize)
  }

  /// What was done last.
  package var stage: String { read(at: 0, room: Self.stageSize) }

  /// The answer, or empty.
  package var answer: String { read(at: Self.stageSize, room: Self.size - Self.stageSize) }

  private func write(_ text: String, at offset: Int, room: Int) {
    var text = text
    // The length comes last: before, there is nothing to read.
    base.storeBytes(of: 0, toByteOffset: offset, as: UInt64.self)
    let count = text.withUTF8 { bytes in
      let count = min(bytes.count, room - 8)
      if let start = bytes.baseAddress, count > 0 {
        (base + offset + 8).copyMemory(from: start, byteCount: count)
      }
      return count
    }
    base.storeBytes(of: UInt64(count), toByteOffset: offset, as: UInt64.self)
  }

  private func read(at offset: Int, room: Int) -> String {
    let count = min(Int(clamping: base.load(fromByteOffset: offset, as: UInt64.self)), room - 8)
    return String(
      decoding: UnsafeRawBufferPointer(start: base + offset + 8, count: max(0, count)),
      as: UTF8.self
    )
  }
}

/// What a child writes to one of its standard streams: memory of a fixed size, so that one that never stops writing only fails.
package final class CapturedStream: Sendable {
  package let descriptor: Descriptor
  private static let size = 1 << 18

  package init() throws {
    let file = platform_memory_file("stepwise-output", UInt64(Self.size))
    guard file >= 0, platform_seal_size(file) == 0 else {
      throw ReportBoard.Failure(code: errno)
    }
    descriptor = Descriptor(owning: file)
  }

  /// What was written, up to the size.
  package var text: String {
    let count = Int(lseek(descriptor.number, 0, SEEK_CUR))
    var bytes = [UInt8](repeating: 0, count: max(0, min(count, Self.size)))
    let read = pread(descriptor.number, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, read)), as: UTF8.self)
  }
}
