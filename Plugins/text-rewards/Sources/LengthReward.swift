import StepwisePlugin

#if canImport(Glibc)
import Glibc
#endif

/// Scores a completion by how long it is.
struct LengthReward: Reward {
  static var id: String? { "org.stepwise.reward.length" }
  static var concurrency: Concurrency { .threadSafe }

  /// The curve.
  enum Kind: String, CaseIterable {
    /// DAPO's: 0, then down to -1 over the last `soft_punish_cache`, then -1.
    case softOverlong = "soft-overlong"
    /// From 0 at `free_length` down to -1 at `max_length`.
    case linear
    /// Half a cosine from `max_value` at length 0 down to `min_value` at `max_length`.
    case cosine
  }

  private let kind: Kind
  private let unit: TextUnit
  private let maximum: Int
  private let cache: Int
  private let free: Int
  private let values: ClosedRange<Double>

  init(parameters: Parameters) throws {
    kind = try parameters.choice("kind", default: .softOverlong)
    unit = try parameters.choice("unit", default: .tokens)
    maximum = try parameters.int("max_length")
    cache = try parameters.int("soft_punish_cache", default: 0)
    free = try parameters.int("free_length", default: 0)
    let (low, high) = (
      try parameters.double("min_value", default: 0), try parameters.double("max_value", default: 1)
    )
    guard low <= high else {
      throw PluginFailure(.argument, "parameter 'min_value' is \(low), above 'max_value', \(high)")
    }
    values = low...high
    switch kind {
    case .softOverlong where !(1...maximum).contains(cache):
      throw PluginFailure(
        .argument,
        "parameter 'soft_punish_cache' is \(cache); with soft-overlong it is a length from 1 to max_length, \(maximum)"
      )
    case .linear where free >= maximum:
      throw PluginFailure(
        .argument,
        "parameter 'free_length' is \(free), which is not below 'max_length', \(maximum)"
      )
    default: break
    }
  }

  var declaration: RewardDeclaration {
    RewardDeclaration(name: "length", range: kind == .cosine ? values : -1...0)
  }

  func score(_ item: RewardItem) -> Score {
    let length = unit.length(of: item)
    switch kind {
    case .softOverlong:
      let free = maximum - cache
      if length <= free { return 0 }
      return .value(length <= maximum ? Double(free - length) / Double(cache) : -1)
    case .linear:
      return .value(-min(max(Double(length - free) / Double(maximum - free), 0), 1))
    case .cosine:
      let progress = min(Double(length) / Double(maximum), 1)
      let value =
        values.lowerBound
        + 0.5 * (values.upperBound - values.lowerBound) * (1 + cos(progress * .pi))
      return .value(min(max(value, values.lowerBound), values.upperBound))
    }
  }
}

/// What a text is counted in.
enum TextUnit: String, CaseIterable {
  /// Tokens of the completion, the end-of-sequence token included.
  case tokens
  /// What white space parts.
  case words
  /// Unicode scalars, as Python counts them.
  case characters

  func length(of item: RewardItem) -> Int {
    switch self {
    case .tokens: item.completionIDs.count
    case .words: Self.words(item.completion).count
    case .characters: item.completion.unicodeScalars.count
    }
  }

  /// Python's `str.split()`.
  static func words(_ text: String) -> [Substring.UnicodeScalarView] {
    text.unicodeScalars.split { $0.isPythonSpace }.map { Substring($0).unicodeScalars }
  }
}
