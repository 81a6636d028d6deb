/// Per-row results of `Tape.tokenLogProbs`.
public struct TokenLogProbs {
  /// Log p of each row's target: (R).
  public let logProbs: Tensor
  /// Entropy of each row's distribution in nats; empty when not asked for.
  public let entropy: [Float]
  /// Whether each row's target is its most likely token.
  public let isArgmax: [Bool]
}

extension Tape {
  /// Log-probabilities of targets under softmax(hidden (R,C) head (V,C)^T / temperature).
  ///
  /// The logits (R,V) stay in one buffer that the backward turns into their gradient in place. Above
  /// `logitsByteBudget` they are made in chunks of rows, forgotten, and made again in the backward.
  /// - Parameter entropy: also compute each row's entropy (of the same distribution, no gradient).
  public func tokenLogProbs(
    _ hidden: Tensor,
    head: Parameter,
    targets: [Int32],
    temperature: Float,
    entropy: Bool
  ) -> TokenLogProbs {
    let rows = hidden.rows
    let width = hidden.width
    let vocabulary = head.shape[0]
    precondition(
      head.shape.count == 2 && head.shape[1] == width && targets.count == rows,
      "\(targets.count) targets, hidden \(hidden.shape), head \(head.shape)"
    )
    precondition(temperature > 0, "temperature \(temperature)")
    for target in targets {
      precondition(
        target >= 0 && Int(target) < vocabulary,
        "target \(target) of \(vocabulary) tokens"
      )
    }
    let output = makeOutput([rows], tracked: tracks([hidden], [head]))
    let lse = Buffer(backend.makeStorage(count: rows))
    let entropies = entropy ? Buffer(backend.makeStorage(count: rows)) : nil
    let budgetRows = max(1, logitsByteBudget / (vocabulary * MemoryLayout<Float>.stride))
    let chunkRows = max(1, min(rows, budgetRows))
    let chunks = stride(from: 0, to: rows, by: chunkRows).map {
      ChunkOfRows(start: $0, count: min(chunkRows, rows - $0))
    }
    let logits = backend.makeStorage(count: chunkRows * vocabulary)
    let head = LogProbHead(
      head: head,
      hidden: hidden,
      targets: targets,
      inverseTemperature: 1 / temperature,
      lse: lse,
      backend: backend
    )
    var isArgmax: [Bool] = []
    let weight = head.head.value
    for chunk in chunks {
      head.makeLogits(chunk, weight.buffer, into: logits)
      isArgmax += backend.logProbs(
        logits: Buffer(logits, count: chunk.count * vocabulary),
        targets: head.targets(chunk),
        inverseTemperature: head.inverseTemperature,
        lse: lse.slice(chunk.start, count: chunk.count),
        into: output.buffer.slice(chunk.start, count: chunk.count),
        entropy: entropies?.slice(chunk.start, count: chunk.count)
      )
    }
    if output.isTracked {
      recordLogProbs(output, head, chunks: chunks, kept: chunks.count == 1 ? logits : nil)
    }
    return TokenLogProbs(
      logProbs: output,
      entropy: entropies.map { backend.read($0) } ?? [],
      isArgmax: isArgmax
    )
  }

  private func recordLogProbs(
    _ output: Tensor,
    _ head: LogProbHead,
    chunks: [ChunkOfRows],
    kept: Storage?
  ) {
    record(output) { [self] dy in
      let dy = Buffer(dy)
      guard head.hidden.isTracked else {
        head.backward(chunks, kept: kept, dy: dy, dHidden: nil, accumulate: false)
        return
      }
      accumulate(into: head.hidden) { dHidden, accumulate in
        head.backward(chunks, kept: kept, dy: dy, dHidden: dHidden, accumulate: accumulate)
      }
    }
  }
}

private struct ChunkOfRows {
  let start: Int
  let count: Int
}

/// The pieces that forward and backward share.
private struct LogProbHead {
  let head: Parameter
  let hidden: Tensor
  let targets: [Int32]
  let inverseTemperature: Float
  let lse: Buffer
  let backend: any Backend

  var vocabulary: Int { head.shape[0] }

  func targets(_ chunk: ChunkOfRows) -> [Int32] {
    Array(targets[chunk.start..<chunk.start + chunk.count])
  }

  func shape(_ chunk: ChunkOfRows) -> LinearShape {
    LinearShape(rows: chunk.count, input: hidden.width, output: vocabulary)
  }

  func rows(_ chunk: ChunkOfRows, of buffer: Buffer) -> Buffer {
    buffer.slice(chunk.start * hidden.width, count: chunk.count * hidden.width)
  }

  func makeLogits(_ chunk: ChunkOfRows, _ weight: Buffer, into logits: Storage) {
    backend.linear(
      x: rows(chunk, of: hidden.buffer),
      weight: weight,
      bias: nil,
      into: Buffer(logits, count: chunk.count * vocabulary),
      shape: shape(chunk)
    )
  }

  func backward(
    _ chunks: [ChunkOfRows],
    kept: Storage?,
    dy: Buffer,
    dHidden: Buffer?,
    accumulate: Bool
  ) {
    guard let largest = chunks.first else { return }
    let logits = kept ?? backend.makeStorage(count: largest.count * vocabulary)
    // Once for all chunks: of a head kept in BF16 it is a copy.
    let weight = head.value
    for chunk in chunks {
      if kept == nil { makeLogits(chunk, weight.buffer, into: logits) }
      let dLogits = Buffer(logits, count: chunk.count * vocabulary)
      backend.logProbsBackward(
        logits: dLogits,
        targets: targets(chunk),
        inverseTemperature: inverseTemperature,
        lse: lse.slice(chunk.start, count: chunk.count),
        dy: dy.slice(chunk.start, count: chunk.count)
      )
      if head.isTrainable {
        backend.linearWeightGradient(
          dy: dLogits,
          x: rows(chunk, of: hidden.buffer),
          into: head.grad.buffer,
          shape: shape(chunk)
        )
      }
      if let dHidden {
        backend.linearInputGradient(
          dy: dLogits,
          weight: weight.buffer,
          into: rows(chunk, of: dHidden),
          shape: shape(chunk),
          accumulate: accumulate
        )
      }
    }
  }
}
