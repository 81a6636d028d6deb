/// What is wrong with a package, a key, a registry or an installation: what it concerns, what, and the cure.
public struct PackageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What sort of problem it is. The first three are never mixed up: each has its own words and exit code.
  public enum Problem: Sendable, Equatable, CaseIterable {
    /// There is a signature, and it is not one of these bytes by that key.
    case badSignature
    /// There is no signature.
    case unsigned
    /// Whether the signature is good cannot be told: its key is not known, or its form is not supported.
    case unverified
    /// The signature may be good, but its key is not trusted, is revoked, replaced or expired.
    case untrusted
    /// The package is not what a package must be, or its bytes are not those that its own list names.
    case malformed
    /// It is not for this machine, C library, Swift runtime or version of Stepwise.
    case unfit
    /// An older version than one that was installed before.
    case downgrade
    /// Something else has that place.
    case conflict
    /// There is no such package, plugin or key.
    case notFound
    /// A registry cannot be read.
    case registry
    /// A key cannot be read, or its password is wrong.
    case key
    /// A file cannot be read or written.
    case file
    /// The plugins are not those of the lock file.
    case locked
  }

  /// What sort of problem it is.
  public var problem: Problem
  /// The file, plugin or key concerned.
  public var subject: String
  /// What is wrong, with the values.
  public var message: String
  /// What to do about it.
  public var cure: String?

  /// Creates an error.
  public init(_ problem: Problem, _ subject: String, _ message: String, cure: String? = nil) {
    self.problem = problem
    self.subject = subject
    self.message = message
    self.cure = cure
  }

  /// One line: `SUBJECT: WORD: message; cure`.
  public var description: String {
    var text = subject
    if let word = problem.word { text += ": \(word)" }
    text += ": \(message)"
    if let cure { text += "; \(cure)" }
    return text
  }
}

extension PackageError.Problem {
  /// The word for what became of a signature.
  public var word: String? {
    switch self {
    case .badSignature: return "bad signature"
    case .unsigned: return "unsigned"
    case .unverified: return "could not verify"
    case .untrusted: return "not trusted"
    default: return nil
    }
  }
}
