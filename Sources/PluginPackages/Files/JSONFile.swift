import FoundationEssentials
import PluginHost

/// Small records that people may read, one a file, written whole or not at all.
enum JSONFile {
  private static let sizeLimit = 64 << 20

  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(value)) + [0x0A]
  }

  static func decode<T: Decodable>(
    _ type: T.Type,
    _ bytes: [UInt8],
    subject: String
  ) throws -> T {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw PackageError(
        .file,
        subject,
        "it is damaged: \(error.briefly)",
        cure: "restore it, or remove it"
      )
    }
  }

  static func write(_ value: some Encodable, to path: String) throws {
    try Files.makeDirectory(Files.folder(of: path))
    try Files.writeAtomically(try encode(value), to: path, mode: 0o644)
    try Files.syncFolder(Files.folder(of: path))
  }

  /// The record; `nil` where there is no file.
  static func read<T: Decodable>(_ type: T.Type, from path: String) throws -> T? {
    guard Files.exists(path) else { return nil }
    do {
      return try decode(type, try Files.read(path, limit: sizeLimit), subject: path)
    } catch let failure as FileFailure {
      // It may have gone between the two calls.
      if !Files.exists(path) { return nil }
      throw PackageError(.file, path, "\(failure)")
    }
  }
}

extension DecodingError {
  fileprivate var briefly: String {
    switch self {
    case .keyNotFound(let key, _): return "it has no '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is something else"
    case .dataCorrupted: return "it is not JSON"
    @unknown default: return "\(self)"
    }
  }
}
