import Glibc

/// A process or a channel that could not be made or used, with the reason in words.
public struct ProcessFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was tried.
  public var operation: String
  /// The program or the thing concerned.
  public var subject: String
  /// `errno`.
  public var code: Int32

  /// Creates a failure with the `errno` of the last system call.
  public init(_ operation: String, _ subject: String) {
    self.init(operation, subject, code: errno)
  }

  /// Creates a failure.
  public init(_ operation: String, _ subject: String, code: Int32) {
    self.operation = operation
    self.subject = subject
    self.code = code
  }

  /// `cannot OPERATION SUBJECT: REASON`.
  public var description: String {
    "cannot \(operation) \(subject): \(String(cString: strerror(code)))"
  }
}
