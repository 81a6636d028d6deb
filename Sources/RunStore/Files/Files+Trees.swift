import FoundationEssentials
import Glibc

extension Files {
  /// Names in a directory, sorted by their bytes; empty when there is no such directory.
  static func entries(_ path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Paths of all regular files below a directory, relative to it, sorted by their bytes.
  static func filesBelow(_ path: String) -> [String] {
    var found: [String] = []
    var pending = [""]
    while let prefix = pending.popLast() {
      for name in entries(prefix.isEmpty ? path : "\(path)/\(prefix)") {
        let relative = prefix.isEmpty ? name : "\(prefix)/\(name)"
        if isDirectory("\(path)/\(relative)") {
          pending.append(relative)
        } else {
          found.append(relative)
        }
      }
    }
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Directories below a directory, the deepest first, the directory itself last.
  static func directoriesBelow(_ path: String) -> [String] {
    var found = [path]
    var index = 0
    while index < found.count {
      let directory = found[index]
      found += entries(directory).map { "\(directory)/\($0)" }.filter(isDirectory)
      index += 1
    }
    return found.reversed()
  }

  /// Whether the path is a directory and not a link to one.
  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Removes a file or a whole tree; nothing there is fine.
  static func removeTree(_ path: String) throws {
    if isDirectory(path) {
      for name in entries(path) { try removeTree("\(path)/\(name)") }
      if rmdir(path) != 0, errno != ENOENT {
        throw RunStoreError.system(operation: "remove", path: path, code: errno)
      }
    } else if unlink(path) != 0, errno != ENOENT {
      throw RunStoreError.system(operation: "remove", path: path, code: errno)
    }
  }
}
