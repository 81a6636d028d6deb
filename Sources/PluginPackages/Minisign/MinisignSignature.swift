/// A detached signature in minisign's prehashed form: Ed25519 over BLAKE2b-512 of the file, and over that signature with its
/// trusted comment.
///
/// The untrusted comment is the one part that the form leaves open. A signature made here repeats it inside the trusted comment,
/// and where it is repeated it must be equal, so that no byte of such a file can change.
public struct MinisignSignature: Sendable, Equatable {
  /// The key that claims to have made it.
  public let keyID: KeyID
  /// The comment that is signed, too: time and file name.
  public let trustedComment: String
  let untrustedComment: String
  let signature: [UInt8]
  let globalSignature: [UInt8]

  /// What a signature's file is called beside its file.
  public static let suffix = ".minisig"
  static let repeatedComment = "untrusted comment:"

  init(
    keyID: KeyID,
    untrustedComment: String,
    signature: [UInt8],
    trustedComment: String,
    globalSignature: [UInt8]
  ) {
    self.keyID = keyID
    self.untrustedComment = untrustedComment
    self.signature = signature
    self.trustedComment = trustedComment
    self.globalSignature = globalSignature
  }

  /// Reads a signature's file.
  ///
  /// - Throws: `PackageError`: bad signature where the file is damaged, could not verify where its form is not supported.
  public init(_ bytes: [UInt8], subject: String) throws(PackageError) {
    func damaged(_ what: String) -> PackageError {
      PackageError(.badSignature, subject, what, cure: "get package and signature again")
    }
    guard let lines = MinisignText.lines(bytes), lines.count == 4, bytes.last == 0x0A,
      let untrusted = MinisignText.rest(of: lines[0], after: MinisignText.commentPrefix),
      let trusted = MinisignText.rest(of: lines[2], after: MinisignText.trustedPrefix)
    else { throw damaged("its four lines are not those of a minisign signature") }
    // The algorithm, the key's id, the signature.
    guard let raw = Sodium.decodeBase64(lines[1].utf8, count: 74) else {
      throw damaged("its second line is no signature")
    }
    guard let global = Sodium.decodeBase64(lines[3].utf8, count: 64) else {
      throw damaged("its fourth line is no signature")
    }
    guard raw.starts(with: "ED".utf8) else {
      let isOldForm = raw.starts(with: "Ed".utf8)
      throw PackageError(
        .unverified,
        subject,
        isOldForm
          ? "it has minisign's old form, which is not prehashed"
          : "its algorithm is not known here",
        cure: "sign again with `stepwise plugin sign` or `minisign -S -H`"
      )
    }
    self.init(
      keyID: KeyID(bytes: Array(raw[2..<10])),
      untrustedComment: untrusted,
      signature: Array(raw[10...]),
      trustedComment: trusted,
      globalSignature: global
    )
  }

  /// The contents of its file.
  public var fileText: String {
    MinisignText.commentPrefix + untrustedComment + "\n"
      + Sodium.base64(Array("ED".utf8) + keyID.bytes + signature) + "\n"
      + MinisignText.trustedPrefix + trustedComment + "\n" + Sodium.base64(globalSignature) + "\n"
  }

  /// Checks that the key signed the bytes and the trusted comment.
  ///
  /// - Throws: `PackageError`: could not verify where the key is another one, bad signature where it did not sign this.
  public func verify(
    _ bytes: [UInt8],
    by key: MinisignPublicKey,
    subject: String
  ) throws(PackageError) {
    try Sodium.start()
    guard key.id == keyID else {
      throw PackageError(
        .unverified,
        subject,
        "it is signed by key \(keyID), and the key given is \(key.id)",
        cure: "give the public key \(keyID)"
      )
    }
    let hash = Sodium.blake2b(bytes, count: 64)
    guard Sodium.isSignature(signature, of: hash, by: key.point) else {
      throw PackageError(
        .badSignature,
        subject,
        "key \(keyID) did not sign these bytes",
        cure: "do not use the file; get it again from its author"
      )
    }
    let signed = signature + Array(trustedComment.utf8)
    guard Sodium.isSignature(globalSignature, of: signed, by: key.point), isCommentRepeated else {
      throw PackageError(
        .badSignature,
        subject,
        "key \(keyID) signed these bytes, but not this comment",
        cure: "get the signature again from its author"
      )
    }
  }

  private var isCommentRepeated: Bool {
    let fields = trustedComment.unicodeScalars.split(separator: "\t").map { String($0) }
    guard let repeated = fields.first(where: { $0.utf8.starts(with: Self.repeatedComment.utf8) })
    else { return true }
    // Bytes, not Characters: canonically equal texts are different comments.
    return repeated.utf8.dropFirst(Self.repeatedComment.utf8.count)
      .elementsEqual(untrustedComment.utf8)
  }
}
