public import Components

/// A part of a dataset's rows: those held out, or the others.
///
/// A hash of a row's prompt and of the seed decides, nothing else does: rows that ask the same are in the same part, and a row that is
/// added later moves no other.
public final class DatasetSplit: Dataset {
  /// What a dataset is cut into.
  public enum Part: String, Sendable, CaseIterable {
    /// The rows that are not held out.
    case train
    /// The rows that are held out.
    case test
  }

  /// How a dataset is cut.
  public struct Rule: Sendable, Equatable {
    /// The share of rows that is held out; above 0, below 1.
    public var testSize: Double
    /// Another seed holds out other rows.
    public var seed: UInt64
    /// Which part this is.
    public var part: Part

    /// Creates a rule.
    public init(testSize: Double, seed: UInt64 = 42, part: Part) {
      self.testSize = testSize
      self.seed = seed
      self.part = part
    }
  }

  private let dataset: any Dataset
  /// Positions in the dataset, ascending.
  private let positions: [Int]

  /// Reads every row once.
  ///
  /// - Throws: `TrainingError` where the dataset is a stream, or the part has no rows.
  public init(_ dataset: any Dataset, slot: String, rule: Rule) throws {
    self.dataset = dataset
    guard let count = dataset.count else {
      throw TrainingError.configuration(
        key: "\(slot).split",
        value: dataset.identity.id,
        problem: "is a stream, which cannot be cut into parts",
        cure: "Use a finite dataset, or hold rows out with the dataset's own parameters"
      )
    }
    var positions: [Int] = []
    for start in stride(from: 0, to: count, by: Self.rowsAtOnce) {
      let range = start..<min(count, start + Self.rowsAtOnce)
      for (offset, row) in try dataset.examples(in: range).enumerated()
      where Self.part(of: row, rule) == rule.part {
        positions.append(start + offset)
      }
    }
    guard !positions.isEmpty else {
      throw TrainingError.configuration(
        key: "\(slot).split.test_size",
        value: "\(rule.testSize)",
        problem: "leaves no row of \(count) in the part \(rule.part.rawValue)",
        cure: "Move it away from \(rule.part == .test ? "0" : "1"), or give more rows"
      )
    }
    self.positions = positions
  }

  /// The part of a row: its hash as a number from 0 to 1, compared with `testSize`.
  static func part(of row: Example, _ rule: Rule) -> Part {
    var hash = TextHash(seed: rule.seed)
    hash.add(row.prompt)
    // A plain text has an empty prompt: what it says tells it apart.
    if case .text("") = row.prompt, let completion = row.completion { hash.add(completion) }
    let share = Double(hash.value >> 11) * 0x1p-53
    return share < rule.testSize ? .test : .train
  }

  private static let rowsAtOnce = 512

  /// The dataset's own identity.
  public var identity: ComponentIdentity { dataset.identity }
  /// The rows of the part.
  public var count: Int? { positions.count }

  /// Rows of the part, in the dataset's order.
  public func examples(in range: Range<Int>) throws -> [Example] {
    try positions[range].map { try dataset.examples(in: $0..<($0 + 1))[0] }
  }

  /// Passed on.
  public func beginEpoch(_ epoch: Int) throws { try dataset.beginEpoch(epoch) }
  /// The dataset's own.
  public func saveState() throws -> [UInt8] { try dataset.saveState() }
  /// The dataset's own.
  public func loadState(_ bytes: [UInt8]) throws { try dataset.loadState(bytes) }
}

/// A hash of texts that is the same on every machine: FNV-1a over the bytes, then SplitMix64's finalizer, since the upper bits of FNV
/// alone are poor.
struct TextHash {
  private var state: UInt64

  init(seed: UInt64 = 0) { state = 0xcbf2_9ce4_8422_2325 ^ (seed &* 0x9E37_79B9_7F4A_7C15) }

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  mutating func add(_ text: RowText) {
    switch text {
    case .text(let text): add(text.utf8)
    case .messages(let turns):
      for turn in turns {
        add(turn.role.utf8)
        add(CollectionOfOne(0))
        add(turn.content.utf8)
        add(CollectionOfOne(0))
      }
    }
  }

  var value: UInt64 {
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
