import Glibc

/// The few file operations that durability depends on, each with a typed error.
enum Files {
  /// Writes all of `bytes` at the descriptor's position.
  static func writeAll(_ bytes: some Sequence<UInt8>, to descriptor: Int32, path: String) throws {
    let buffer = Array(bytes)
    var written = 0
    while written < buffer.count {
      let count = buffer.withUnsafeBytes { raw in
        write(descriptor, raw.baseAddress! + written, raw.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        let code = errno
        if written > 0 {
          throw RunStoreError.shortWrite(
            path: path,
            written: written,
            of: buffer.count,
            code: code
          )
        }
        throw RunStoreError.system(operation: "write", path: path, code: code)
      }
      written += count
    }
  }

  /// Replaces a file as a whole: a reader sees the old bytes or the new ones, also after a power cut.
  static func replace(_ path: String, with bytes: some Sequence<UInt8>) throws {
    let temporary = "\(path).tmp-\(getpid())"
    do {
      let descriptor = try openFile(temporary, O_WRONLY | O_CREAT | O_TRUNC)
      defer { close(descriptor) }
      try writeAll(bytes, to: descriptor, path: path)
      try synchronize(descriptor, path: path)
    } catch {
      unlink(temporary)
      throw error
    }
    try moveItem(temporary, to: path)
    try synchronize(directory: parent(of: path))
  }

  /// The bytes of a file.
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = try openFile(path, O_RDONLY)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    try forEachChunk(of: descriptor, path: path) { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Calls `body` with one piece of the file after the other.
  static func forEachChunk(
    of descriptor: Int32,
    path: String,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = buffer.withUnsafeMutableBytes { raw in
        Glibc.read(descriptor, raw.baseAddress!, raw.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw RunStoreError.system(operation: "read", path: path, code: errno)
      }
      if count == 0 { return }
      try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }

  /// Opens with close-on-exec: plugin workers must not inherit the run's files.
  static func openFile(_ path: String, _ flags: Int32) throws -> Int32 {
    let descriptor = open(path, flags | O_CLOEXEC, 0o644)
    if descriptor < 0 {
      throw RunStoreError.system(operation: "open", path: path, code: errno)
    }
    return descriptor
  }

  /// Waits until the descriptor's bytes are on the disk.
  static func synchronize(_ descriptor: Int32, path: String) throws {
    // Pipes and devices have nothing to synchronise and say EINVAL.
    if fsync(descriptor) != 0, errno != EINVAL {
      throw RunStoreError.system(operation: "synchronise", path: path, code: errno)
    }
  }

  /// Waits until a file's bytes are on the disk.
  static func synchronize(file path: String) throws {
    let descriptor = try openFile(path, O_RDONLY)
    defer { close(descriptor) }
    try synchronize(descriptor, path: path)
  }

  /// Waits until a directory's entries are on the disk.
  static func synchronize(directory path: String) throws {
    let descriptor = try openFile(path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    try synchronize(descriptor, path: path)
  }

  /// Renames within one file system, replacing a file at the target.
  static func moveItem(_ source: String, to target: String) throws {
    if rename(source, target) != 0 {
      throw RunStoreError.system(operation: "rename \(source) to", path: target, code: errno)
    }
  }

  /// Makes a directory that must not exist yet.
  static func makeDirectory(_ path: String) throws {
    if mkdir(path, 0o755) != 0 {
      throw RunStoreError.system(operation: "make the directory", path: path, code: errno)
    }
  }

  /// The directory that an entry stands in.
  static func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Length in bytes, or `nil` when there is no such file.
  static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }
}
