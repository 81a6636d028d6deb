import Components
import Tokenizers
import Training

/// What the rows of a slot come to, and what is wrong with them.
struct SlotSurvey {
  /// A row as a person reads it.
  struct Sample {
    var id: UInt64
    var source: String
    /// Pieces of the rendered row, in order: trained or not.
    var pieces: [(text: String, isTrained: Bool)]
    var tokens: Int
    var trained: Int
    var cut: Int
    /// Whether it is left out, since it is longer than `sft.max_length`.
    var isLeftOut = false
  }

  let slot: String
  /// Whether rows are imitated; else they are rolled out.
  let isDemonstration: Bool
  /// Rows of the slot.
  let rows: Int
  /// Rows that were looked at.
  private(set) var examined = 0
  /// Rows of each source, with its weight.
  private(set) var sources: [(name: String, rows: Int, weight: Double)] = []
  /// Tokens of each row that was looked at; characters where there is no tokenizer.
  private(set) var lengths: [Int] = []
  private(set) var promptLengths: [Int] = []
  private(set) var trainedTokens = 0
  /// Rows that are cut, and the tokens that this takes away.
  private(set) var cutRows = 0
  private(set) var cutTokens = 0
  /// Rows that are left out since they are longer than `sft.max_length`; lengths and tokens are those of the others.
  private(set) var leftOutRows = 0
  /// Rows of which the cut leaves nothing to train.
  private(set) var emptyRows = 0
  /// Demonstrations without a completion.
  private(set) var withoutCompletion = 0
  /// What rows cannot be used for.
  private(set) var problems: [String] = []
  /// Rows that ask exactly what an earlier row asks.
  private(set) var repeated = 0
  private(set) var samples: [Sample] = []
  /// Packed sequences; `nil` where nothing is packed.
  private(set) var packed: Int?
  /// What lengths count.
  let unit: String

  /// Rows that tell what a source is like, and what is looked at of a stream.
  static let usualRows = 20_000

  /// Looks at the rows of a slot.
  ///
  /// - Parameters:
  ///   - maxRows: at most so many, from the front of each source; `nil`: all of a finite one, and `usualRows` of a stream.
  ///   - sampleCount: rows that are kept for reading, the first of each source in turn.
  init(
    _ dataset: LoadedDataset,
    _ tools: (inspector: RowInspector, tokenizer: Tokenizer)?,
    configuration: TrainingConfiguration,
    isDemonstration: Bool,
    maxRows: Int?,
    sampleCount: Int
  ) throws {
    slot = dataset.slot
    self.isDemonstration = isDemonstration
    unit = tools == nil ? "characters" : "tokens"
    rows = dataset.part.count ?? maxRows ?? Self.usualRows
    // Hashes, so that a million rows are not held twice.
    var seen: Set<Int> = []
    for (index, source) in dataset.parts.enumerated() {
      let count = min(source.dataset.count ?? maxRows ?? Self.usualRows, maxRows ?? .max)
      sources.append((source.name, source.dataset.count ?? 0, source.weight))
      // The samples are shared out among the sources.
      let share = (sampleCount + dataset.parts.count - 1 - index) / dataset.parts.count
      for start in stride(from: 0, to: count, by: 256) {
        let range = start..<min(count, start + 256)
        for (offset, row) in try source.dataset.examples(in: range).enumerated() {
          if !seen.insert(Self.key(row)).inserted { repeated += 1 }
          examined += 1
          try add(
            row,
            of: source.name,
            tools,
            configuration.sft,
            keepsSample: start + offset < share
          )
        }
      }
    }
    if isDemonstration, configuration.sft.packing, let tools {
      packed = tools.inspector.packedCount(lengths)
    }
  }

  private static func key(_ row: Example) -> Int {
    var hasher = Hasher()
    hasher.combine("\(row.prompt)")
    hasher.combine(row.completion.map { "\($0)" })
    return hasher.finalize()
  }

