/// A public key in minisign's form.
public struct MinisignPublicKey: Sendable, Equatable {
  /// Its name.
  public let id: KeyID
  /// The Ed25519 point, 32 bytes.
  let point: [UInt8]
  /// The comment of its file. Nothing vouches for it.
  public var comment: String

  init(id: KeyID, point: [UInt8], comment: String? = nil) {
    self.id = id
    self.point = point
    self.comment = comment ?? "minisign public key \(id)"
  }

  /// Reads a public key's file, or the base64 of its second line alone.
  ///
  /// - Parameter subject: what errors call it: the file.
  /// - Throws: `PackageError`.
  public init(_ bytes: [UInt8], subject: String) throws(PackageError) {
    let lines = MinisignText.lines(bytes) ?? []
    let encoded: String
    var comment: String?
    switch lines.count {
    case 1: encoded = lines[0]
    case 2:
      guard let text = MinisignText.rest(of: lines[0], after: MinisignText.commentPrefix) else {
        throw Self.malformed(subject)
      }
      (comment, encoded) = (text, lines[1])
    default: throw Self.malformed(subject)
    }
    // "Ed", the key's id, the point.
    guard let raw = Sodium.decodeBase64(encoded.utf8, count: 42), raw.starts(with: "Ed".utf8) else {
      throw Self.malformed(subject)
    }
    self.init(id: KeyID(bytes: Array(raw[2..<10])), point: Array(raw[10...]), comment: comment)
  }

  private static func malformed(_ subject: String) -> PackageError {
    PackageError(
      .key,
      subject,
      "this is no public key of minisign's form",
      cure: "give the file that ends in .pub, or its second line"
    )
  }

  /// The key as one word, as `minisign -P` takes it.
  public var base64: String { Sodium.base64(Array("Ed".utf8) + id.bytes + point) }

  /// The contents of its file.
  public var fileText: String {
    MinisignText.commentPrefix + MinisignText.comment(comment) + "\n" + base64 + "\n"
  }

  /// Equal where they verify the same: whatever the comments.
  public static func == (a: Self, b: Self) -> Bool { a.id == b.id && a.point == b.point }
}
