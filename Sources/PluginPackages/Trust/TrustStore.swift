import PluginHost

/// The user's keys: `$XDG_CONFIG_HOME/stepwise/trust`. One readable file for each decision, written atomically.
public struct TrustStore: Sendable {
  let folders: StepwiseFolders

  /// The store in these folders.
  public init(_ folders: StepwiseFolders = .user) { self.folders = folders }

  private func path(of id: String) -> String { "\(folders.trust)/keys/\(id).json" }

  /// Every key, by id.
  ///
  /// - Throws: `PackageError` for a record that is damaged: what it decided must not be forgotten silently.
  public func keys() throws -> [TrustedKey] {
    try (Files.names(in: folders.trust + "/keys") ?? []).filter { $0.hasSuffix(".json") }
      .compactMap { try JSONFile.read(TrustedKey.self, from: "\(folders.trust)/keys/\($0)") }
  }

  /// What the user thinks of a key; `nil` where nothing.
  public func key(_ id: String) throws -> TrustedKey? {
    guard KeyID(id) != nil else { return nil }
    let key = try JSONFile.read(TrustedKey.self, from: path(of: id))
    guard let key else { return nil }
    guard key.id == id else {
      throw PackageError(
        .file,
        path(of: id),
        "it is the record of key \(key.id)",
        cure: "remove it"
      )
    }
    return key
  }

  /// Trusts a key, or changes what a trusted key may do.
  ///
  /// - Parameters:
  ///   - inProcess: whether what it signs may run in the run's own process.
  ///   - expires: the last day on which new packages by it are accepted.
  ///   - replaces: the id of the key whose place it takes, with what that one may do and its version floors.
  @discardableResult
  public func add(
    _ key: MinisignPublicKey,
    comment: String? = nil,
    inProcess: Bool = false,
    expires: String? = nil,
    replaces: String? = nil
  ) throws -> TrustedKey {
    let lock = try FolderLock(folders.trust)
    defer { withExtendedLifetime(lock) {} }
    let id = key.id.description
    if let known = try self.key(id) { try Self.check(known, against: key) }
    if let expires, !Timestamp.isDay(expires) {
      throw PackageError(.key, id, "'\(expires)' is no day", cure: "write YYYY-MM-DD")
    }
    var inProcess = inProcess
    if let replaces {
      guard replaces != id else {
        throw PackageError(
          .key,
          id,
          "a key cannot take its own place",
          cure: "give the old key's id"
        )
      }
      guard var old = try self.key(replaces) else { throw Self.unknown(replaces) }
      if old.standing == .trusted { old.standing = .replaced }
      old.replacedBy = id
      // A revoked key's rights do not pass on: whoever holds it may be who asks.
      if old.standing == .replaced { inProcess = inProcess || old.inProcess }
      try VersionFloors(folders).inherit(from: replaces, to: id)
      try JSONFile.write(old, to: path(of: replaces))
    }
    let trusted = TrustedKey(
      id: id,
      publicKey: key.base64,
      comment: comment ?? key.comment,
      standing: .trusted,
      inProcess: inProcess,
      since: Timestamp.now.text,
      expires: expires
    )
    try JSONFile.write(trusted, to: path(of: id))
    return trusted
  }

  /// Two keys may have the same id, since its maker chooses it.
  private static func check(_ known: TrustedKey, against key: MinisignPublicKey) throws {
    if known.standing == .revoked {
      throw PackageError(
        .untrusted,
        known.id,
        "the key is revoked\(known.reason.map { " (\($0))" } ?? "")",
        cure: "if that was a mistake: stepwise plugin trust forget \(known.id), then add it again"
      )
    }
    if let present = known.minisignKey(), present != key {
      throw PackageError(
        .conflict,
        known.id,
        "another key with this id is there already",
        cure: "find out whose it is; then: stepwise plugin trust forget \(known.id)"
      )
    }
  }

  /// Revokes a key, whether or not it was trusted.
  @discardableResult
  public func revoke(_ id: String, reason: String? = nil) throws -> TrustedKey {
    guard KeyID(id) != nil else { throw Self.noID(id) }
    let lock = try FolderLock(folders.trust)
    defer { withExtendedLifetime(lock) {} }
    var key =
      try self.key(id)
      ?? TrustedKey(
        id: id,
        comment: "",
        standing: .revoked,
        inProcess: false,
        since: Timestamp.now.text
      )
    key.standing = .revoked
    key.inProcess = false
    key.reason = reason ?? key.reason
    key.since = Timestamp.now.text
    try JSONFile.write(key, to: path(of: id))
    return key
  }

  /// Forgets a key: what it signed counts as signed by a stranger.
  public func forget(_ id: String) throws {
    let lock = try FolderLock(folders.trust)
    defer { withExtendedLifetime(lock) {} }
    guard KeyID(id) != nil else { throw Self.noID(id) }
    guard Files.exists(path(of: id)) else { throw Self.unknown(id) }
    try Files.removeTree(path(of: id))
  }

  private static func unknown(_ id: String) -> PackageError {
    PackageError(
      .notFound,
      id,
      "there is no key of that id",
      cure: "stepwise plugin trust list shows what there is"
    )
  }

  private static func noID(_ text: String) -> PackageError {
    PackageError(.key, text, "it is no key id", cure: "give 16 hexadecimal digits in upper case")
  }
}
