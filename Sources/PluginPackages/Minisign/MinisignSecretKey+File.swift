import CSodium

/// How much work it is to try one password of a secret key's file.
public struct PasswordCost: Sendable, Equatable {
  /// scrypt's operations limit.
  public var operations: UInt64
  /// scrypt's memory limit in bytes.
  public var memory: UInt64

  /// Creates a cost.
  public init(operations: UInt64, memory: UInt64) {
    self.operations = operations
    self.memory = memory
  }

  /// minisign's: a gigabyte and some seconds.
  public static let sensitive = PasswordCost(operations: 33_554_432, memory: 1 << 30)
  /// A file that asks for more than this was made to wear the machine out.
  static let largest = PasswordCost(operations: 1 << 28, memory: 4 << 30)
}

/// A secret key's file: "Ed", the password function ("Sc" or zeros), "B2", salt, cost, and the encrypted rest: key id, secret,
/// checksum.
extension MinisignSecretKey {
  private static let size = 158
  private static let encryptedStart = 54
  private static let encryptedSize = 104

  /// Whether the file needs a password; `nil` where it is no secret key.
  public static func needsPassword(_ bytes: [UInt8]) -> Bool? {
    raw(bytes).map { Array($0[2..<4]) != [0, 0] }
  }

  private static func raw(_ bytes: [UInt8]) -> [UInt8]? {
    guard let lines = MinisignText.lines(bytes), lines.count == 2,
      MinisignText.rest(of: lines[0], after: MinisignText.commentPrefix) != nil,
      let raw = Sodium.decodeBase64(lines[1].utf8, count: size),
      raw.starts(with: "Ed".utf8), Array(raw[4..<6]) == Array("B2".utf8),
      [[0, 0], Array("Sc".utf8)].contains(Array(raw[2..<4]))
    else { return nil }
    return raw
  }

  /// Opens a secret key's file.
  ///
  /// - Parameter password: not looked at where the file is not encrypted.
  /// - Throws: `PackageError` of the sort `key`.
  public init(
    _ bytes: [UInt8],
    password: [UInt8]?,
    subject: String
  ) throws(PackageError) {
    try Sodium.start()
    guard let raw = Self.raw(bytes) else {
      throw PackageError(
        .key,
        subject,
        "this is no secret key of minisign's form",
        cure: "make one with `stepwise plugin keygen` or `minisign -G`"
      )
    }
    let isEncrypted = raw[2] != 0
    var rest = Array(raw[Self.encryptedStart...])
    defer { sodium_memzero(&rest, rest.count) }
    if isEncrypted {
      guard let password else {
        throw PackageError(.key, subject, "the secret key needs its password", cure: "give it")
      }
      let cost = PasswordCost(operations: Self.number(raw, 38), memory: Self.number(raw, 46))
      try Self.apply(password, salt: Array(raw[6..<38]), cost: cost, to: &rest, subject: subject)
    }
    let id = Array(rest[..<8])
    let secret = Array(rest[8..<72])
    let checksum = Array(rest[72...])
    // minisign leaves the checksum of an unencrypted key at zero.
    let isPlain = !isEncrypted && checksum.allSatisfy { $0 == 0 }
    guard isPlain || checksum == Self.checksum(id, secret) else {
      throw PackageError(
        .key,
        subject,
        isEncrypted ? "the password is wrong" : "the secret key is damaged",
        cure: isEncrypted ? "type it again" : "take it from a backup"
      )
    }
    var point = [UInt8](repeating: 0, count: 32)
    var expanded = [UInt8](repeating: 0, count: 64)
    defer { sodium_memzero(&expanded, expanded.count) }
    _ = crypto_sign_seed_keypair(&point, &expanded, secret)
    guard expanded == secret else {
      throw PackageError(.key, subject, "the secret key is damaged", cure: "take it from a backup")
    }
    self.init(id: KeyID(bytes: id), secret: SecretBytes(secret))
  }

  /// The contents of the key's file.
  ///
  /// - Parameters:
  ///   - password: `nil` leaves the key unencrypted, as `minisign -W` does.
  ///   - cost: less than minisign's only for tests.
  public func fileText(
    password: [UInt8]?,
    cost: PasswordCost = .sensitive
  ) throws(PackageError) -> String {
    try Sodium.start()
    let key = secret.withBytes { Array($0) }
    let id = publicKey.id.bytes
    var raw = Array("Ed".utf8)
    if let password {
      let salt = Sodium.random(32)
      var rest = id + key + Self.checksum(id, key)
      try Self.apply(password, salt: salt, cost: cost, to: &rest, subject: "the new key")
      raw +=
        Array("ScB2".utf8) + salt + Self.bytes(cost.operations) + Self.bytes(cost.memory) + rest
    } else {
      raw += [0, 0] + Array("B2".utf8) + [UInt8](repeating: 0, count: 48) + id + key
      raw += [UInt8](repeating: 0, count: 32)
    }
    let comment =
      password == nil ? "stepwise secret key, not encrypted" : "stepwise encrypted secret key"
    return MinisignText.commentPrefix + comment + "\n" + Sodium.base64(raw) + "\n"
  }

  /// BLAKE2b-256 of algorithm, id and secret, by which a wrong password is found out.
  private static func checksum(_ id: [UInt8], _ secret: [UInt8]) -> [UInt8] {
    Sodium.blake2b(Array("Ed".utf8) + id + secret, count: 32)
  }

  /// Encrypts, or decrypts: XOR with scrypt of the password.
  private static func apply(
    _ password: [UInt8],
    salt: [UInt8],
    cost: PasswordCost,
    to bytes: inout [UInt8],
    subject: String
  ) throws(PackageError) {
    guard cost.memory <= PasswordCost.largest.memory,
      cost.operations <= PasswordCost.largest.operations
    else {
      throw PackageError(
        .key,
        subject,
        "its password function asks for \(cost.memory >> 20) MiB and \(cost.operations) operations",
        cure: "this is no key that minisign made"
      )
    }
    var stream = [UInt8](repeating: 0, count: encryptedSize)
    defer { sodium_memzero(&stream, stream.count) }
    // One byte more, since an empty array may have no address at all.
    let status = (password + [0]).withUnsafeBytes { raw in
      crypto_pwhash_scryptsalsa208sha256(
        &stream,
        UInt64(encryptedSize),
        raw.baseAddress!.assumingMemoryBound(to: CChar.self),
        UInt64(password.count),
        salt,
        cost.operations,
        Int(cost.memory)
      )
    }
    guard status == 0 else {
      throw PackageError(
        .key,
        subject,
        "there is too little memory for its password function (\(cost.memory >> 20) MiB)",
        cure: "close something, or use a machine with more memory"
      )
    }
    for index in bytes.indices { bytes[index] ^= stream[index] }
  }

  private static func number(_ bytes: [UInt8], _ at: Int) -> UInt64 {
    bytes[at..<at + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
  }
}
