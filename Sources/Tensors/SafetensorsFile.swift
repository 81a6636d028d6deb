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
    // Without waiting: a pipe has no end.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(.cannotOpen(errno: errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(.cannotOpen(errno: errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw failure(.notAFile) }
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
  ///
  /// The file's pages are let go as they are read: a checkpoint is never in memory twice.
  ///
  /// - Parameter refusingNonFinite: Whether NaN and infinity are an error, as they are in a model's weights.
  public func load(
    _ name: String? = nil,
    into parameter: Parameter,
    refusingNonFinite: Bool = false
  ) throws {
    let name = name ?? parameter.name
    let entry = try requireEntry(name)
    guard entry.shape == parameter.shape else {
      throw SafetensorsError(
        file: path,
        fault: .wrongShape(tensor: name, found: entry.shape, wanted: parameter.shape)
      )
    }
    guard let stored = parameter.stored, stored.storage.hostPointer != nil else {
      parameter.assign(
        try load(name, on: parameter.backend, refusingNonFinite: refusingNonFinite)
      )
      return
    }
    try stored.withUnsafeMutableBufferPointer { target in
      try convert(entry, into: target, refusingNonFinite: refusingNonFinite)
    }
  }

  /// Reads a tensor, converted to FP32, into memory of its own.
  ///
  /// - Parameter refusingNonFinite: Whether NaN and infinity are an error.
  public func load(
    _ name: String,
    on backend: any Backend,
    refusingNonFinite: Bool = false
  ) throws -> Buffer {
    let entry = try requireEntry(name)
    let buffer = Buffer(backend.makeStorage(count: entry.count))
    if let target = buffer.storage.hostPointer {
      try convert(
        entry,
        into: UnsafeMutableBufferPointer(start: target, count: buffer.count),
        refusingNonFinite: refusingNonFinite
      )
    } else {
      backend.write(try load(name, refusingNonFinite: refusingNonFinite), to: buffer)
    }
    return buffer
  }

  /// Reads a tensor, converted to FP32.
  ///
  /// - Parameter refusingNonFinite: Whether NaN and infinity are an error.
  public func load(_ name: String, refusingNonFinite: Bool = false) throws -> [Float] {
    let entry = try requireEntry(name)
    return try [Float](unsafeUninitializedCapacity: entry.count) { values, count in
      try convert(
        entry,
        into: UnsafeMutableBufferPointer(rebasing: values[..<entry.count]),
        refusingNonFinite: refusingNonFinite
      )
      count = entry.count
    }
  }

  /// Whether two tensors, of this file or two, have the same shape and values (NaN is like NaN of the same bits).
  public func holds(_ name: String, equalTo other: String, of file: SafetensorsFile) throws -> Bool
  {
    let (a, b) = (try requireEntry(name), try file.requireEntry(other))
    guard a.shape == b.shape else { return false }
    let chunk = Self.chunk
    var isEqual = true
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * chunk) { buffer in
      let (own, others) = (buffer.baseAddress!, buffer.baseAddress! + chunk)
      for first in stride(from: 0, to: a.count, by: chunk) where isEqual {
        let count = min(chunk, a.count - first)
        convert(a, from: first, count: count, into: own)
        file.convert(b, from: first, count: count, into: others)
        isEqual = memcmp(own, others, count * MemoryLayout<Float>.stride) == 0
      }
    }
    letGo(a)
    file.letGo(b)
    return isEqual
  }

  private func requireEntry(_ name: String) throws -> SafetensorsEntry {
    guard let entry = self[name] else {
      throw SafetensorsError(file: path, fault: .noSuchTensor(name))
    }
    return entry
  }

  // MARK: Values

  /// Values that are converted, and looked at, while they are in the cache.
  private static let chunk = 1 << 14

  private func convert(
    _ entry: SafetensorsEntry,
    into target: UnsafeMutableBufferPointer<Float>,
    refusingNonFinite: Bool
  ) throws {
    guard entry.count > 0, let out = target.baseAddress else { return }
    for first in stride(from: 0, to: entry.count, by: Self.chunk) {
      let count = min(Self.chunk, entry.count - first)
      convert(entry, from: first, count: count, into: out + first)
      if refusingNonFinite, let place = Self.firstNonFinite(out + first, count) {
        throw notFinite(entry, at: first + place, value: out[first + place])
      }
    }
    letGo(entry)
  }

  private func convert(
    _ entry: SafetensorsEntry,
    from first: Int,
    count: Int,
    into out: UnsafeMutablePointer<Float>
  ) {
    let start = dataStart + entry.range.lowerBound + first * entry.dtype.size
    let bytes = UnsafeRawBufferPointer(
      rebasing: mapping[start..<start + count * entry.dtype.size]
    )
    if entry.dtype == .f32 {
      UnsafeMutableRawPointer(out).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
      return
    }
    // The data starts wherever the header ends: an odd address is legal, so go through a buffer.
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: count) { halves in
      UnsafeMutableRawBufferPointer(halves).copyMemory(from: bytes)
      let convert = entry.dtype == .bf16 ? ck_bf16_to_f32 : ck_f16_to_f32
      convert(halves.baseAddress, out, Int64(count))
    }
  }

  private static func firstNonFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Int? {
    var largest: UInt32 = 0
    for index in 0..<count { largest = max(largest, values[index].bitPattern & 0x7FFF_FFFF) }
    if largest < 0x7F80_0000 { return nil }
    return (0..<count).first { !values[$0].isFinite }
  }

  private func notFinite(
    _ entry: SafetensorsEntry,
    at position: Int,
    value: Float
  ) -> SafetensorsError {
    var index: [Int] = []
    var rest = position
    for extent in entry.shape.reversed() {
      index.append(rest % extent)
      rest /= extent
    }
    return SafetensorsError(
      file: path,
      fault: .notFinite(
        tensor: entry.name,
        index: index.reversed(),
        value: value.description
      )
    )
  }

  /// Takes the whole pages of a tensor out of this process; the system may keep the file cached.
  private func letGo(_ entry: SafetensorsEntry) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (dataStart + entry.range.lowerBound + page - 1) / page * page
    let end = (dataStart + entry.range.upperBound) / page * page
    guard start < end else { return }
    madvise(
      UnsafeMutableRawPointer(mutating: mapping.baseAddress! + start),
      end - start,
      MADV_DONTNEED
    )
  }
}
