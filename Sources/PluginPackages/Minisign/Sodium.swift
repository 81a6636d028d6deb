import CSodium

/// The few functions of libsodium that keys and signatures need.
enum Sodium {
  private static let isReady = sodium_init() >= 0

  /// Must come before anything that draws random numbers, allocates or verifies.
  static func start() throws(PackageError) {
    guard isReady else {
      throw PackageError(
        .unverified,
        "libsodium",
        "the library that verifies signatures could not start",
        cure: "install libsodium again (apt-get install --reinstall libsodium23)"
      )
    }
  }

  static func random(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
      randombytes_buf(out.baseAddress!, count)
      initialized = count
    }
  }

  /// BLAKE2b without a key.
  static func blake2b(_ bytes: [UInt8], count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
      let status = crypto_generichash(out.baseAddress!, count, bytes, UInt64(bytes.count), nil, 0)
      precondition(status == 0, "BLAKE2b does not give \(count) bytes")
      initialized = count
    }
  }

  static func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: [UInt8]) -> Bool {
    signature.count == Int(crypto_sign_BYTES) && key.count == Int(crypto_sign_PUBLICKEYBYTES)
      && crypto_sign_verify_detached(signature, bytes, UInt64(bytes.count), key) == 0
  }

  // MARK: Base64

  /// The bytes of padded base64; `nil` for anything that is not the one way to write them.
  static func decodeBase64(_ text: some Sequence<UInt8>, count: Int) -> [UInt8]? {
    let text = Array(text)
    var decoded = 0
    var end: UnsafePointer<CChar>?
    var consumed = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
      text.withUnsafeBufferPointer { raw in
        raw.withMemoryRebound(to: CChar.self) { source in
          guard let start = source.baseAddress else { return }
          let status = sodium_base642bin(
            out.baseAddress!,
            count,
            start,
            source.count,
            nil,
            &decoded,
            &end,
            sodium_base64_VARIANT_ORIGINAL
          )
          if status == 0, let end { consumed = end - start } else { decoded = 0 }
        }
      }
      initialized = decoded
    }
    return bytes.count == count && consumed == text.count ? bytes : nil
  }

  static func base64(_ bytes: [UInt8]) -> String {
    let capacity = sodium_base64_encoded_len(bytes.count, sodium_base64_VARIANT_ORIGINAL)
    return String(unsafeUninitializedCapacity: capacity) { out in
      out.withMemoryRebound(to: CChar.self) {
        _ = sodium_bin2base64(
          $0.baseAddress!,
          capacity,
          bytes,
          bytes.count,
          sodium_base64_VARIANT_ORIGINAL
        )
      }
      // The length counts the NUL.
      return capacity - 1
    }
  }
}
