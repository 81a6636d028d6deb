public import Components

/// What is known of a plugin's binary without loading it.
public struct BinaryReport: Sendable, Equatable {
  /// How a check ended.
  public enum Verdict: String, Sendable, Comparable {
    /// All is well.
    case passed = "PASSED"
    /// It works, or works here only.
    case warning = "WARNING"
    /// The host refuses it, or it cannot work.
    case failed = "FAILED"

    /// From good to bad.
    public static func < (a: Self, b: Self) -> Bool { a.order < b.order }

    private var order: Int {
      switch self {
      case .passed: return 0
      case .warning: return 1
      case .failed: return 2
      }
    }
  }

  /// One thing that was looked at.
  public struct Finding: Sendable, Equatable {
    /// What was looked at, for example `glibc`; stable, for programs.
    public var check: String
    /// How it ended.
    public var verdict: Verdict
    /// What was found, with the values.
    public var message: String
    /// What to do about it.
    public var cure: String?
  }

  /// A library that the binary needs.
  public struct Need: Sendable, Equatable {
    /// Its soname.
    public var name: String
    /// Where it was found, or `nil`.
    public var file: String?
  }

  /// The library's file.
  public var file: String
  /// Its size in bytes.
  public var size = 0
  /// SHA-256 of its bytes, or empty where it cannot be read.
  public var digest = ""
  /// What it needs by itself.
  public var needs: [Need] = []
  /// What was found, in the order of the checks.
  public var findings: [Finding] = []

  /// The worst verdict.
  public var verdict: Verdict { findings.map(\.verdict).max() ?? .passed }

  /// Everything as JSON.
  public var value: ParameterValue {
    .object([
      ParameterEntry("file", .string(file)),
      ParameterEntry("size", .int(Int64(size))),
      ParameterEntry("sha256", digest.isEmpty ? .null : .string(digest)),
      ParameterEntry("verdict", .string(verdict.rawValue)),
      ParameterEntry(
        "needs",
        .array(
          needs.map {
            .object([
              ParameterEntry("name", .string($0.name)),
              ParameterEntry("file", $0.file.map(ParameterValue.string) ?? .null),
            ])
          }
        )
      ),
      ParameterEntry(
        "findings",
        .array(
          findings.map {
            .object([
              ParameterEntry("check", .string($0.check)),
              ParameterEntry("verdict", .string($0.verdict.rawValue)),
              ParameterEntry("message", .string($0.message)),
              ParameterEntry("cure", $0.cure.map(ParameterValue.string) ?? .null),
            ])
          }
        )
      ),
    ])
  }

  mutating func pass(_ check: String, _ message: String) {
    findings.append(Finding(check: check, verdict: .passed, message: message))
  }

  mutating func warn(_ check: String, _ message: String, cure: String) {
    findings.append(Finding(check: check, verdict: .warning, message: message, cure: cure))
  }

  mutating func fail(_ check: String, _ message: String, cure: String) {
    findings.append(Finding(check: check, verdict: .failed, message: message, cure: cure))
  }
}
