internal import CKernels

#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }

/// A safetensors file, mapped into memory and read tensor by tensor.
///
/// The header is checked whole when the file is opened: every byte of the data belongs to exactly one
/// tensor, and every shape agrees with its bytes. The file must not be changed while it is open.
public final class SafetensorsFile {
  /// Path of the file.
  public let path: String
  /// The tensors, by their place in the file.
  public let entries: [SafetensorsEntry]
  /// The header's `__metadata__`.
  public let metadata: [String: String]
  private let mapping: UnsafeRawBufferPointer
  private let dataStart: Int
  private let index: [String: Int]

  /// Opens and checks a file.
  public init(path: String) throws {
    self.path = path
    func failure(_ fault: SafetensorsError.Fault) -> SafetensorsError {
      SafetensorsError(file: path, fault: fault)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(.cannotOpen(errno: errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(.cannotOpen(errno: errno)) }
    let size = Int(status.st_size)
    guard size >= 10 else { throw failure(.tooShort(bytes: size)) }
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED
    else { throw failure(.cannotOpen(errno: errno)) }
    let mapping = UnsafeRawBufferPointer(start: base, count: size)
    do {
      let headerBytes = UInt64(littleEndian: mapping.loadUnaligned(as: UInt64.self))
      guard headerBytes <= 100_000_000, headerBytes <= UInt64(size - 8) else {
        throw failure(.headerTooLong(headerBytes: headerBytes, fileBytes: size))
      }
      let start = 8 + Int(headerBytes)
      var parser = SafetensorsHeaderParser(file: path, bytes: Array(mapping[8..<start]))
      try parser.parse()
      metadata = parser.metadata
      entries = try Self.ordered(parser.entries, dataBytes: size - start, failure)
      dataStart = start
    } catch {
      munmap(base, size)
      throw error
    }
    self.mapping = mapping
    index = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress!), mapping.count) }

  /// Entries by offset, checked to cover the data without overlap or hole.
  private static func ordered(
    _ entries: [SafetensorsEntry],
    dataBytes: Int,
    _ failure: (SafetensorsError.Fault) -> SafetensorsError
  ) throws -> [SafetensorsEntry] {
    let sorted = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = 0
    var previous = ""
    for entry in sorted {
      guard entry.range.upperBound <= dataBytes else {
        throw failure(
          .outsideFile(tensor: entry.name, end: entry.range.upperBound, dataBytes: dataBytes)
        )
      }
      if entry.range.lowerBound < end { throw failure(.overlap(previous, entry.name)) }
      if entry.range.lowerBound > end {
        throw failure(.hole(before: entry.name, bytes: entry.range.lowerBound - end))
      }
      end = entry.range.upperBound
      previous = entry.name
    }
    if end < dataBytes { throw failure(.trailingBytes(dataBytes - end)) }
    return sorted
  }

  /// The tensor of that name, if any.
  public subscript(name: String) -> SafetensorsEntry? { index[name].map { entries[$0] } }

  /// Reads a tensor, converted to FP32, into a parameter of the same name (or `name`) and shape.
  public func load(_ name: String? = nil, into parameter: Parameter) throws {
    let name = name ?? parameter.name
    let entry = try requireEntry(name)
    guard entry.shape == parameter.shape else {
      throw SafetensorsError(
        file: path,
        fault: .wrongShape(tensor: name, found: entry.shape, wanted: parameter.shape)
      )
    }
    if parameter.value.storage.hostPointer != nil {
      parameter.value.withUnsafeMutableBufferPointer { convert(entry, into: $0) }
    } else {
      parameter.value.backend.write(try load(name), to: parameter.value.buffer)
    }
  }

  /// Reads a tensor, converted to FP32, into memory of its own.
  public func load(_ name: String, on backend: any Backend) throws -> Buffer {
    let buffer = Buffer(backend.makeStorage(count: try requireEntry(name).count))
    if let target = buffer.storage.hostPointer {
      convert(
        try requireEntry(name),
        into: UnsafeMutableBufferPointer(start: target, count: buffer.count)
      )
    } else {
      backend.write(try load(name), to: buffer)
    }
    return buffer
  }

  /// Reads a tensor, converted to FP32.
  public func load(_ name: String) throws -> [Float] {
    let entry = try requireEntry(name)
    return [Float](unsafeUninitializedCapacity: entry.count) { values, count in
      convert(entry, into: UnsafeMutableBufferPointer(rebasing: values[..<entry.count]))
      count = entry.count
    }
  }

  private func requireEntry(_ name: String) throws -> SafetensorsEntry {
    guard let entry = self[name] else {
      throw SafetensorsError(file: path, fault: .noSuchTensor(name))
    }
    return entry
  }

  private func convert(_ entry: SafetensorsEntry, into target: UnsafeMutableBufferPointer<Float>) {
    guard entry.count > 0, let out = target.baseAddress else { return }
    let start = dataStart + entry.range.lowerBound
    let bytes = UnsafeRawBufferPointer(rebasing: mapping[start..<start + entry.range.count])
    defer { letGo(of: bytes) }
    if entry.dtype == .f32 {
      UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
      return
    }
    // The data starts wherever the header ends: an odd address is legal, so go through a buffer.
    let chunk = 4096
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: chunk) { halves in
      for first in stride(from: 0, to: entry.count, by: chunk) {
        let count = min(chunk, entry.count - first)
        UnsafeMutableRawBufferPointer(halves).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[2 * first..<2 * (first + count)])
        )
        let convert = entry.dtype == .bf16 ? ck_bf16_to_f32 : ck_f16_to_f32
        convert(halves.baseAddress, out + first, Int64(count))
      }
    }
  }

  /// Takes pages out of this process's memory that were read and are not needed again; the system keeps
  /// them as it keeps any file's.
  private func letGo(of bytes: UnsafeRawBufferPointer) {
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let first = UInt(bitPattern: bytes.baseAddress) / page * page
    let end = (UInt(bitPattern: bytes.baseAddress) + UInt(bytes.count)) / page * page
    guard first < end, let start = UnsafeMutableRawPointer(bitPattern: first) else { return }
    madvise(start, Int(end - first), MADV_DONTNEED)
  }
}
