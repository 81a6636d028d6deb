import CPlatform
import Glibc

/// A run's directory as the place of its socket.
///
/// An address holds 107 bytes of path, and runs lie deeper than that. A longer one is reached through /proc/self/fd, whose
/// links stand for open directories and are always short.
final class SocketDirectory: Sendable {
  let path: String
  let descriptor: Int32

  /// - Throws: the errno of opening it.
  init(_ path: String) throws(OpenError) {
    self.path = path
    descriptor = platform_open_directory(path)
    if descriptor < 0 { throw OpenError(code: errno) }
  }

  deinit { close(descriptor) }

  struct OpenError: Error { var code: Int32 }

  /// A path of an entry that an address can hold.
  func address(of name: String) -> String {
    let whole = "\(path)/\(name)"
    return whole.utf8.count <= Int(PLATFORM_UNIX_PATH_LIMIT)
      ? whole : "/proc/self/fd/\(descriptor)/\(name)"
  }

  /// An entry itself, not what a link there names; `nil` with errno set.
  func status(of name: String) -> stat? {
    var status = stat()
    return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  func isSocket(_ name: String) -> Bool {
    status(of: name).map { $0.st_mode & S_IFMT == S_IFSOCK } ?? false
  }
}
