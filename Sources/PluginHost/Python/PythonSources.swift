import Glibc

/// The code of a Python plugin: its entry file and the other Python files beside and below it, read once.
///
/// What runs is a private copy, as with libraries: the file itself where it stands alone, else a tar of all files. The copy is a
/// function of names and bytes alone, so its SHA-256 is the plugin's digest.
package struct PythonSources {
  /// A file, relative to the folder of the entry.
  package struct File: Equatable {
    package var path: String
    package var bytes: [UInt8]
  }

  /// The folder of the entry file.
  package var directory: String
  /// The entry file's name.
  package var entry: String
  /// All files, sorted by the bytes of their paths.
  package var files: [File]

  /// More than any plugin's own code; what is larger belongs into a package of its own.
  private static let fileLimit = 2000
  private static let byteLimit = 64 << 20
  private static let depthLimit = 16

  /// What is in the way.
  package struct Problem: Error, CustomStringConvertible {
    package var description: String
    package var cure: String?
  }

  /// Reads the entry file and its neighbours. Hidden folders, `__pycache__`, virtual environments and links to folders are left
  /// out.
  package init(entry path: String) throws {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    directory = slash.map { String(path[..<$0]) } ?? "."
    entry = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
    files = []
    guard entry.hasSuffix(".py") else {
      throw Problem(description: "\(path) is no Python file", cure: "name a file that ends in .py")
    }
    var left = Self.byteLimit
    try collect("", depth: 0, left: &left)
    let entry = entry
    guard files.contains(where: { $0.path.utf8.elementsEqual(entry.utf8) }) else {
      throw Problem(description: "there is no file \(path)")
    }
    files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  private mutating func collect(_ prefix: String, depth: Int, left: inout Int) throws {
    let folder = prefix.isEmpty ? directory : "\(directory)/\(prefix.dropLast())"
    let names = Files.names(in: folder) ?? []
    if depth > 0, names.contains("pyvenv.cfg") { return }
    for name in names where name.utf8.first != UInt8(ascii: ".") {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        guard name != "__pycache__", depth < Self.depthLimit else { continue }
        try collect(prefix + name + "/", depth: depth + 1, left: &left)
      } else if name.hasSuffix(".py") {
        guard files.count < Self.fileLimit else {
          throw Problem(
            description: "\(directory) has more than \(Self.fileLimit) Python files",
            cure: "give the plugin a folder of its own"
          )
        }
        let bytes = try Files.read(path, limit: left)
        left -= bytes.count
        files.append(File(path: prefix + name, bytes: bytes))
      }
    }
  }

  /// Whether there is more than the entry file.
  package var isArchive: Bool { files.count > 1 }

  /// The bytes of the copy: the entry file, or a tar (POSIX ustar) without times, owners and modes of the files.
  package func image() throws -> [UInt8] {
    guard isArchive else { return files.first?.bytes ?? [] }
    var tar: [UInt8] = []
    for file in files {
      tar += try Self.header(file)
      tar += file.bytes
      tar += [UInt8](repeating: 0, count: (512 - file.bytes.count % 512) % 512)
    }
    return tar + [UInt8](repeating: 0, count: 1024)
  }

  private static func header(_ file: File) throws -> [UInt8] {
    let (prefix, name) = try split(Array(file.path.utf8))
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
      for (index, byte) in bytes.enumerated() { header[offset + index] = byte }
    }
    func octal(_ number: Int, _ width: Int) -> [UInt8] {
      let digits = Array(String(number, radix: 8).utf8)
      return [UInt8](repeating: UInt8(ascii: "0"), count: width - digits.count) + digits
    }
    put(name, at: 0)
    put("0000644".utf8, at: 100)
    put("0000000".utf8, at: 108)
    put("0000000".utf8, at: 116)
    put(octal(file.bytes.count, 11), at: 124)
    put(octal(0, 11), at: 136)
    // The checksum counts itself as spaces; then the type, a file.
    put("        0".utf8, at: 148)
    put("ustar".utf8, at: 257)
    put("00".utf8, at: 263)
    put(prefix, at: 345)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + [0, UInt8(ascii: " ")], at: 148)
    return header
  }

  /// The two fields that a path has in a header: at most 155 and 100 bytes, cut at a slash.
  private static func split(_ path: [UInt8]) throws -> (prefix: [UInt8], name: [UInt8]) {
    if path.count <= 100 { return ([], path) }
    let cuts = path.indices.filter { path[$0] == UInt8(ascii: "/") && $0 <= 155 }
    guard let cut = cuts.last, path.count - cut - 1 <= 100 else {
      throw Problem(
        description: "the path \(String(decoding: path, as: UTF8.self)) is too long for an archive",
        cure: "shorten it"
      )
    }
    return (Array(path[..<cut]), Array(path[(cut + 1)...]))
  }
}

extension PythonSources {
  /// The files of an image that `image()` made; `nil` where it is a single Python file.
  static func files(inImage bytes: [UInt8]) -> [File]? {
    func field(_ offset: Int, _ size: Int) -> String {
      String(decoding: bytes[offset..<offset + size].prefix { $0 != 0 }, as: UTF8.self)
    }
    guard bytes.count >= 1024, field(257, 5) == "ustar" else { return nil }
    var files: [File] = []
    var offset = 0
    while offset + 512 <= bytes.count, bytes[offset] != 0 {
      let prefix = field(offset + 345, 155)
      let name = field(offset, 100)
      guard let size = Int(field(offset + 124, 11), radix: 8), size >= 0,
        offset + 512 + size <= bytes.count
      else { return files }
      let start = offset + 512
      files.append(
        File(
          path: prefix.isEmpty ? name : "\(prefix)/\(name)",
          bytes: Array(bytes[start..<start + size])
        )
      )
      offset = start + (size + 511) / 512 * 512
    }
    return files
  }
}
