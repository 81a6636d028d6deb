import CSodium

/// SHA-256 of the bytes, as 64 lower-case hexadecimal digits.
package func sha256(_ bytes: [UInt8]) -> String {
  let digest = [UInt8](unsafeUninitializedCapacity: Int(crypto_hash_sha256_BYTES)) { out, count in
    // The plain hash functions need no sodium_init and cannot fail.
    _ = crypto_hash_sha256(out.baseAddress!, bytes, UInt64(bytes.count))
    count = Int(crypto_hash_sha256_BYTES)
  }
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
    as: UTF8.self
  )
}
