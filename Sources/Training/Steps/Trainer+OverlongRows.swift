import Components

/// Demonstrations of more than `sft.max_length` tokens: what is cut or left out is counted, and whoever watches the run is told.
extension Trainer {
  /// The next rows that are trained on, as SFT sequences. A row that is left out makes place for the one after it.
  func nextDemonstrations(
    _ count: Int,
    of source: RowSource,
    difficulty: ClosedRange<Double>?
  ) throws -> [TrainingSequence] {
    var sequences: [TrainingSequence] = []
    var leftOut = 0
    while sequences.count < count {
      let rows = try source.next(count - sequences.count, difficulty: difficulty)
      let kept = counted(try rows.map { try demonstration($0, slot: source.slot) })
      leftOut = kept.isEmpty ? leftOut + rows.count : 0
      try requireRowsThatFit(leftOut, of: source)
      sequences += kept
    }
    return sequences
  }

  /// The sequences that are trained on; overlong ones are counted.
  func counted(_ sequences: [TrainingSequence]) -> [TrainingSequence] {
    let (kept, overlong) = fitting(sequences)
    note(overlong: overlong)
    return kept
  }

  /// The sequences of at most `sft.max_length` tokens, and how many of all have or had more.
  func fitting(_ sequences: [TrainingSequence]) -> (kept: [TrainingSequence], overlong: Int) {
    let kept = sequences.filter { $0.length <= configuration.sft.maxLength }
    return (kept, sequences.count - kept.count + kept.count(where: \.truncated))
  }

  /// Counts overlong rows that were drawn, and tells of the first.
  func note(overlong rows: Int) {
    guard rows > 0 else { return }
    if state.overlongRows == nil {
      tell(
        "demonstrations: \(rows) of the rows of this step \(rows == 1 ? "has" : "have") more than "
          + "sft.max_length \(configuration.sft.maxLength) tokens"
      )
    }
    state.overlongRows = (state.overlongRows ?? 0) + rows
  }

  /// Fails where a whole epoch was left out.
  func requireRowsThatFit(_ leftOut: Int, of source: RowSource) throws {
    // Of a stream nobody knows what is to come: after so many rows in a row it is the setting that is wrong.
    if leftOut > max(source.epochLength ?? 100_000, Self.packingWindow) {
      throw noRowFits(of: source.slot)
    }
  }

  private func noRowFits(of slot: String) -> TrainingError {
    .configuration(
      key: "sft.max_length",
      value: String(configuration.sft.maxLength),
      problem: "leaves no row to train: all rows of \(slot) are longer, and sft.on_overlong_row "
        + "leaves them out",
      cure: "Raise it, or set sft.on_overlong_row to truncate"
    )
  }

  /// Rows of an epoch without those that are left out: what `num_train_epochs` counts. Every row is tokenised for it.
  func countFittingRows(heldOut: Set<Int>) throws -> Int? {
    guard let dataset = parts.demonstrations, let count = dataset.count else { return nil }
    var fitting = 0
    for start in stride(from: 0, to: count, by: Self.rowsAtOnce) {
      let range = start..<min(count, start + Self.rowsAtOnce)
      for (position, example) in zip(range, try dataset.examples(in: range))
      where !heldOut.contains(position) {
        guard let row = try rows.demonstration(example, configuration.sft, slot: "demonstrations")
        else { continue }
        if row.prompt.count + row.completion.count <= configuration.sft.maxLength { fitting += 1 }
      }
    }
    if fitting == 0 { throw noRowFits(of: "demonstrations") }
    return fitting
  }

  /// Looks for overlong demonstrations before the first step: at every row where one is an error, else at a sample, evenly spread,
  /// so that a run says at its start what it does to its rows.
  ///
  /// Rows that are not shuffled may come from a dataset that can only go forward: they are looked at when they are drawn.
  func lookForOverlongRows() throws {
    let sft = configuration.sft
    guard configuration.shuffleDataset, let dataset = parts.demonstrations,
      let count = dataset.count
    else { return }
    let takesAll = sft.onOverlongRow == .error
    let size = takesAll ? Self.rowsAtOnce : 1
    let step = takesAll ? size : max(1, (count + Self.sampledRows - 1) / Self.sampledRows)
    var (looked, overlong, longest) = (0, 0, 0)
    for start in stride(from: 0, to: count, by: step) {
      for example in try dataset.examples(in: start..<min(count, start + size)) {
        guard let row = try rows.demonstration(example, sft, slot: "demonstrations") else {
          continue
        }
        let length = row.prompt.count + row.completion.count + row.cut
        looked += 1
        if length > sft.maxLength { overlong += 1 }
        longest = max(longest, length)
      }
    }
    guard overlong > 0 else { return }
    tell(
      "demonstrations: \(overlong) of \(looked) rows that were looked at have more than "
        + "sft.max_length \(sft.maxLength) tokens, the longest \(longest)"
    )
  }

  /// Rows that are looked at before the first step. A kind of row that is one of a hundred is missed by so many in one run of 170.
  private static let sampledRows = 512
  /// Rows that are asked for at once where all are read.
  private static let rowsAtOnce = 256

  /// Says once what was found, what becomes of it, and what can be done.
  private func tell(_ found: String) {
    guard !hasToldOfOverlongRows else { return }
    hasToldOfOverlongRows = true
    let (fate, others) =
      configuration.sft.onOverlongRow == .skip
      ? ("left out", "truncate or error") : ("cut at the end", "skip or error")
    observer?.observe(
      .warning(
        "\(found). They are \(fate), and counted in metrics.jsonl as sft/overlong_rows. Raise "
          + "sft.max_length, or set sft.on_overlong_row to \(others)"
      )
    )
  }
}
