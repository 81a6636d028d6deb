public import Components

/// TRL's metrics of the policy loss, kept as sums, so that micro-batches can be merged into those of the whole step.
public struct PolicyMetrics: Sendable, Equatable {
  /// Trained tokens.
  public internal(set) var tokens = 0
  var kl: Tally?
  var entropy: Tally?
  private let isClipped: Bool
  private var lowFlags = Tally()
  private var highFlags = Tally()
  private var lowMinimum = Double.nan
  private var highMaximum = Double.nan

  init(isClipped: Bool, hasKL: Bool, hasEntropy: Bool) {
    self.isClipped = isClipped
    kl = hasKL ? Tally() : nil
    entropy = hasEntropy ? Tally() : nil
  }

  /// `kl`: mean over tokens of the k3 estimate, nats, times the ratio where the bias is corrected; `nil` without a reference.
  public var klMean: Double? { kl?.mean }
  /// `entropy`: mean over tokens, nats; `nil` where it was not given.
  public var entropyMean: Double? { entropy?.mean }
  /// `clip_ratio/low_mean`: share of tokens (of sequences, where ratio and advantage are per sequence) with a ratio below
  /// `1 - epsilon` and a negative advantage.
  public var lowMean: Double { lowFlags.mean }
  /// `clip_ratio/low_min`: the least share in any one sequence; NaN without a trained sequence.
  public var lowMin: Double { lowMinimum }
  /// `clip_ratio/high_mean`: share with a ratio above `1 + epsilon_high` and a positive advantage. For `cispo`, above
  /// `epsilon_high`: TRL's `cispo_clip_ratio`.
  public var highMean: Double { highFlags.mean }
  /// `clip_ratio/high_max`: the largest share in any one sequence; NaN without a trained sequence.
  public var highMax: Double { highMaximum }
  /// `clip_ratio/region_mean`: share of either kind.
  public var regionMean: Double {
    // The two exclude each other by the advantage's sign.
    (lowFlags.sum + highFlags.sum) / Double(max(lowFlags.count, 1))
  }

  /// The metrics under TRL's names: `kl` and `entropy` where measured, then `clip_ratio/...` or `cispo_clip_ratio`.
  public var entries: [Diagnostic] {
    var entries: [Diagnostic] = []
    if let klMean { entries.append(Diagnostic("kl", klMean)) }
    if let entropyMean { entries.append(Diagnostic("entropy", entropyMean)) }
    guard isClipped else { return entries + [Diagnostic("cispo_clip_ratio", highMean)] }
    return entries + [
      Diagnostic("clip_ratio/low_mean", lowMean),
      Diagnostic("clip_ratio/low_min", lowMin),
      Diagnostic("clip_ratio/high_mean", highMean),
      Diagnostic("clip_ratio/high_max", highMax),
      Diagnostic("clip_ratio/region_mean", regionMean),
    ]
  }

  /// Adds another micro-batch's, giving what one batch of both would have given. (TRL averages the micro-batches' own means,
  /// which weighs a token by the length of its neighbours.)
  public mutating func merge(_ other: PolicyMetrics) {
    tokens += other.tokens
    if let tally = other.kl { kl = merged(kl, tally) }
    if let tally = other.entropy { entropy = merged(entropy, tally) }
    lowFlags.merge(other.lowFlags)
    highFlags.merge(other.highFlags)
    lowMinimum = .minimum(lowMinimum, other.lowMinimum)
    highMaximum = .maximum(highMaximum, other.highMaximum)
  }

  /// Adds one sequence's flags: how many of its `count` are set.
  mutating func addFlags(low: Int, high: Int, count: Int) {
    lowFlags.add(Double(low), count: count)
    highFlags.add(Double(high), count: count)
    // `minimum` and `maximum` prefer a number to NaN, the empty value.
    lowMinimum = .minimum(lowMinimum, Double(low) / Double(count))
    highMaximum = .maximum(highMaximum, Double(high) / Double(count))
  }

  private func merged(_ tally: Tally?, _ other: Tally) -> Tally {
    var sum = tally ?? Tally()
    sum.merge(other)
    return sum
  }
}
