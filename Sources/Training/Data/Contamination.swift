public import Components

/// Looks for held-out rows among the rows that are trained on.
///
/// Two measures, as the field has them: a held-out prompt that is also trained on, after normalisation (case, white space and
/// punctuation do not count); and the share of a held-out prompt's n-grams of words that occur in trained rows. As in GPT-3's
/// analysis (Brown et al., arXiv 2005.14165, appendix C) n is 13 and an n-gram of more than 10 trained rows is a phrase of the
/// template, not of the row, and does not count.
public struct ContaminationCheck {
  /// Words of an n-gram.
  public static let words = 13
  /// An n-gram of more trained rows than these is a phrase that many rows share.
  public static let commonRows = 10
  /// The share of n-grams from which on a row counts as overlapping.
  public static let overlap = 0.8

  private struct HeldOut {
    var id: UInt64
    var text: String
    var grams: [UInt64]
    var exact: Match?
  }

  /// Where a text was found.
  public struct Match: Sendable, Equatable {
    /// The slot of the row: `prompts` or `demonstrations`.
    public var slot: String
    /// Its id.
    public var id: UInt64
  }

  private struct Gram {
    var rows = 0
    var lastRow = -1
    var first: Match
  }

  private var heldOut: [HeldOut] = []
  private var byText: [UInt64: [Int]] = [:]
  private var grams: [UInt64: Gram?] = [:]
  private var trainedRows = 0

  /// Nothing is held out yet.
  public init() {}

  /// Adds a held-out row.
  public mutating func addHeldOut(_ row: Example) {
    let words = Self.normalized(row.prompt.plain)
    let grams = Set(Self.grams(words)).sorted()
    // Texts without a word, of emoji or dots, would all be the same one.
    if !words.isEmpty { byText[Self.hash(words[...]), default: []].append(heldOut.count) }
    for gram in grams { self.grams[gram] = .some(nil) }
    heldOut.append(HeldOut(id: row.id, text: row.prompt.plain, grams: grams, exact: nil))
  }

  /// Compares a trained row; after all held-out rows were added.
  public mutating func addTrained(_ row: Example, slot: String) {
    defer { trainedRows += 1 }
    var text = row.prompt.plain
    // A plain text holds its question in what it imitates.
    if text.isEmpty, let completion = row.completion { text = completion.plain }
    let words = Self.normalized(text)
    let match = Match(slot: slot, id: row.id)
    for index in byText[Self.hash(words[...])] ?? [] where heldOut[index].exact == nil {
      heldOut[index].exact = match
    }
    for gram in Self.grams(words) {
      guard let known = grams[gram] else { continue }
      var found = known ?? Gram(first: match)
      if found.lastRow != trainedRows {
        found.rows += 1
        found.lastRow = trainedRows
        grams[gram] = .some(found)
      }
    }
  }

  /// What was found.
  public var result: Result {
    var result = Result(heldOutRows: heldOut.count, trainedRows: trainedRows)
    for row in heldOut {
      if let exact = row.exact {
        result.exact.append(.init(id: row.id, text: row.text, share: 1, match: exact))
        continue
      }
      var (own, found) = (0, 0)
      var match: Match?
      for gram in row.grams {
        let known = grams[gram] ?? nil
        if let known, known.rows > Self.commonRows { continue }
        own += 1
        guard let known else { continue }
        found += 1
        match = match ?? known.first
      }
      guard own > 0, let match else { continue }
      let share = Double(found) / Double(own)
      if share >= Self.overlap {
        result.overlapping.append(.init(id: row.id, text: row.text, share: share, match: match))
      }
    }
    return result
  }

  /// What a check found.
  public struct Result: Sendable, Equatable {
    /// A held-out row that is trained on.
    public struct Row: Sendable, Equatable {
      /// The held-out row.
      public var id: UInt64
      /// Its prompt.
      public var text: String
      /// The share of its n-grams that are trained on; 1 for an exact match.
      public var share: Double
      /// The first trained row with it.
      public var match: Match
    }

    /// Held-out rows that were compared.
    public var heldOutRows: Int
    /// Trained rows that they were compared with.
    public var trainedRows: Int
    /// Rows whose prompt is trained on.
    public var exact: [Row] = []
    /// Rows most of whose n-grams are trained on.
    public var overlapping: [Row] = []

    /// Whether nothing was found.
    public var isClean: Bool { exact.isEmpty && overlapping.isEmpty }
  }

  // MARK: - Texts

  /// The words of a text in lower case, without punctuation and white space. A mark that mathematics lives on (+ - * / = < > ^ %) is a
  /// word of its own.
  static func normalized(_ text: String) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var word: [UInt8] = []
    func close() {
      if !word.isEmpty { words.append(word) }
      word = []
    }
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        let byte = UInt8(truncatingIfNeeded: scalar.value)
        switch byte {
        case 0x30...0x39, 0x61...0x7A: word.append(byte)
        case 0x41...0x5A: word.append(byte | 0x20)
        case _ where Self.signs.contains(byte):
          close()
          words.append([byte])
        default: close()
        }
      } else if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
        word += scalar.properties.lowercaseMapping.utf8
      } else {
        close()
      }
    }
    close()
    return words
  }

  private static let signs = Array("+-*/=<>^%".utf8)

  private static func grams(_ words: [[UInt8]]) -> [UInt64] {
    guard words.count >= Self.words else { return [] }
    return (0...(words.count - Self.words)).map { hash(words[$0..<($0 + Self.words)]) }
  }

  private static func hash(_ words: ArraySlice<[UInt8]>) -> UInt64 {
    var hash = TextHash()
    for word in words {
      hash.add(word)
      hash.add(CollectionOfOne(0x20))
    }
    return hash.value
  }
}

extension ContaminationCheck {
  /// Compares the rows that a run evaluates on with those that it trains on.
  ///
  /// - Parameters:
  ///   - heldOut: the evaluation's rows.
  ///   - limit: how many rows, from the front, of the evaluation's.
  ///   - trained: the slots that are trained on.
  ///   - trainedLimit: at most so many rows of each slot: a stream has no end.
  public static func run(
    heldOut: any Dataset,
    limit: Int,
    trained: [(slot: String, dataset: any Dataset)],
    trainedLimit: Int
  ) throws -> Result {
    var check = ContaminationCheck()
    func rows(_ dataset: any Dataset, _ limit: Int, _ body: (Example) -> Void) throws {
      let count = min(dataset.count ?? limit, limit)
      for start in stride(from: 0, to: count, by: 512) {
        try dataset.examples(in: start..<min(count, start + 512)).forEach(body)
      }
    }
    try rows(heldOut, limit) { check.addHeldOut($0) }
    for (slot, dataset) in trained {
      try rows(dataset, trainedLimit) { check.addTrained($0, slot: slot) }
    }
    return check.result
  }
}
