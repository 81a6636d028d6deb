/// Forward and backward primitives on device memory.
///
/// Operations take buffers and sizes, never host pointers, so a model written against `Tape` runs on
/// any backend. Results of one backend have the same bits for any number of its threads. Outputs are
/// overwritten unless `accumulate` is set or the documentation says "adds". T counts packed tokens.
public protocol Backend: AnyObject, Sendable {
  /// What decides this backend's bits.
  var numerics: NumericsDescription { get }
  /// What linear layers multiply in, and what key-value blocks hold.
  var precision: MatrixPrecision { get }

  // MARK: Memory

  /// Memory with undefined contents.
  func makeStorage(count: Int) -> Storage
  /// A copy of the values on the host.
  func read(_ source: Buffer) -> [Float]
  /// Copies values to the device; counts must agree.
  func write(_ values: [Float], to target: Buffer)
  /// Gives unused pooled memory back to the system.
  func trimMemory()

  // MARK: BF16 memory

  /// The same values in FP32.
  func widen(_ source: BF16Buffer, to target: Buffer)
  /// Rounds to BF16: to nearest, ties to even.
  func narrow(_ source: Buffer, to target: BF16Buffer)
  /// Whether `narrow` would lose nothing.
  func isExactInBF16(_ source: Buffer) -> Bool

  // MARK: Element-wise

  func fill(_ target: Buffer, with value: Float)
  func copy(_ source: Buffer, to target: Buffer)
  func scale(_ target: Buffer, by factor: Float)
  /// out = a + scale * b; out may be a or b.
  func add(_ a: Buffer, _ b: Buffer, scale: Float, into out: Buffer)
  /// out = silu(gate) * up
  func swiGLU(gate: Buffer, up: Buffer, into out: Buffer)
  /// dGate and dUp from dy; dGate may be dy.
  func swiGLUBackward(gate: Buffer, up: Buffer, dy: Buffer, dGate: Buffer, dUp: Buffer)

  // MARK: Dense

  /// y (T,N) = x (T,K) w (N,K)^T + bias (N)
  func linear(x: Buffer, weight: Buffer, bias: Buffer?, into y: Buffer, shape: LinearShape)
  /// y (T,N) += x (T,K) w (N,K)^T
  func addLinear(x: Buffer, weight: Buffer, to y: Buffer, shape: LinearShape)
  /// dx (T,K) = or += dy (T,N) w (N,K)
  func linearInputGradient(
    dy: Buffer,
    weight: Buffer,
    into dx: Buffer,
    shape: LinearShape,
    accumulate: Bool
  )
  /// dw (N,K) adds dy (T,N)^T x (T,K)
  func linearWeightGradient(dy: Buffer, x: Buffer, into dw: Buffer, shape: LinearShape)
  /// Prepares weights (N1,K), (N2,K), ... for `linear(x:packed:bias:into:)`.
  func pack(_ weights: [Buffer], input: Int) -> PackedWeights
  /// y (T, N1 + N2 + ...) = x (T,K) w^T + bias, with the bits of `linear` for each of the weights.
  func linear(x: Buffer, packed: PackedWeights, bias: Buffer?, into y: Buffer)
  /// Row i of out (rows, K) is row rows[i] of packed weights, as packing rounded it.
  func gatherRows(of packed: PackedWeights, rows: [Int32], into out: Buffer)
  /// out (width) adds the column sums of x (rows, width).
  func addColumnSums(of x: Buffer, into out: Buffer, width: Int)

  // MARK: Rows

  /// Row i of out is row rows[i] of table.
  func gatherRows(_ table: Buffer, rows: [Int32], width: Int, into out: Buffer)
  /// Row rows[i] of table adds row i of x, in the order of i.
  func scatterAddRows(_ x: Buffer, rows: [Int32], width: Int, into table: Buffer)
  /// y = x / sqrt(mean(x^2) + eps) * weight by rows of weight.count; inverse (rows) is kept for the
  /// backward.
  func rmsNorm(x: Buffer, weight: Buffer, eps: Float, into y: Buffer, inverse: Buffer?)
  /// dx = or +=; dWeight adds.
  func rmsNormBackward(
    x: Buffer,
    weight: Buffer,
    inverse: Buffer,
    dy: Buffer,
    dx: Buffer,
    dWeight: Buffer?,
    accumulate: Bool
  )
  /// Rotates x (T, heads, headDim) by `positions`, half-split; y may be x. `inverse` rotates back.
  func rope(
    x: Buffer,
    into y: Buffer,
    positions: [Int32],
    table: RotaryTable,
    heads: Int,
    inverse: Bool
  )

  // MARK: Attention and loss

  /// Causal attention in each segment; a segment sees all of its prefix, too. lse (T, heads) is kept
  /// for the backward, in a unit of the backend's own.
  func attention(
    q: Buffer,
    k: Buffer,
    v: Buffer,
    into out: Buffer,
    lse: Buffer?,
    segments: AttentionSegments,
    shape: AttentionShape
  )
  /// dq, dk and dv are overwritten.
  func attentionBackward(
    q: Buffer,
    k: Buffer,
    v: Buffer,
    out: Buffer,
    lse: Buffer,
    dOut: Buffer,
    dq: Buffer,
    dk: Buffer,
    dv: Buffer,
    segments: AttentionSegments,
    shape: AttentionShape
  )
  /// Log-probabilities of targets under softmax(logits * inverseTemperature); lse is kept for the
  /// backward; entropy (nats) where asked for. Returns whether each target is its row's argmax.
  func logProbs(
    logits: Buffer,
    targets: [Int32],
    inverseTemperature: Float,
    lse: Buffer,
    into out: Buffer,
    entropy: Buffer?
  ) -> [Bool]
  /// Turns logits into d(loss)/d(logits) in place.
  func logProbsBackward(
    logits: Buffer,
    targets: [Int32],
    inverseTemperature: Float,
    lse: Buffer,
    dy: Buffer
  )

