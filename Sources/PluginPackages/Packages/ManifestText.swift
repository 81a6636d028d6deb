import PluginHost
import Yams

/// A manifest's text whose `variants` are written anew while every other line, comments included, stays as its author wrote it.
struct ManifestText {
  let bytes: [UInt8]
  let subject: String

  /// - Throws: `PackageError` where `variants` is not a block of its own at the top of the file.
  func replacingVariants(_ variants: [PluginManifest.Variant]) throws -> [UInt8] {
    guard let range = try variantLines() else {
      throw PackageError(
        .malformed,
        subject,
        "its 'variants' cannot be written anew",
        cure: "write 'variants:' at the start of a line, and each variant on lines of its own"
      )
    }
    var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      String(Substring($0))
    }
    lines.replaceSubrange(range, with: Self.block(variants))
    return Array(lines.joined(separator: "\n").utf8)
  }

  private var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The lines from `variants:` up to the next key, less the comments that stand above that one.
  private func variantLines() throws -> Range<Int>? {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw PackageError(.malformed, subject, "not YAML: \(error)")
    }
    guard let keys = root?.mapping?.keys,
      let key = keys.first(where: { $0.scalar?.string == "variants" })?.mark, key.column == 1
    else { return nil }
    let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    let next = keys.compactMap(\.mark).filter { $0.line > key.line }.min { $0.line < $1.line }
    if let next, next.column != 1 { return nil }
    var end = next.map { $0.line - 1 } ?? lines.count
    while end > key.line, lines[end - 1].isEmpty || lines[end - 1].first == UInt8(ascii: "#") {
      end -= 1
    }
    return key.line - 1..<end
  }

  private static func block(_ variants: [PluginManifest.Variant]) -> [String] {
    var lines = ["variants:"]
    for variant in variants {
      lines += ["  - os: \(variant.os)", "    arch: \(variant.arch)"]
      let rest = [
        ("file", variant.file), ("sha256", variant.sha256), ("libc", variant.libc),
        ("cpu", variant.cpu), ("swift", variant.swift), ("linkage", variant.linkage),
      ]
      // In quotes: 2.36 is a number else, and some digests are, too.
      for case (let key, let value?) in rest { lines.append("    \(key): \"\(value)\"") }
    }
    return lines
  }
}
