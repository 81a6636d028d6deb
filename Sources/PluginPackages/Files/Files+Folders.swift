import Glibc
import PluginHost

extension Files {
  /// Removes a file, or a folder with all in it; links are removed, not followed. What is not there is no error.
  static func removeTree(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw FileFailure(path: path, operation: "inspect", code: errno)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in names(in: path) ?? [] { try removeTree(path + "/" + name) }
      guard rmdir(path) == 0 || errno == ENOENT else {
        throw FileFailure(path: path, operation: "remove", code: errno)
      }
    } else {
      guard unlink(path) == 0 || errno == ENOENT else {
        throw FileFailure(path: path, operation: "remove", code: errno)
      }
    }
  }

  /// Makes what happened to the names in a folder durable.
  static func syncFolder(_ path: String) throws {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw FileFailure(path: path, operation: "open", code: errno) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw FileFailure(path: path, operation: "write", code: errno) }
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The last part of a path.
  static func lastPart(_ path: String) -> String {
    path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? path
  }
}

/// An exclusive lock on a folder among all processes of the machine; let go when it is destroyed or the process dies. It leaves no
/// file behind.
final class FolderLock {
  private let descriptor: Int32

  /// Waits until the lock is free. The folder is made where it is missing.
  init(_ path: String) throws {
    try Files.makeDirectory(path)
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(path: path, operation: "open", code: errno) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        let code = errno
        close(descriptor)
        throw FileFailure(path: path, operation: "lock", code: code)
      }
    }
  }

  deinit { close(descriptor) }
}