  private mutating func add(
    _ row: Example,
    of source: String,
    _ tools: (inspector: RowInspector, tokenizer: Tokenizer)?,
    _ sft: SFTConfiguration,
    keepsSample: Bool
  ) throws {
    if isDemonstration, row.completion == nil { withoutCompletion += 1 }
    let isImitated = isDemonstration && row.completion != nil
    guard let (inspector, tokenizer) = tools else {
      let prompt = row.prompt.plain
      let completion = isImitated ? row.completion?.plain ?? "" : ""
      promptLengths.append(prompt.unicodeScalars.count)
      lengths.append((prompt + completion).unicodeScalars.count)
      if keepsSample {
        samples.append(
          Sample(
            id: row.id,
            source: source,
            pieces: [(prompt, false), (completion, true)].filter { !$0.0.isEmpty },
            tokens: 0,
            trained: 0,
            cut: 0
          )
        )
      }
      return
    }
    let found: RowInspector.Row
    do {
      if isImitated, let row = try inspector.demonstration(row, slot: slot) {
        found = row
      } else {
        found = try inspector.prompt(row, slot: slot)
      }
    } catch {
      problems.append("\(error)")
      return
    }
    let trained = found.isTrained.count { $0 }
    if found.isLeftOut {
      leftOutRows += 1
    } else {
      lengths.append(found.ids.count)
      promptLengths.append(found.promptCount)
      trainedTokens += trained
      if found.cut > 0 {
        cutRows += 1
        cutTokens += found.cut
      }
      if isImitated, trained == 0 { emptyRows += 1 }
    }
    guard keepsSample else { return }
    samples.append(
      Sample(
        id: row.id,
        source: source,
        pieces: Self.pieces(found, tokenizer),
        tokens: found.ids.count,
        trained: trained,
        cut: found.cut,
        isLeftOut: found.isLeftOut
      )
    )
  }

  /// The text of runs of tokens that are all trained or all not, special tokens shown.
  private static func pieces(
    _ row: RowInspector.Row,
    _ tokenizer: Tokenizer
  ) -> [(text: String, isTrained: Bool)] {
    var pieces: [(text: String, isTrained: Bool)] = []
    var decoder = tokenizer.streamingDecoder(skipSpecialTokens: false)
    for (id, isTrained) in zip(row.ids, row.isTrained) {
      let text = decoder.append(id)
      if pieces.last?.isTrained == isTrained {
        pieces[pieces.count - 1].text += text
      } else {
        pieces.append((text, isTrained))
      }
    }
    let rest = decoder.flush()
    if !rest.isEmpty, !pieces.isEmpty { pieces[pieces.count - 1].text += rest }
    return pieces
  }
}

/// Counts of values in equal steps.
struct Histogram {
  /// Lower ends of the bins, and the upper end of the last.
  let edges: [Int]
  let counts: [Int]

  /// At most `bins` bins whose width is 1, 2 or 5 times a power of ten.
  init(_ values: [Int], bins: Int = 12) {
    guard let low = values.min(), let high = values.max() else {
      (edges, counts) = ([0], [])
      return
    }
    var (width, scale, next) = (1, 1, 0)
    while (high / width - low / width) + 1 > bins {
      next += 1
      if next % 3 == 0 { scale *= 10 }
      width = scale * [1, 2, 5][next % 3]
    }
    let first = low / width
    var counts = Array(repeating: 0, count: high / width - first + 1)
    for value in values { counts[value / width - first] += 1 }
    edges = (0...counts.count).map { (first + $0) * width }
    self.counts = counts
  }
}

extension [Int] {
  /// The smallest value that is not below a share of the values; 0 of none.
  func quantile(_ share: Double) -> Int {
    let sorted = sorted()
    guard !sorted.isEmpty else { return 0 }
    let index = Int((share * Double(sorted.count)).rounded(.up)) - 1
    return sorted[Swift.min(Swift.max(index, 0), sorted.count - 1)]
  }
}
