import Glibc

/// Reading and durable writing of whole files.
enum FileAccess {
  /// The file's bytes, nil where it does not exist.
  static func read(_ path: String) throws(TokenizerError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw failure(path, "cannot be opened", "Check the file's permissions")
    }
    defer { close(descriptor) }
    var status = stat()
    fstat(descriptor, &status)
    var bytes: [UInt8] = []
    // One byte more than the size, so that the end is seen without growing.
    var capacity = Int(status.st_size) + 1
    while true {
      let old = bytes.count
      var readCount = 0
      bytes.append(contentsOf: repeatElement(0, count: capacity))
      bytes.withUnsafeMutableBytes {
        readCount = Glibc.read(descriptor, $0.baseAddress! + old, capacity)
      }
      bytes.removeLast(capacity - max(readCount, 0))
      if readCount < 0 {
        if errno == EINTR { continue }
        throw failure(path, "cannot be read", "Check the file and its disk")
      }
      if readCount == 0 { return bytes }
      capacity = max(capacity - readCount, 65_536)
    }
  }

  /// Replaces the file in one step: written beside its place, synchronised, renamed.
  static func write(_ bytes: [UInt8], to path: String) throws(TokenizerError) {
    let temporary = "\(path).\(getpid()).tmp"
    let cure = "Free space on the disk, or name a directory that may be written"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path, "cannot be written", cure) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        let error = failure(path, "cannot be written", cure)
        close(descriptor)
        unlink(temporary)
        throw error
      }
      written += count
    }
    let isSynchronized = fsync(descriptor) == 0
    let cause = errno
    guard close(descriptor) == 0, isSynchronized, rename(temporary, path) == 0 else {
      if !isSynchronized { errno = cause }
      let error = failure(path, "cannot be written", cure)
      unlink(temporary)
      throw error
    }
    synchronizeDirectory(of: path)
  }

  /// Makes the rename itself durable; a file system that cannot is no reason to fail.
  private static func synchronizeDirectory(of path: String) {
    let directory =
      path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func failure(_ path: String, _ problem: String, _ cure: String) -> TokenizerError {
    TokenizerError(
      file: path,
      path: "",
      problem: "the file \(problem): \(String(cString: strerror(errno)))",
      cure: cure
    )
  }
}
