import Glibc

extension Files {
  /// The bytes of a file of /proc, whose size nobody knows before.
  static func readStream(_ path: String, limit: Int) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileFailure(path: path, operation: "open", code: errno) }
    defer { close(file) }
    var bytes: [UInt8] = []
    try withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { chunk in
      while bytes.count < limit {
        let count = Glibc.read(file, chunk.baseAddress, chunk.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw FileFailure(path: path, operation: "read", code: errno) }
        if count == 0 { return }
        bytes.append(contentsOf: chunk[..<count])
      }
    }
    return bytes
  }
}
