/// Sequences of different lengths, concatenated without padding.
///
/// Row t of a hidden state belongs to `tokens[t]`; row t scores the token after it. Attention stays
/// inside a segment, but for a segment that continues another one: its tokens see all of that first,
/// so that a prompt with several completions is computed once.
public struct PackedBatch: Sendable, Equatable {
  /// All tokens, [T].
  public private(set) var tokens: [Int32] = []
  /// Starts of the segments and the end: [0, n1, n1 + n2, ..., T].
  public private(set) var segments: [Int32] = [0]
  /// For each segment the one that it continues, or -1.
  public private(set) var prefixes: [Int32] = []
  /// Position of each token for the rotary embedding, [T]: 0 at a segment's start, or where the
  /// prefix ends.
  public private(set) var positions: [Int32] = []

  /// A batch without tokens, to be appended to.
  public init() {}

  /// Concatenates sequences, each a segment.
  ///
  /// - Precondition: No sequence is empty, and T fits in 31 bits.
  public init(_ sequences: [[Int32]]) {
    let total = sequences.reduce(0) { $0 + $1.count }
    tokens.reserveCapacity(total)
    positions.reserveCapacity(total)
    segments.reserveCapacity(sequences.count + 1)
    for sequence in sequences { append(sequence) }
  }

  /// Adds a segment.
  ///
  /// - Parameter prefix: The segment that it continues, which continues none itself.
  /// - Returns: The segment's number.
  /// - Precondition: There is a token, and T fits in 31 bits.
  @discardableResult
  public mutating func append(
    _ sequence: some Collection<Int32>,
    continuing prefix: Int? = nil
  ) -> Int {
    precondition(!sequence.isEmpty, "a sequence of a packed batch is empty")
    let total = tokens.count + sequence.count
    precondition(total <= Int(Int32.max), "\(total) tokens in one batch")
    var first = 0
    if let prefix {
      precondition(prefixes[prefix] == -1, "segment \(prefix) continues another one")
      first = range(of: prefix).count
    }
    tokens += sequence
    positions += Int32(first)..<Int32(first + sequence.count)
    segments.append(Int32(total))
    prefixes.append(Int32(prefix ?? -1))
    return prefixes.count - 1
  }

  /// How many segments there are: sequences, where none continues another.
  public var segmentCount: Int { prefixes.count }

  /// The rows of segment `index`.
  public func range(of index: Int) -> Range<Int> {
    Int(segments[index])..<Int(segments[index + 1])
  }

  /// The rows that predict a token of the same segment, and those tokens: every row but the last of
  /// each segment.
  public var nextTokenTargets: (rows: [Int32], targets: [Int32]) {
    var rows: [Int32] = []
    rows.reserveCapacity(tokens.count - segmentCount)
    for index in 0..<segmentCount { rows += segments[index]..<segments[index + 1] - 1 }
    return (rows, rows.map { tokens[Int($0) + 1] })
  }
}
