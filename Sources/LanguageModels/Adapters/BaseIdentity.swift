public import Foundation

/// Which model an adapter belongs to: where it lies, and the bytes of its weights.
///
/// PEFT knows the path alone. Beside an adapter that Stepwise wrote, `base_model.json` holds this too, so that
/// another model of the same shape is noticed.
public struct BaseIdentity: Codable, Sendable, Equatable {
  /// A file of weights.
  public struct File: Codable, Sendable, Equatable {
    /// Its name in the directory.
    public var name: String
    /// Lower-case hexadecimal.
    public var sha256: String

    /// Takes each field as given.
    public init(name: String, sha256: String) {
      self.name = name
      self.sha256 = sha256
    }
  }

  /// The directory.
  public var path: String
  /// The files of the weights.
  public var files: [File]

  /// Looks at a model's directory.
  ///
  /// - Parameter digest: The SHA-256 of a file.
  public init(directory: URL, digest: (URL) throws -> String) throws {
    path = directory.standardizedFileURL.path
    files = try WeightsFile.all(in: directory).map {
      File(name: $0.lastPathComponent, sha256: try digest($0))
    }
  }

  /// Refuses a base with other bytes; where it lies does not matter.
  ///
  /// - Parameter adapter: The directory of the adapter, for the error.
  public func requireSame(as other: BaseIdentity, adapter: String) throws(AdapterError) {
    for file in files {
      let found = other.files.first { $0.name == file.name }?.sha256
      guard found != file.sha256 else { continue }
      throw .otherBase(
        adapter: adapter,
        base: other.path,
        file: file.name,
        problem: found.map { "has SHA-256 \($0.prefix(12)), not \(file.sha256.prefix(12))" }
          ?? "is not there"
      )
    }
  }

  static let fileName = "base_model.json"

  func save(to directory: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeAtomically(
      try encoder.encode(self) + Data("\n".utf8),
      to: directory.appendingPathComponent(Self.fileName).path
    )
  }

  static func read(directory: URL) throws -> BaseIdentity? {
    let file = directory.appendingPathComponent(fileName)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    do {
      return try JSONDecoder().decode(BaseIdentity.self, from: Data(contentsOf: file))
    } catch {
      throw AdapterError.inputOutput(
        file: file.path,
        reason: "is not what Stepwise writes (\(error)); remove it to use the adapter without it"
      )
    }
  }
}
