import Glibc
import StepwisePlugin

/// TRAPO: a group of 8 is sampled in parts of 4, 2, 1 and 1. The first starts from nothing. While the mean reward so far is
/// low, the next start with 25 %, with 50 % and at last with the whole demonstration; where it is not, with nothing.
///
///     token of a prefix, on grad log p:  p / max(p, 0.1)
///
/// so that a token the policy finds next to impossible does not throw it. Prefixes are imitated and have no part in the policy
/// gradient; their loss is a mean over the step's prefix tokens. The threshold of "low", 0.5, and the weight, 1, are ours.
struct TRAPOStrategy: Strategy, Reconfigurable {
  static var id: String? { "org.stepwise.strategy.trapo" }

  private let sizes: [Int]
  private let prefixes: [Double]
  private var threshold: Double
  private var floor: Double
  private var weight: Double

  init(parameters: Parameters) throws {
    sizes = try parameters.ints("sizes", default: [4, 2, 1, 1])
    prefixes = try parameters.doubles("prefixes", default: [0, 0.25, 0.5, 1])
    threshold = try parameters.double("threshold", default: 0.5)
    floor = try parameters.double("floor", default: 0.1)
    weight = try parameters.double("weight", default: 1)
    guard !sizes.isEmpty, sizes.count == prefixes.count, sizes.allSatisfy({ 1...4096 ~= $0 }),
      prefixes.allSatisfy({ 0...1 ~= $0 })
    else {
      throw PluginFailure(
        .argument,
        "sizes \(sizes) and prefixes \(prefixes): give as many shares from 0 to 1 as sizes of 1 or more"
      )
    }
    guard floor > 0, floor <= 1, weight >= 0, threshold.isFinite else {
      throw PluginFailure(
        .argument,
        "floor \(floor), weight \(weight), threshold \(threshold): give a floor above 0 and up to 1, a weight of 0 or more"
      )
    }
  }

  var requirements: StrategyRequirements { [.prompts, .promptDemonstrations, .statisticsPass] }

  func beginStep(_ context: StepContext) -> StepPlan {
    StepPlan(.rl, reason: "RL; demonstrated prefixes where the score is low")
  }

  func shapeRollout(_ request: RolloutShapeRequest) -> RolloutShape? {
    let (part, end) = part(after: request.rewards.count, of: request.groupSize)
    let scores = request.rewards.compactMap { $0 }
    // Without any score nothing says that help is needed.
    let isLow =
      !scores.isEmpty && scores.reduce(0, +) / Double(scores.count) < threshold
    let share = part == 0 || isLow ? prefixes[part] : 0
    return RolloutShape(
      prefixLengths: Array(
        repeating: length(share, request.demonstration),
        count: end - request.rewards.count
      )
    )
  }

  /// The part whose samples come after the first `done` of a group, and where it ends. Groups of another size than the sum are
  /// divided in proportion; parts that get nothing are passed over.
  private func part(after done: Int, of groupSize: Int) -> (part: Int, end: Int) {
    let total = sizes.reduce(0, +)
    var sum = 0
    for (part, size) in sizes.enumerated() {
      sum += size
      let end = groupSize * sum / total
      if end > done { return (part, end) }
    }
    return (sizes.count - 1, groupSize)
  }

  /// The whole demonstration leaves nothing to sample; any smaller share leaves something.
  private func length(_ share: Double, _ demonstration: [Int32]) -> Int {
    if share == 1 { return demonstration.count }
    return min(Int(share * Double(demonstration.count)), longestHint(demonstration))
  }

  func tokenWeights(_ request: TokenWeightRequest) -> [Float]? {
    Hints(request).coefficients(request, weight: weight) { token in
      let p = exp(Double(request.logProbs[token]))
      return p / max(p, floor)
    }
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    let changed = try Self(parameters: parameters)
    (threshold, floor, weight) = (changed.threshold, changed.floor, changed.weight)
  }
}
