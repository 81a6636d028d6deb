import Glibc

/// Messages for people beside the output proper.
enum StandardError {
  /// Writes one line.
  static func write(_ line: String) {
    _ = try? StandardStream.write(line + "\n", to: STDERR_FILENO, name: "standard error")
  }
}

/// The output proper.
enum StandardOutput {
  /// Writes text as it is.
  ///
  /// - Throws: `StandardStream.Failure` when the reader is gone or the disk full: results must not be lost silently.
  static func write(_ text: String) throws {
    try StandardStream.write(text, to: STDOUT_FILENO, name: "standard output")
  }
}

/// Writing to descriptors.
enum StandardStream {
  /// What was written did not arrive.
  struct Failure: Error, CustomStringConvertible {
    var name: String
    var code: Int32

    var description: String {
      "\(name): cannot write: \(String(cString: strerror(code))). Check where it is redirected to."
    }
  }

  static func write(_ text: String, to descriptor: Int32, name: String) throws {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        Glibc.write(descriptor, raw.baseAddress! + written, raw.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(name: name, code: errno)
      }
      written += count
    }
  }
}
