import Glibc

/// Private copies of libraries under the names of their digests.
///
/// `dlopen` of a path that is already open gives the old code, also after the file was replaced, and a file that is replaced
/// while it is mapped takes the process down. So nothing is loaded from where it lies: the bytes are read once, checked, and
/// loaded from a copy named by their SHA-256, which nobody else writes to.
public struct ImageStore: Sendable {
  /// Where the copies are kept.
  public let directory: String

  /// A store in a directory of the host's choice, made when it is needed.
  ///
  /// - Parameter directory: default `$XDG_CACHE_HOME/stepwise/images`, or `~/.cache/stepwise/images`.
  public init(directory: String? = nil) {
    if let directory {
      self.directory = directory
      return
    }
    let environment = { (name: String) -> String? in
      guard let value = getenv(name), value.pointee != 0 else { return nil }
      return String(cString: value)
    }
    let cache = environment("XDG_CACHE_HOME") ?? (environment("HOME") ?? "/tmp") + "/.cache"
    self.directory = cache + "/stepwise/images"
  }

  /// Keeps the bytes and answers the copy's path. An existing copy is used only when its bytes still have that digest.
  ///
  /// - Parameters:
  ///   - suffix: the copy's kind of file.
  ///   - mode: who may do what with it; a library must be executable on some systems.
  func keep(
    _ bytes: [UInt8],
    digest: String,
    suffix: String = "so",
    mode: mode_t = 0o500
  ) throws -> String {
    let path = "\(directory)/\(digest).\(suffix)"
    if let present = try? Files.read(path, limit: bytes.count), present == bytes { return path }
    try Files.makeDirectory(directory)
    try Files.writeAtomically(bytes, to: path, mode: mode)
    return path
  }
}
