import Glibc

/// Writes results that must not be half there.
enum OutputFile {
  /// Writes a file whole or not at all. Nobody can read it before it has its mode.
  static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws {
    var template = Array((path + ".XXXXXX").utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw StandardStream.Failure(name: path, code: errno) }
    do {
      defer { close(file) }
      try write(bytes, file, path)
      guard fchmod(file, mode) == 0, fsync(file) == 0, rename(template, path) == 0 else {
        throw StandardStream.Failure(name: path, code: errno)
      }
    } catch {
      unlink(template)
      throw error
    }
  }

  private static func write(_ bytes: [UInt8], _ file: Int32, _ path: String) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw StandardStream.Failure(name: path, code: errno) }
      written += count
    }
  }

  /// Makes the folder that a file is to lie in; one that is there is no error.
  static func makeFolder(of path: String) throws {
    var partial = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/").dropLast() {
      partial += "/" + part
      if mkdir(partial, 0o755) != 0, errno != EEXIST {
        throw StandardStream.Failure(name: partial, code: errno)
      }
    }
  }
}
