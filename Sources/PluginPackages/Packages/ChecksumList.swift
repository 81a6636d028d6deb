import PluginHost

/// `SHA256SUMS`: the digest of every other file of a package, in the form that `sha256sum -c` reads.
struct ChecksumList {
  static let fileName = "SHA256SUMS"

  /// The list of the files.
  static func text(_ files: [String: [UInt8]]) -> String {
    files.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .filter { $0 != fileName }
      .map { "\(sha256(files[$0]!))  \($0)\n" }
      .joined()
  }

  /// What of the files is not as the list says; `nil` where all is.
  static func problem(_ files: [String: [UInt8]]) -> String? {
    guard let list = files[fileName] else { return "it has no \(fileName)" }
    guard let text = String(validating: list, as: UTF8.self) else {
      return "its \(fileName) is not text"
    }
    var seen: Set<String> = []
    for line in text.utf8.split(separator: 0x0A) {
      // 64 digits, two spaces, the name.
      guard line.count > 66, let parsed = String(Substring(line)).splitChecksum else {
        return "its \(fileName) has a line that is no checksum"
      }
      guard seen.insert(parsed.name).inserted else {
        return "its \(fileName) names \(parsed.name.debugDescription) twice"
      }
      guard let bytes = files[parsed.name] else {
        return "its \(fileName) names \(parsed.name.debugDescription), which is not there"
      }
      let found = sha256(bytes)
      guard found == parsed.digest else {
        return "\(parsed.name) has the SHA-256 \(found), \(fileName) says \(parsed.digest)"
      }
    }
    if let extra = files.keys.sorted().first(where: { $0 != fileName && !seen.contains($0) }) {
      return "\(extra) is not in \(fileName)"
    }
    return nil
  }
}

extension String {
  fileprivate var splitChecksum: (digest: String, name: String)? {
    let digest = String(decoding: utf8.prefix(64), as: UTF8.self)
    guard digest.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }),
      utf8.dropFirst(64).prefix(2).elementsEqual("  ".utf8)
    else { return nil }
    return (digest, String(decoding: utf8.dropFirst(66), as: UTF8.self))
  }
}
