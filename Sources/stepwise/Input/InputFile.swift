import Glibc

/// Reads whole files with messages that name them.
enum InputFile {
  /// A file that cannot be read, with the cause.
  struct Failure: Error, CustomStringConvertible {
    var path: String
    var code: Int32

    var description: String {
      "\(path): cannot read: \(String(cString: strerror(code))). Check the path and its permissions."
    }
  }

  /// The bytes of a file; `-` is standard input.
  static func bytes(_ path: String) throws(Failure) -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(path: path, code: errno) }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(path: path, code: errno)
      }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// The text of a file, which must be UTF-8.
  static func text(_ path: String) throws -> String {
    guard let text = String(validating: try bytes(path), as: UTF8.self) else {
      throw InputError(path, "", "the file is not UTF-8 text", cure: "Convert it to UTF-8")
    }
    return text
  }
}

/// What is wrong with a line or a value of an input file.
struct InputError: Error, Equatable, CustomStringConvertible {
  var file: String
  /// Line or path of the value; empty for the file as a whole.
  var place: String
  var problem: String
  var cure: String

  init(_ file: String, _ place: String, _ problem: String, cure: String) {
    self.file = file
    self.place = place
    self.problem = problem
    self.cure = cure
  }

  var description: String {
    "\(file): \(place.isEmpty ? "" : "\(place): ")\(problem). \(cure)."
  }
}
