import CSodium
public import FoundationEssentials
import Glibc

/// SHA-256 in lower-case hexadecimal: names of archived images, checksums of checkpoints.
public enum SHA256 {
  /// The digest of bytes in memory.
  public static func hexDigest(of bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    // The function has no failure: its result is always 0.
    _ = crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
    return hex(digest)
  }

  /// The digest of a file, read in pieces.
  public static func hexDigest(ofFileAt url: URL) throws -> String {
    try digest(ofFile: url.path).hex
  }

  /// The digest and the number of bytes that it covers.
  static func digest(ofFile path: String) throws -> (hex: String, size: Int) {
    let descriptor = try Files.openFile(path, O_RDONLY)
    defer { close(descriptor) }
    var state = crypto_hash_sha256_state()
    _ = crypto_hash_sha256_init(&state)
    var size = 0
    try Files.forEachChunk(of: descriptor, path: path) { chunk in
      size += chunk.count
      _ = crypto_hash_sha256_update(
        &state,
        chunk.baseAddress!.assumingMemoryBound(to: UInt8.self),
        UInt64(chunk.count)
      )
    }
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    _ = crypto_hash_sha256_final(&state, &digest)
    return (hex(digest), size)
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
      as: UTF8.self
    )
  }
}
