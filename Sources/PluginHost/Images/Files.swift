package import Glibc

/// A system call that failed, with the reason in words.
package struct FileFailure: Error, CustomStringConvertible {
  package var path: String
  package var operation: String
  package var code: Int32

  package init(path: String, operation: String, code: Int32) {
    self.path = path
    self.operation = operation
    self.code = code
  }

  package var description: String {
    "cannot \(operation) \(path): \(String(cString: strerror(code)))"
  }
}

/// The few file operations that loading needs, without Foundation.
package enum Files {
  /// All bytes of a regular file.
  ///
  /// - Parameter limit: refuses a larger file before reading it.
  package static func read(_ path: String, limit: Int) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileFailure(path: path, operation: "open", code: errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw FileFailure(path: path, operation: "inspect", code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileFailure(path: path, operation: "read (not a regular file)", code: EINVAL)
    }
    guard status.st_size <= limit else {
      throw FileFailure(path: path, operation: "read (above \(limit) bytes)", code: EFBIG)
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileFailure(path: path, operation: "read", code: errno) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      // The file may have grown since it was inspected.
      guard bytes.count <= limit else {
        throw FileFailure(path: path, operation: "read (above \(limit) bytes)", code: EFBIG)
      }
    }
  }

  /// Writes a file that is complete or absent: temporary name in the same directory, fsync, rename.
  package static func writeAtomically(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
    var template = Array((path + ".XXXXXX").utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw FileFailure(path: path, operation: "create", code: errno) }
    do {
      defer { close(file) }
      var written = 0
      while written < bytes.count {
        let count = bytes.withUnsafeBytes {
          write(file, $0.baseAddress! + written, bytes.count - written)
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw FileFailure(path: path, operation: "write", code: errno) }
        written += count
      }
      guard fchmod(file, mode) == 0, fsync(file) == 0 else {
        throw FileFailure(path: path, operation: "write", code: errno)
      }
      guard rename(template, path) == 0 else {
        throw FileFailure(path: path, operation: "rename to", code: errno)
      }
    } catch {
      unlink(template)
      throw error
    }
  }

  /// Makes a directory that only its owner may enter, and those above it.
  package static func makeDirectory(_ path: String) throws {
    var partial = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      partial += "/" + part
      if mkdir(partial, 0o700) != 0, errno != EEXIST {
        throw FileFailure(path: partial, operation: "create", code: errno)
      }
    }
  }

  /// Names in a directory, sorted by bytes; `nil` where it cannot be opened.
  package static func names(in path: String) -> [String]? {
    guard let directory = opendir(path) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The path itself where it is absolute, from the home folder where it starts with `~/`, else from `base`; without `.` and empty
  /// parts. `..` stays: what it means depends on links. `nil` where there is no home folder.
  package static func absolute(_ path: String, from base: String) -> String? {
    // Bytes, not Characters: a slash before a combining mark is still a slash.
    let slash = UInt8(ascii: "/")
    var whole = path
    if path == "~" || path.utf8.starts(with: "~/".utf8) {
      guard let home = getenv("HOME"), UInt8(bitPattern: home[0]) == slash else { return nil }
      whole = String(cString: home) + String(path.unicodeScalars.dropFirst())
    } else if path.utf8.first != slash {
      whole = base + "/" + path
    }
    let parts = whole.utf8.split(separator: slash).map { String(Substring($0)) }
    return "/" + parts.filter { $0 != "." }.joined(separator: "/")
  }

  /// Where relative paths start.
  package static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }

  /// The path without its last part; `.` where it has one part only.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The path without links and `..`; the path as it is where it does not exist.
  package static func canonical(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
