import Glibc
import StepwisePlugin

/// Where a published dataset's files may lie: a file itself, or a folder with one file for each split.
public enum FileSearch {
  /// Whether the path is a folder.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The file of a split in a folder: `NAME.jsonl` or `NAME.jsonl.gz`, the first of the names that is there; the path itself where it is
  /// a file.
  ///
  /// - Throws: `PluginFailure` that names what was looked for.
  public static func file(_ path: String, names: [String], of dataset: String) throws -> String {
    guard isFolder(path) else { return path }
    for name in names {
      for suffix in [".jsonl", ".jsonl.gz"] {
        let candidate = "\(path)/\(name)\(suffix)"
        if access(candidate, R_OK) == 0 { return candidate }
      }
    }
    let wanted = names.map { "\($0).jsonl or \($0).jsonl.gz" }.joined(separator: ", ")
    throw PluginFailure(
      .argument,
      "path: \(path) has no \(wanted); give the folder with \(dataset)'s files, or one file"
    )
  }

  /// The entries of a folder, sorted by their bytes, numbers in their order: `2.json` before `10.json`.
  public static func entries(_ folder: String) throws -> [String] {
    guard let stream = opendir(folder) else {
      throw PluginFailure(
        .inputOutput,
        "\(folder): the folder cannot be read: \(String(cString: strerror(errno)))"
      )
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted { left, right in
      let (a, b) = (number(left), number(right))
      return a != b ? a < b : left.utf8.lexicographicallyPrecedes(right.utf8)
    }
  }

  /// The number that a name begins with; all names without one come after.
  private static func number(_ name: String) -> Int {
    Int(String(decoding: name.utf8.prefix { (0x30...0x39).contains($0) }, as: UTF8.self)) ?? .max
  }
}