  // MARK: Decoding

  /// Causal attention of tokens whose queries, keys and values lie side by side in qkv
  /// (T, heads + 2 kvHeads, headDim), without what a backward pass needs: out (T, heads * headDim).
  func attention(
    qkv: Buffer,
    into out: Buffer,
    segments: AttentionSegments,
    shape: AttentionShape
  )
  /// x += added, then y = x / sqrt(mean(x^2) + eps) * weight: the end of a block and the norm after it.
  func addRMSNorm(x: Buffer, adding: Buffer, weight: Buffer, eps: Float, into y: Buffer)
  /// y (B,I) = silu(gate) * up, both side by side in gateUp (B, 2 I).
  func swiGLURows(_ gateUp: Buffer, width: Int, into y: Buffer)
  /// qkv (B, heads + 2 kvHeads, headDim), the projections of one new token per row: normalises by head
  /// where the model does, rotates queries and keys in place, and appends keys and values to the rows'
  /// own blocks.
  func prepareDecodeAttention(
    qkv: Buffer,
    rows: DecodeTable,
    layer: Int,
    shape: AttentionShape,
    norms: HeadNorms?,
    table: RotaryTable
  )
  /// out (B, heads * headDim): one new query per row, rows `stride` values apart.
  func decodeAttention(
    q: Buffer,
    stride: Int,
    into out: Buffer,
    rows: DecodeTable,
    layer: Int,
    shape: AttentionShape
  )
  /// x (rows, vocabulary) becomes softmax(x * inverseTemperature) by rows.
  func softmaxRows(_ x: Buffer, width: Int, inverseTemperature: Float)
  /// Draws one token per row of logits (B, vocabulary); see `SamplingOptions`.
  /// - Parameters:
  ///   - uniforms: one number in [0, 1) per row.
  ///   - seen: per row, the tokens so far; read only where a repetition penalty asks for them.
  func sample(
    logits: Buffer,
    vocabulary: Int,
    options: [SamplingOptions],
    uniforms: [Float],
    seen: [[Int32]]?
  ) -> [SampledToken]

  // MARK: Optimization

  /// Sum of products in FP64, in one fixed order.
  func dot(_ a: Buffer, _ b: Buffer) -> Double
  /// One AdamW step over one run of parameters.
  func adamW(
    value: Buffer,
    gradient: Buffer,
    firstMoment: Buffer,
    secondMoment: Buffer,
    step: Int,
    options: AdamWOptions,
    decays: Bool,
    gradientScale: Double
  )
}

/// Sizes of a linear layer: x (rows, input), weight (output, input), y (rows, output).
public struct LinearShape: Sendable, Equatable {
  /// Rows of x and y: tokens.
  public var rows: Int
  /// Width of x.
  public var input: Int
  /// Width of y.
  public var output: Int

  /// Takes each field as given.
  public init(rows: Int, input: Int, output: Int) {
    self.rows = rows
    self.input = input
    self.output = output
  }
}

/// Which tokens attend to which: each to what is before it in its segment, and to the whole of the
/// segment's prefix.
public struct AttentionSegments: Sendable, Equatable {
  /// Where the segments begin, and the end: [0, n1, n1 + n2, ..., T].
  public let starts: [Int32]
  /// For each segment the one that it continues, or -1.
  public let prefixes: [Int32]

  /// Checks and takes the segments.
  ///
  /// - Parameter prefixes: `nil` where no segment has one. A prefix stands before the segments that
  ///   continue it, and has none itself.
  public init(starts: [Int32], prefixes: [Int32]? = nil) {
    precondition(
      starts.first == 0 && zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 },
      "segments must rise from 0"
    )
    let prefixes = prefixes ?? Array(repeating: -1, count: starts.count - 1)
    precondition(
      prefixes.count == starts.count - 1,
      "\(prefixes.count) prefixes of \(starts.count - 1) segments"
    )
    for (segment, prefix) in prefixes.enumerated() where prefix != -1 {
      precondition(
        prefix >= 0 && prefix < segment && prefixes[Int(prefix)] == -1,
        "segment \(segment) cannot continue segment \(prefix)"
      )
    }
    self.starts = starts
    self.prefixes = prefixes
  }

  /// How many segments there are.
  public var count: Int { prefixes.count }
}

/// Sizes of an attention layer: q (T, heads, headDim), k and v (T, kvHeads, headDim).
public struct AttentionShape: Sendable, Equatable {
  /// Query heads.
  public var heads: Int
  /// Key-value heads; divides `heads`.
  public var kvHeads: Int
  /// At most 256.
  public var headDim: Int
  /// Multiplies the scores; commonly 1 / sqrt(headDim).
  public var scale: Float

  /// Takes each field as given.
  public init(heads: Int, kvHeads: Int, headDim: Int, scale: Float) {
    precondition(
      kvHeads > 0 && heads % kvHeads == 0,
      "\(heads) heads cannot share \(kvHeads) kv heads"
    )
    precondition(headDim > 0 && headDim <= 256, "headDim \(headDim) is not in 1 ... 256")
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.scale = scale
  }
}

/// RMSNorm over each head's values before the rotation, as Qwen3 has.
public struct HeadNorms {
  /// Weight of the queries' norm, (headDim).
  public var query: Buffer
  /// Weight of the keys' norm, (headDim).
  public var key: Buffer
  /// Added under the root.
  public var eps: Float

  /// Takes each field as given.
  public init(query: Buffer, key: Buffer, eps: Float) {
    self.query = query
    self.key = key
    self.eps = eps
  }
}
