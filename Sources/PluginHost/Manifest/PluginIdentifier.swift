extension PluginManifest {
  /// Whether a text can be the id of a plugin: reverse DNS of lower-case letters, digits and `-`, at least three parts.
  public static func isIdentifier(_ id: String) -> Bool {
    let parts = id.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count >= 3 && id.utf8.count <= 255
      && parts.allSatisfy { part in
        !part.isEmpty
          && part.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-") }
      }
  }
}
