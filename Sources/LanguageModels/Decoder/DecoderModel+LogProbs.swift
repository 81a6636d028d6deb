public import Tensors

extension DecoderModel {
  /// Log-probs of given tokens: what a loss needs, without the logits of any other row.
  ///
  /// - Parameters:
  ///   - tape: Records the forward pass; seed `backward` with the gradient of `logProbs`.
  ///   - batch: The sequences.
  ///   - rows: R rows of the batch. Row t scores the token after it.
  ///   - targets: The R tokens scored.
  ///   - temperature: Divides the logits.
  ///   - entropy: Whether each row's entropy (nats) is wanted.
  /// - Returns: log p of each target, [R].
  public func tokenLogProbs(
    tape: Tape,
    batch: PackedBatch,
    rows: [Int32],
    targets: [Int32],
    temperature: Float = 1,
    entropy: Bool = false
  ) -> TokenLogProbs {
    precondition(rows.count == targets.count, "\(rows.count) rows, \(targets.count) targets")
    let hidden = tape.gatherRows(forward(batch, tape: tape), rows)
    return tape.tokenLogProbs(
      hidden,
      head: head,
      targets: targets,
      temperature: temperature,
      entropy: entropy
    )
  }

  /// log p of each next token of each sequence, without a gradient.
  ///
  /// - Returns: For a sequence of n tokens, n - 1 values; the first scores the second token.
  public func nextTokenLogProbs(
    _ sequences: [[Int32]],
    temperature: Float = 1
  ) -> [[Float]] {
    let batch = PackedBatch(sequences)
    let (rows, targets) = batch.nextTokenTargets
    guard !rows.isEmpty else { return sequences.map { _ in [] } }
    let scored = tokenLogProbs(
      tape: Tape(backend: backend, recording: false),
      batch: batch,
      rows: rows,
      targets: targets,
      temperature: temperature
    )
    let values = scored.logProbs.array
    var start = 0
    return sequences.map { sequence in
      defer { start += sequence.count - 1 }
      return Array(values[start..<start + sequence.count - 1])
    }
  }
}
