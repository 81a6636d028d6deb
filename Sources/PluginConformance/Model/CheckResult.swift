public import Components

/// What a test found.
public enum CheckAnswer: String, Sendable, Equatable, CaseIterable {
  /// The rule holds, as far as the test can see.
  case passed = "PASSED"
  /// Nothing is broken, and something should be looked at.
  case warning = "WARNING"
  /// The test does not apply, or was not reached; the reason is given.
  case skipped = "SKIPPED"
  /// The rule is broken.
  case failed = "FAILED"
  /// The plugin ended the process.
  case crashed = "CRASHED"
  /// The plugin did not come back in time.
  case timeout = "TIMEOUT"

  /// Whether the plugin cannot be used like this.
  public var isBad: Bool { self == .failed || self == .crashed || self == .timeout }
}

/// The outcome of one test on one component.
public struct CheckResult: Sendable, Equatable {
  /// The test's id, for example `score.count`.
  public var test: String
  /// The component's kind.
  public var kind: ComponentKind
  /// The component's id.
  public var component: String
  /// What the test found.
  public var answer: CheckAnswer
  /// What the test checks, in one line.
  public var summary: String
  /// What was found, where the answer is not PASSED; a remark otherwise, or empty.
  public var found: String
  /// What to do about it, or empty.
  public var cure: String
  /// How long it took, in seconds, the start of its process included.
  public var seconds: Double

  /// The result as a JSON object.
  public var json: ParameterValue {
    .object([
      ParameterEntry("test", .string(test)),
      ParameterEntry("kind", .string(kind.rawValue)),
      ParameterEntry("component", .string(component)),
      ParameterEntry("answer", .string(answer.rawValue)),
      ParameterEntry("summary", .string(summary)),
      ParameterEntry("found", .string(found)),
      ParameterEntry("cure", .string(cure)),
      ParameterEntry("seconds", .double(seconds)),
    ])
  }
}

/// How a test ends, from inside: what it throws, where it does not pass.
struct CheckEnd: Error {
  var answer: CheckAnswer
  var found: String
  var cure: String

  static func failed(_ found: String, cure: String) -> CheckEnd {
    CheckEnd(answer: .failed, found: found, cure: cure)
  }

  static func warning(_ found: String, cure: String) -> CheckEnd {
    CheckEnd(answer: .warning, found: found, cure: cure)
  }

  static func skipped(_ reason: String) -> CheckEnd {
    CheckEnd(answer: .skipped, found: reason, cure: "")
  }

  static func passed(_ remark: String) -> CheckEnd {
    CheckEnd(answer: .passed, found: remark, cure: "")
  }
}
