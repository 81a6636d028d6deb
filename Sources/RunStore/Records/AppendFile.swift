import Glibc

/// A file to which whole lines are added at the end.
///
/// There is no buffer: a line is in the kernel when `append` returns, so that killing the process loses none. A line that
/// could not be written whole is taken back, so that the file ends with a newline at any time but during the call.
final class AppendFile {
  let path: String
  private var descriptor: Int32
  private(set) var length: Int

  init(path: String) throws {
    self.path = path
    descriptor = try Files.openFile(path, O_WRONLY | O_CREAT | O_APPEND)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw RunStoreError.system(operation: "look at", path: path, code: code)
    }
    length = Int(status.st_size)
  }

  deinit { close(descriptor) }

  func append(line: String) throws {
    let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
    do {
      try Files.writeAll(bytes, to: descriptor, path: path)
    } catch {
      // Best effort: should this fail too, `rewind` still drops the torn line.
      _ = ftruncate(descriptor, off_t(length))
      throw error
    }
    length += bytes.count
  }

  func truncate(to newLength: Int) throws {
    guard newLength != length else { return }
    if ftruncate(descriptor, off_t(newLength)) != 0 {
      throw RunStoreError.system(operation: "shorten", path: path, code: errno)
    }
    length = newLength
    try synchronize()
  }

  /// Drops the lines that `isKept` refuses, and a torn one at the end, in one step.
  func keepLines(where isKept: (ArraySlice<UInt8>) -> Bool) throws {
    let newline = UInt8(ascii: "\n")
    let bytes = try Files.read(path)
    let whole = bytes[..<((bytes.lastIndex(of: newline) ?? -1) + 1)]
    let kept = whole.split(separator: newline).filter(isKept).flatMap { $0 + [newline] }
    try Files.replace(path, with: kept)
    let replaced = try Files.openFile(path, O_WRONLY | O_APPEND)
    close(descriptor)
    descriptor = replaced
    length = kept.count
  }

  /// Whether a line ends exactly at `offset` (or the file begins there).
  func endsLine(at offset: Int) throws -> Bool {
    guard offset > 0 else { return offset == 0 }
    guard offset <= length else { return false }
    let reader = try Files.openFile(path, O_RDONLY)
    defer { close(reader) }
    var byte: UInt8 = 0
    return pread(reader, &byte, 1, off_t(offset - 1)) == 1 && byte == UInt8(ascii: "\n")
  }

  func synchronize() throws { try Files.synchronize(descriptor, path: path) }
}
