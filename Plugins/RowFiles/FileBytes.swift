import CZlib
import Glibc
import StepwisePlugin

/// The bytes of a file, unpacked where it is gzip (which its first two bytes tell, whatever its name).
func readFile(_ path: String) throws -> [UInt8] {
  let bytes = try readRaw(path)
  return bytes.starts(with: [0x1F, 0x8B]) ? try unpack(bytes, path: path) : bytes
}

/// zlib's CRC-32 of the bytes.
func checksum(_ bytes: [UInt8]) -> UInt64 {
  bytes.withUnsafeBufferPointer { UInt64(crc32_z(0, $0.baseAddress, $0.count)) }
}

private func readRaw(_ path: String) throws -> [UInt8] {
  func failure(_ what: String) -> PluginFailure {
    PluginFailure(.inputOutput, "\(path): \(what): \(String(cString: strerror(errno)))")
  }
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw failure("the file cannot be opened") }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw failure("the file cannot be examined") }
  guard status.st_mode & S_IFMT != S_IFDIR else {
    throw PluginFailure(.argument, "\(path) is a folder; give the path of one file")
  }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(Int(status.st_size) + 1)
  let chunk = 1 << 20
  while true {
    var count = 0
    let block = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, initialized in
      repeat {
        count = read(descriptor, buffer.baseAddress, chunk)
      } while count < 0
        && errno == EINTR
      initialized = max(count, 0)
    }
    guard count >= 0 else { throw failure("the file cannot be read") }
    if count == 0 { return bytes }
    bytes += block
  }
}

/// Unpacks gzip, also where it is several members one after the other.
private func unpack(_ packed: [UInt8], path: String) throws -> [UInt8] {
  var stream = z_stream()
  // 15: the largest window; + 16: gzip, header and checksum included.
  guard
    inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  else { throw PluginFailure("\(path): zlib could not start") }
  defer { inflateEnd(&stream) }
  var unpacked: [UInt8] = []
  var used = 0
  var isBetweenMembers = false
  try packed.withUnsafeBufferPointer { input in
    while used < input.count {
      if isBetweenMembers {
        // Tapes and some servers pad with zeros, which gzip(1) accepts too.
        if input[used...].allSatisfy({ $0 == 0 }) { return }
        inflateReset(&stream)
        isBetweenMembers = false
      }
      // zlib counts in 32 bits.
      let offered = min(input.count - used, 1 << 30)
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + used)
      stream.avail_in = UInt32(offered)
      var result = Z_OK
      repeat {
        let room = 1 << 18
        unpacked += [UInt8](unsafeUninitializedCapacity: room) { output, initialized in
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(room)
          result = inflate(&stream, Z_NO_FLUSH)
          initialized = room - Int(stream.avail_out)
        }
      } while result == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0)
      used += offered - Int(stream.avail_in)
      switch result {
      case Z_STREAM_END: isBetweenMembers = true
      case Z_OK, Z_BUF_ERROR: break
      default:
        let detail = stream.msg.map { ": " + String(cString: $0) } ?? ""
        throw PluginFailure(
          .data,
          "\(path): damaged gzip data near byte \(used)\(detail); fetch the file again"
        )
      }
    }
  }
  guard isBetweenMembers else {
    throw PluginFailure(
      .data,
      "\(path): the gzip file ends in the middle, after \(packed.count) bytes; fetch it again"
    )
  }
  return unpacked
}
