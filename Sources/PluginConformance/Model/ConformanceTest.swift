public import Components
import PluginHost

/// One rule of the contract and the code that tries it, in a process of its own.
struct ConformanceTest: Sendable {
  /// Where a test can see something.
  enum Reach: Sendable {
    /// Everything that Stepwise can load.
    case every
    /// What runs in the process of the test, which the test looks at.
    case inProcess
    /// Libraries with the plugin entry: the test looks below the adapters.
    case native
  }

  /// `group.name`.
  var id: String
  /// The kinds that it applies to.
  var kinds: [ComponentKind]
  var reach = Reach.every
  /// What it checks, in one line.
  var summary: String
  /// Seconds that it may take, before the factor of a slower environment.
  var limit = 30.0
  /// How many processes run it; they must give the same evidence.
  var processes = 1
  /// Tries the rule. Returning is PASSED; a `CheckEnd` says anything else; any other error is SKIPPED, since what keeps a test
  /// from its own question is another test's finding.
  var body: @Sendable (CheckedComponent) throws -> Void
}

extension ConformanceTest {
  /// Every test, in the order in which they are run and shown.
  static let all: [ConformanceTest] =
    manifest + life + parameters + scores + answers + determinism + threads + oddBatches + state
    + host + environment + leaks + datasets + strategies + examples
}

/// What `plugin check --list` shows of a test.
public struct ConformanceTestSummary: Sendable, Equatable {
  /// The test's id.
  public var id: String
  /// What it checks, in one line.
  public var summary: String
  /// The kinds that it applies to.
  public var kinds: [ComponentKind]

  /// Every test, in order.
  public static var all: [ConformanceTestSummary] {
    ConformanceTest.all.map {
      ConformanceTestSummary(id: $0.id, summary: $0.summary, kinds: $0.kinds)
    }
  }
}
