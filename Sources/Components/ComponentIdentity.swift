/// The three kinds of parts that a researcher exchanges.
public enum ComponentKind: String, Sendable, Codable, CaseIterable {
  /// Scores completions.
  case reward
  /// Gives prompts and demonstrations.
  case dataset
  /// Decides what the next optimizer step is.
  case strategy
}

/// Who a component is: recorded in every run, compared on resume.
public struct ComponentIdentity: Sendable, Codable, Equatable {
  /// Reverse-DNS identifier from the manifest, for example `org.stepwise.strategy.sasr`.
  public var id: String
  /// Semantic version from the manifest.
  public var version: String
  /// SHA-256 of the bytes that were loaded, lower-case hexadecimal.
  public var digest: String

  /// Creates an identity.
  public init(id: String, version: String, digest: String) {
    self.id = id
    self.version = version
    self.digest = digest
  }
}
