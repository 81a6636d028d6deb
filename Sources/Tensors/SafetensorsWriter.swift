internal import CKernels

#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

/// A tensor to be written.
public struct SafetensorsTensor {
  /// The name in the checkpoint.
  public let name: String
  /// Extent of each axis, outermost first.
  public let shape: [Int]
  /// Hands over FP32 values in row-major order, in pieces; called once, while the tensor is written.
  let pieces: (_ take: ([Float]) throws -> Void) throws -> Void

  /// Values made when they are needed.
  public init(name: String, shape: [Int], values: @escaping () -> [Float]) {
    self.name = name
    self.shape = shape
    pieces = { try $0(values()) }
  }

  /// Values of a buffer, read piece by piece, so that a checkpoint is never held twice.
  public init(
    name: String,
    shape: [Int],
    backend: any Backend,
    buffer: @escaping () -> Buffer
  ) {
    self.name = name
    self.shape = shape
    pieces = { take in
      let buffer = buffer()
      for start in stride(from: 0, to: buffer.count, by: Self.piece) {
        let count = min(Self.piece, buffer.count - start)
        try take(backend.read(buffer.slice(start, count: count)))
      }
    }
  }

  /// A parameter's values.
  public init(_ parameter: Parameter) {
    self.init(name: parameter.name, shape: parameter.shape, backend: parameter.backend) {
      parameter.value.buffer
    }
  }

  /// Values read at a time: 4 MiB.
  private static let piece = 1 << 20
}

/// Writes a safetensors file that is either whole or absent: into a temporary file in the same
/// directory, fsync, rename over `path`, fsync of the directory.
///
/// - Parameters:
///   - tensors: written in this order; names must be unique.
///   - metadata: the header's `__metadata__`; transformers wants ["format": "pt"].
///   - dtype: BF16 and F16 round to nearest even.
public func writeSafetensors(
  to path: String,
  tensors: [SafetensorsTensor],
  metadata: [String: String] = [:],
  dtype: SafetensorsDType = .f32
) throws {
  let writer = try SafetensorsWriter(path: path)
  do {
    try writer.write(header(tensors, metadata, dtype, path))
    for tensor in tensors { try writer.write(tensor, dtype) }
    try writer.commit()
  } catch {
    writer.discard()
    throw error
  }
}

private func header(
  _ tensors: [SafetensorsTensor],
  _ metadata: [String: String],
  _ dtype: SafetensorsDType,
  _ path: String
) throws -> [UInt8] {
  var members: [String] = []
  if !metadata.isEmpty {
    let pairs = metadata.sorted { $0.key < $1.key }
      .map { "\(quoted($0.key)):\(quoted($0.value))" }
    members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
  }
  var names: Set<String> = []
  var end = 0
  for tensor in tensors {
    guard names.insert(tensor.name).inserted else {
      throw SafetensorsError(file: path, fault: .duplicateTensor(tensor.name))
    }
    let start = end
    end += tensor.shape.product * dtype.size
    let shape = tensor.shape.map(String.init).joined(separator: ",")
    members.append(
      "\(quoted(tensor.name)):{\"dtype\":\"\(dtype.rawValue)\",\"shape\":[\(shape)],"
        + "\"data_offsets\":[\(start),\(end)]}"
    )
  }
  var json = Array("{\(members.joined(separator: ","))}".utf8)
  // Padded with spaces to 8 bytes: the data is aligned for every dtype.
  json += [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8)
  return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
}

private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case let control where control.value < 0x20:
      let digits = String(control.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

private final class SafetensorsWriter {
  private let path: String
  private let temporary: String
  private var descriptor: Int32

  init(path: String) throws {
    self.path = path
    temporary = "\(path).\(getpid()).partial"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw failure("open") }
  }

  private func failure(_ operation: String) -> SafetensorsError {
    SafetensorsError(file: path, fault: .cannotWrite(operation: operation, errno: errno))
  }

  func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  private func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      // Linux writes at most 2 GiB at once.
      let written = Glibc.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
      if written < 0 {
        if errno == EINTR { continue }
        throw failure("write")
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  func write(_ tensor: SafetensorsTensor, _ dtype: SafetensorsDType) throws {
    var count = 0
    try tensor.pieces { values in
      count += values.count
      try write(values, dtype)
    }
    guard count == tensor.shape.product else {
      throw SafetensorsError(
        file: path,
        fault: .wrongCount(tensor: tensor.name, values: count, shape: tensor.shape)
      )
    }
  }

  private func write(_ values: [Float], _ dtype: SafetensorsDType) throws {
    if dtype == .f32 {
      try values.withUnsafeBytes { try write($0) }
      return
    }
    let halves = [UInt16](unsafeUninitializedCapacity: values.count) { halves, count in
      let convert = dtype == .bf16 ? ck_f32_to_bf16 : ck_f32_to_f16
      convert(values, halves.baseAddress, Int64(values.count))
      count = values.count
    }
    try halves.withUnsafeBytes { try write($0) }
  }

  func commit() throws {
    guard fsync(descriptor) == 0 else { throw failure("fsync") }
    let closing = descriptor
    descriptor = -1
    guard close(closing) == 0 else { throw failure("close") }
    guard rename(temporary, path) == 0 else { throw failure("rename") }
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let handle = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard handle >= 0 else { throw failure("open of the directory") }
    defer { close(handle) }
    guard fsync(handle) == 0 else { throw failure("fsync of the directory") }
  }

  func discard() {
    if descriptor >= 0 { close(descriptor) }
    unlink(temporary)
  }
}
