/// What a file of a package may be called: a relative path that means the same on every system.
enum EntryName {
  /// Why the name is refused; `nil` where it is good.
  static func problem(_ name: String) -> String? {
    let bytes = Array(name.utf8)
    if bytes.isEmpty { return "has no name" }
    if bytes.count > 255 { return "has a name of \(bytes.count) bytes; at most 255 are allowed" }
    if bytes[0] == UInt8(ascii: "/") { return "has an absolute path" }
    if let bad = bytes.first(where: { !isAllowed($0) }) {
      return "has the byte \(bad) in its name; letters, digits and . _ - + = @ ~ are allowed"
    }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    if parts.contains("..") { return "leads out of the package with '..'" }
    if parts.contains("") || parts.contains(".") { return "has an empty part or '.' in its path" }
    if parts.count > 16 { return "lies \(parts.count) folders deep; at most 16 are allowed" }
    return nil
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      return true
    default: return "/._-+=@~".utf8.contains(byte)
    }
  }

  /// The name as a file system without case sees it. Names are ASCII.
  static func folded(_ name: String) -> String { name.lowercased() }
}

/// The names of a package so far, to find two that are one, or one that is the folder of another.
struct EntryNames {
  private var files: Set<String> = []
  private var folders: Set<String> = []

  /// Why the name cannot join the others; `nil` where it did.
  mutating func insert(_ name: String) -> String? {
    if let problem = EntryName.problem(name) { return problem }
    let folded = EntryName.folded(name)
    guard !files.contains(folded) else { return "is there twice, upper and lower case being one" }
    guard !folders.contains(folded) else { return "is a file and a folder" }
    var parents: [String] = []
    var parent = folded[...]
    while let slash = parent.lastIndex(of: "/") {
      parent = parent[..<slash]
      guard !files.contains(String(parent)) else { return "lies in the file \(parent)" }
      parents.append(String(parent))
    }
    files.insert(folded)
    folders.formUnion(parents)
    return nil
  }
}
