import CSodium
import Glibc

/// A secret key, opened. It can sign, and writes itself in minisign's form.
public struct MinisignSecretKey: Sendable {
  /// Its public half.
  public let publicKey: MinisignPublicKey
  /// libsodium's 64 bytes: the seed and the point.
  let secret: SecretBytes

  init(id: KeyID, secret: SecretBytes) {
    self.secret = secret
    publicKey = MinisignPublicKey(id: id, point: secret.withBytes { Array($0[32...]) })
  }

  /// A new key pair with random bytes of the system.
  public static func generate() throws(PackageError) -> MinisignSecretKey {
    try Sodium.start()
    let secret = SecretBytes(count: Int(crypto_sign_SECRETKEYBYTES)) { out in
      var point = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
      _ = crypto_sign_keypair(&point, out.baseAddress!)
    }
    return MinisignSecretKey(id: KeyID(bytes: Sodium.random(8)), secret: secret)
  }

  /// Signs a file's bytes.
  ///
  /// - Parameters:
  ///   - name: the file's name, for the comment.
  ///   - time: seconds since 1970, for the comment.
  public func sign(_ bytes: [UInt8], name: String, time: Int) -> MinisignSignature {
    let untrusted = "signature from stepwise, key \(publicKey.id)"
    let trusted = [
      "timestamp:\(time)", "file:\(MinisignText.comment(name).filter { $0 != "\t" })", "hashed",
      MinisignSignature.repeatedComment + untrusted,
    ].joined(separator: "\t")
    let signature = sign(Sodium.blake2b(bytes, count: 64))
    return MinisignSignature(
      keyID: publicKey.id,
      untrustedComment: untrusted,
      signature: signature,
      trustedComment: trusted,
      globalSignature: sign(signature + Array(trusted.utf8))
    )
  }

  private func sign(_ message: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(crypto_sign_BYTES)) { out, count in
      secret.withBytes {
        _ = crypto_sign_detached(
          out.baseAddress!,
          nil,
          message,
          UInt64(message.count),
          $0.baseAddress!
        )
      }
      count = Int(crypto_sign_BYTES)
    }
  }
}
