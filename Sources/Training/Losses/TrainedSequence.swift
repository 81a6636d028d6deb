/// One sequence's trained tokens inside flat per-token arrays.
///
/// Batches are packed: sequences of different lengths stand side by side without padding. A loss reads and writes only the
/// positions of its sequences, so tokens of another part of the step may share the arrays.
public struct TrainedSequence: Sendable, Equatable {
  /// Where the sequence's tokens stand; empty where it trains none.
  public var tokens: Range<Int>
  /// Multiplies the sequence's loss and gradient, but no count.
  public var weight: Double
  /// Whether its tokens leave the loss and every count of tokens. The sequence itself still counts as one of the
  /// batch, as in TRL, where `mask_truncated_completions` zeroes the row of the mask and keeps the row.
  public var isMaskedOut: Bool

  /// Creates a sequence.
  public init(tokens: Range<Int>, weight: Double = 1, isMaskedOut: Bool = false) {
    self.tokens = tokens
    self.weight = weight
    self.isMaskedOut = isMaskedOut
  }

  /// How many tokens of it are trained.
  public var trainedTokens: Int { isMaskedOut ? 0 : tokens.count }

  /// Stops at sequences that overlap, are out of order or reach beyond the arrays.
  static func check(_ sequences: [TrainedSequence], tokens count: Int) {
    var end = 0
    for sequence in sequences {
      precondition(
        sequence.tokens.lowerBound >= end && sequence.tokens.upperBound <= count,
        "sequence \(sequence.tokens) overlaps its predecessor, which ends at \(end), or the \(count) tokens"
      )
      end = sequence.tokens.upperBound
    }
  }
}

/// A sum and what it is a sum over.
struct Tally: Sendable, Equatable {
  var sum = 0.0
  var count = 0

  /// The mean, 0 over nothing, as TRL's means over a batch without a trained token.
  var mean: Double { sum / Double(max(count, 1)) }

  mutating func add(_ value: Double, count: Int = 1) {
    sum += value
    self.count += count
  }

  mutating func merge(_ other: Tally) { add(other.sum, count: other.count) }
}
