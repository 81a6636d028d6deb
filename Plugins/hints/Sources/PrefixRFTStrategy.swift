import Glibc
import StepwisePlugin

/// Prefix-RFT: the first sample of each group continues a prefix of the demonstration, the others start from nothing.
///
///     share of the demonstration ~ Beta(a, c - a),  a = round(c m(t)) within 1 ... c - 1
///     m(t) = low + (high - low) (1 + cos(pi t / T)) / 2, from 0.95 to 0.05
///     token of the prefix: the clipped surrogate with the trajectory's advantage, kept at the 20 % of its prefix that have the
///     highest entropy, nothing elsewhere
///
/// The concentration c of 20 is ours: with it the means 0.95 and 0.05 are Beta(19, 1) and Beta(1, 19). The Beta number is the
/// a-th smallest of c - 1 uniform draws. A prefix's token weighs as much as a sampled token of its sequence; the normaliser
/// counts sampled tokens alone.
struct PrefixRFTStrategy: Strategy, Reconfigurable {
  static var id: String? { "org.stepwise.strategy.prefix-rft" }

  private let share: FallingShare
  private let decaySteps: Int
  private let concentration: Int
  private var topEntropy: Double
  private var epsilon: Double
  /// The run's length, told before each step.
  private var horizon = 0

  init(parameters: Parameters) throws {
    share = try FallingShare(parameters)
    decaySteps = try parameters.int("decay_steps", default: 0)
    concentration = try parameters.int("concentration", default: 20)
    topEntropy = try parameters.double("top_entropy", default: 0.2)
    epsilon = try parameters.double("epsilon", default: 0.2)
    guard decaySteps >= 0, concentration >= 2, 0...1 ~= topEntropy, epsilon >= 0 else {
      throw PluginFailure(
        .argument,
        "decay_steps \(decaySteps), concentration \(concentration), top_entropy \(topEntropy), epsilon "
          + "\(epsilon): give 0 or more, 2 or more, a share, 0 or more"
      )
    }
  }

  var requirements: StrategyRequirements { [.prompts, .promptDemonstrations, .statisticsPass] }

  /// m(t).
  private func mean(_ step: Int) -> Double {
    share.at(step, of: decaySteps > 0 ? decaySteps : horizon)
  }

  mutating func beginStep(_ context: StepContext) -> StepPlan {
    horizon = context.horizon
    return StepPlan(
      .rl,
      reason: "RL with one prefix in each group",
      diagnostics: [Diagnostic("prefix_share", mean(context.step))]
    )
  }

  func shapeRollout(_ request: RolloutShapeRequest) -> RolloutShape? {
    let c = Double(concentration)
    let a = Int(min(max((c * mean(request.step)).rounded(), 1), c - 1))
    let draws = (0..<(concentration - 1)).map { request.uniform(UInt64($0)) }.sorted()
    let length = Int((draws[a - 1] * Double(longestHint(request.demonstration))).rounded())
    let plain = Array(repeating: 0, count: request.groupSize - 1)
    return RolloutShape(prefixLengths: [length] + plain)
  }

  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? {
    let hints = Hints(request)
    guard hints.count > 0 else { return nil }
    guard request.scales.count == request.coefficients.count else {
      throw PluginFailure(.unsupported, "this host does not give the scales of tokens: update it")
    }
    var coefficients = request.coefficients
    for tokens in hints.sequences {
      for token in highest(tokens, by: request.entropies) {
        coefficients[token] = surrogate(token, request)
      }
    }
    return coefficients
  }

  /// The share of highest entropy of a prefix's tokens, rounded up; among equals the earlier ones.
  private func highest(_ tokens: [Int], by entropies: [Float]) -> ArraySlice<Int> {
    // The tolerance keeps 0.2 * 35 = 7.000000000000001 at 7.
    let count = Int((topEntropy * Double(tokens.count) - 1e-9).rounded(.up))
    return tokens.sorted {
      entropies[$0] != entropies[$1] ? entropies[$0] > entropies[$1] : $0 < $1
    }.prefix(count)
  }

  /// d/d(log p) of -min(r A, clip(r) A), with r = p / p at generation.
  private func surrogate(_ token: Int, _ request: TokenWeightRequest) -> Float {
    let advantage = Double(request.advantages[token])
    let ratio = exp(Double(request.logProbs[token]) - Double(request.oldLogProbs[token]))
    if advantage > 0 ? ratio > 1 + epsilon : ratio < 1 - epsilon { return 0 }
    return Float(-advantage * ratio * Double(request.scales[token]))
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    let changed = try Self(parameters: parameters)
    (topEntropy, epsilon) = (changed.topEntropy, changed.epsilon)
  }
}
