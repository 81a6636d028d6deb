/// What the user thinks of a key.
public struct TrustedKey: Codable, Sendable, Equatable {
  /// What it may do.
  public enum Standing: String, Codable, Sendable {
    /// What it signs may be installed.
    case trusted
    /// Another key has taken its place: what it signed stays, new packages by it are refused.
    case replaced
    /// It is in wrong hands: nothing that it signed is installed or loaded.
    case revoked
  }

  /// Its id, sixteen hexadecimal digits.
  public var id: String
  /// The key, as `minisign -P` takes it; `nil` for one that was revoked without having been seen.
  public var publicKey: String?
  /// What the user calls it.
  public var comment: String
  /// What it may do.
  public var standing: Standing
  /// Whether what it signs may run inside the process of the run. Else it runs isolated.
  public var inProcess: Bool
  /// When the user decided, ISO 8601 in UTC.
  public var since: String
  /// The last day, `YYYY-MM-DD` in UTC, on which new packages by it are accepted.
  public var expires: String?
  /// The key that has taken its place.
  public var replacedBy: String?
  /// Why it was revoked.
  public var reason: String?

  /// The key itself.
  func minisignKey() -> MinisignPublicKey? {
    publicKey.flatMap { try? MinisignPublicKey(Array($0.utf8), subject: id) }
  }

  /// Whether it is past its last day.
  public func isExpired(at now: Timestamp) -> Bool { expires.map { $0 < now.day } ?? false }
}
