import Components

/// Where a packed run stands in its data: the rows of the present window are drawn again on resume.
struct PackingCursor: Codable, Equatable, Sendable {
  /// Where the demonstrations stood before the window's rows were drawn.
  var start: RowSource.Cursor
  /// Packed sequences of the window that were trained.
  var taken = 0
}

extension Trainer {
  /// Rows that are packed together: those of one call of TRL's `datasets.map`.
  static let packingWindow = 1_000

  /// The step's micro-batches of packed sequences; the batch size counts these.
  func packedMicroBatches(_ plan: StepPlan, _ source: RowSource) throws -> [MicroBatch] {
    if let difficulty = plan.difficulty {
      throw TrainingError.configuration(
        key: "sft.packing",
        value: "true",
        problem:
          "draws rows ahead, and the strategy asks for those of difficulty \(difficulty) now",
        cure: "Set sft.packing to false, or use a strategy without a difficulty window"
      )
    }
    let size = configuration.sft.perDeviceTrainBatchSize
    return try (0..<configuration.sft.gradientAccumulationSteps).map { _ in
      MicroBatch(try (0..<size).flatMap { _ in try nextPacked(source) })
    }
  }

  /// The rows of the next packed sequence.
  private func nextPacked(_ source: RowSource) throws -> [TrainingSequence] {
    if packedWindow == nil, let cursor = state.packing {
      // After a resume the source stands behind the window, which is made anew from its beginning.
      try source.restore(cursor.start)
      packedWindow = try packWindow(of: source).sequences
    }
    var leftOut = 0
    while packedWindow == nil || state.packing!.taken >= packedWindow!.count {
      try requireRowsThatFit(leftOut, of: source)
      state.packing = PackingCursor(start: source.cursor)
      // Only here: a window that is made again after a resume was counted before.
      let window = try packWindow(of: source)
      note(overlong: window.overlong)
      if window.sequences.isEmpty { leftOut += window.overlong }
      packedWindow = window.sequences
    }
    defer { state.packing!.taken += 1 }
    return packedWindow![state.packing!.taken]
  }

  /// Draws the rows of a window, at most to the epoch's end, and packs them. The sequences are shuffled, since the packing sorts rows
  /// by length.
  ///
  /// - Returns: no sequence where every row is left out, and how many rows are longer than `sft.max_length`.
  private func packWindow(
    of source: RowSource
  ) throws -> (sequences: [[TrainingSequence]], overlong: Int) {
    let start = source.cursor.drawn
    let count = min(Self.packingWindow, source.remainingInEpoch ?? .max)
    let (sequences, overlong) = fitting(
      try source.next(count).map { try demonstration($0, slot: source.slot) }
    )
    let bins = BestFitDecreasing.pack(
      sequences.map(\.length),
      capacity: configuration.sft.maxLength
    )
    let order =
      configuration.shuffleDataset
      ? random.permutation(bins.count, .packing, UInt64(start)) : Array(bins.indices)
    return (order.map { bins[$0].map { sequences[$0] } }, overlong)
  }

  /// Packed sequences of the first epoch of demonstrations: what `num_train_epochs` counts. Every row is tokenised for it.
  func countPackedEpoch(heldOut: Set<Int>) throws -> Int? {
    guard let dataset = parts.demonstrations, let count = dataset.count else { return nil }
    let source = try RowSource(
      slot: "demonstrations",
      dataset: dataset,
      random: random,
      shuffle: configuration.shuffleDataset,
      heldOut: heldOut
    )
    var packed = 0
    while source.cursor.drawn < count - heldOut.count {
      packed += try packWindow(of: source).sequences.count
    }
    if packed == 0 { try requireRowsThatFit(.max, of: source) }
    return packed
  }
}
