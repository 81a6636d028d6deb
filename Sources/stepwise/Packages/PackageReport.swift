import Components
import PluginHost
import PluginPackages

/// Packages, keys and receipts as lines of text.
enum PackageReport {
  static func packed(_ result: PackageBuilder.Result, file: String) -> String {
    rows([
      ("package", file),
      ("plugin", "\(result.manifest.id) \(result.manifest.version)"),
      ("for", platforms(result.manifest)),
      ("files", result.files.joined(separator: ", ")),
      ("size", "\(NumberText.grouped(result.bytes.count)) bytes"),
    ])
  }

  static func manifest(_ manifest: PluginManifest) -> [(String, String)] {
    var rows = [
      ("plugin", "\(manifest.id) \(manifest.version)"), ("summary", manifest.summary),
      ("kinds", manifest.components.map { "\($0.kind.rawValue) \($0.id)" }.joined(separator: ", ")),
      ("abi", manifest.abi.description), ("for", platforms(manifest)),
    ]
    if !manifest.licence.isEmpty { rows.append(("licence", manifest.licence)) }
    if !manifest.authors.isEmpty {
      rows.append(("authors", manifest.authors.joined(separator: ", ")))
    }
    if !manifest.homepage.isEmpty { rows.append(("homepage", manifest.homepage)) }
    return rows
  }

  static func platforms(_ manifest: PluginManifest) -> String {
    if manifest.variants.isEmpty { return "any machine" }
    return manifest.variants.map { variant in
      let needs = [
        variant.libc.map { "glibc \($0)" }, variant.cpu,
        variant.swift.map { "Swift \($0)\(variant.linkage == "static" ? " inside" : "")" },
      ].compactMap { $0 }
      return "\(variant.os) \(variant.arch)"
        + (needs.isEmpty ? "" : " (\(needs.joined(separator: ", ")))")
    }.joined(separator: "; ")
  }

  static func signer(_ signer: Signer, store: TrustStore) throws -> [(String, String)] {
    guard let key = signer.key else { return [("signature", "unsigned")] }
    var rows = [("signature", "good, by key \(key.id)")]
    if let record = try store.key(key.id.description) {
      rows.append(("key", describe(record)))
    } else {
      rows.append(("key", "\(key.comment.printable) (not on record)"))
    }
    if let comment = signer.comment { rows.append(("signed", comment.printable)) }
    return rows
  }

  static func receipt(_ receipt: Receipt, folder: String) -> [(String, String)] {
    [
      ("installed", "\(receipt.installed) in \(folder)"), ("from", receipt.packageFile.printable),
      ("package", "sha256 \(receipt.packageDigest)"),
      ("signer", receipt.signer.map { "key \($0)" } ?? "unsigned"),
    ]
  }

  static func describe(_ key: TrustedKey) -> String {
    var text = key.standing.rawValue
    if key.standing == .trusted {
      text += key.inProcess ? ", also to run in-process" : ", to install; its plugins run isolated"
    }
    if let replacedBy = key.replacedBy { text += " by \(replacedBy)" }
    if let expires = key.expires { text += ", until \(expires)" }
    if let reason = key.reason { text += " (\(reason.printable))" }
    return key.comment.isEmpty ? text : "\(key.comment.printable): \(text)"
  }

  /// Lines of a name and a value.
  static func rows(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { name, value in
      "\(name)\(String(repeating: " ", count: width - name.count + 2))\(value)\n"
    }.joined()
  }
}
