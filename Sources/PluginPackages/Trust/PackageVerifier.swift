import PluginHost

/// Who vouches for a package.
public struct Signer: Sendable, Equatable {
  /// The key that signed it; `nil`: nobody did, and the user takes it all the same.
  public var key: MinisignPublicKey?
  /// The signed comment.
  public var comment: String?

  /// The id of the key, as records name it.
  public var id: String? { key?.id.description }

  /// Nobody.
  public static let nobody = Signer(key: nil, comment: nil)
}

/// What is known of a package's signature before anybody has decided about its key.
public struct VerifiedPackage: Sendable {
  /// What kind of key it is to this user.
  public enum Standing: Sendable, Equatable {
    /// Trusted, or given for this call.
    case trusted
    /// The signature is good, and the user has never seen the key: it lay beside the package or in the registry.
    case stranger
  }

  /// Who signed.
  public var signer: Signer
  /// What that key is to this user.
  public var standing: Standing
}

extension TrustStore {
  /// Verifies a package's signature. Nothing is unpacked.
  ///
  /// - Parameters:
  ///   - package: its bytes, read once.
  ///   - given: a key that the user has named for this call.
  /// - Throws: `PackageError`: bad signature, unsigned, could not verify, or not trusted.
  public func verify(
    _ package: PackageFile,
    given: MinisignPublicKey? = nil,
    now: Timestamp = .now
  ) throws -> VerifiedPackage {
    guard let signature = try package.parsedSignature() else {
      throw PackageError(
        .unsigned,
        package.path,
        "there is no \(Files.lastPart(package.path))\(MinisignSignature.suffix) beside it",
        cure: "get the signature from its author, or accept it unsigned with --unsigned"
      )
    }
    let subject = package.path
    let record = try self.key(signature.keyID.description)
    // A revoked key is refused whatever else is said of it, and whether or not it signed this.
    if let record, record.standing == .revoked {
      throw PackageError(
        .untrusted,
        subject,
        "it is signed by key \(record.id), which is revoked\(record.reason.map { " (\($0))" } ?? "")",
        cure: "get a package by another key"
      )
    }
    if let given, let known = record?.minisignKey(), given.id == known.id, given != known {
      throw PackageError(
        .conflict,
        given.id.description,
        "the key given has the id of another key that is on record",
        cure: "find out which is the author's; then: stepwise plugin trust forget \(given.id)"
      )
    }
    guard let (key, standing) = choose(signature, package, record: record, given: given) else {
      throw PackageError(
        .unverified,
        subject,
        "its key \(signature.keyID) is not known here",
        cure: "get the public key from its author and give it with --key"
      )
    }
    try signature.verify(package.bytes, by: key, subject: subject)
    // With the key given for this call, the user decides anew; but not for the key's whole life.
    if let record { try Self.check(record, subject: subject, now: now) }
    return VerifiedPackage(
      signer: Signer(key: key, comment: signature.trustedComment),
      standing: standing
    )
  }

  /// The key to verify with. A key on record goes over everything that came with the package.
  private func choose(
    _ signature: MinisignSignature,
    _ package: PackageFile,
    record: TrustedKey?,
    given: MinisignPublicKey?
  ) -> (MinisignPublicKey, VerifiedPackage.Standing)? {
    // Even where its id is another one: then the error says so.
    if let given { return (given, .trusted) }
    if let known = record?.minisignKey() { return (known, .trusted) }
    return package.offeredKeys.first { $0.id == signature.keyID }.map { ($0, .stranger) }
  }

  private static func check(_ key: TrustedKey, subject: String, now: Timestamp) throws {
    if key.standing == .replaced {
      throw PackageError(
        .untrusted,
        subject,
        "it is signed by key \(key.id), which key \(key.replacedBy ?? "?") has replaced",
        cure: "get the package that is signed by the new key"
      )
    }
    if key.isExpired(at: now) {
      throw PackageError(
        .untrusted,
        subject,
        "it is signed by key \(key.id), which expired after \(key.expires ?? "?")",
        cure: "trust it for longer: stepwise plugin trust add KEY --expires DAY"
      )
    }
  }
}
