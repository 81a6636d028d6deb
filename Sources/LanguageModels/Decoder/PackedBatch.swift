/// Sequences of different lengths, concatenated without padding.
///
/// Row t of a hidden state belongs to `tokens[t]`; row t scores the token after it. Attention stays
/// inside a segment.
public struct PackedBatch: Sendable, Equatable {
  /// All tokens, [T].
  public var tokens: [Int32]
  /// Starts of the sequences and the end: [0, n1, n1 + n2, ..., T].
  public var segments: [Int32]
  /// Position of each token for the rotary embedding, [T]; 0 at each segment's start.
  public var positions: [Int32]

  /// Concatenates sequences.
  ///
  /// - Precondition: No sequence is empty, and T fits in 31 bits.
  public init(_ sequences: [[Int32]]) {
    let total = sequences.reduce(0) { $0 + $1.count }
    precondition(total <= Int(Int32.max), "\(total) tokens in one batch")
    tokens = []
    positions = []
    segments = [0]
    tokens.reserveCapacity(total)
    positions.reserveCapacity(total)
    segments.reserveCapacity(sequences.count + 1)
    for sequence in sequences {
      precondition(!sequence.isEmpty, "a sequence of a packed batch is empty")
      tokens += sequence
      positions += 0..<Int32(sequence.count)
      segments.append(Int32(tokens.count))
    }
  }

  /// How many sequences there are.
  public var sequenceCount: Int { segments.count - 1 }

  /// The rows of sequence `index`.
  public func range(of index: Int) -> Range<Int> {
    Int(segments[index])..<Int(segments[index + 1])
  }

  /// The rows that predict a token, and those tokens: every row but the last of each sequence.
  public var nextTokenTargets: (rows: [Int32], targets: [Int32]) {
    var rows: [Int32] = []
    rows.reserveCapacity(tokens.count - sequenceCount)
    for index in 0..<sequenceCount { rows += segments[index]..<segments[index + 1] - 1 }
    return (rows, rows.map { tokens[Int($0) + 1] })
  }
}
