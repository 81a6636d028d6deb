/// Parts of a step's time.
enum ProfilePart: Int, CaseIterable, Sendable {
  case gemmForward, gemmInput, gemmWeight, gemmPacked, packing, attention, attentionBackward,
    decodeAttention
  case norm, elementwise, rope, crossEntropy, optimizer, rows, cache, sampling, reduction, memory
  case plugins

  /// As tables show it.
  var name: String {
    switch self {
    case .gemmForward: "GEMM y = x wᵀ"
    case .gemmInput: "GEMM dx = dy w"
    case .gemmWeight: "GEMM dw = dyᵀ x"
    case .gemmPacked: "GEMM, packed weights"
    case .packing: "packing of weights"
    case .attention: "attention forward"
    case .attentionBackward: "attention backward"
    case .decodeAttention: "attention, decoding"
    case .norm: "norms"
    case .elementwise: "element-wise"
    case .rope: "rotary embedding"
    case .crossEntropy: "log-probabilities"
    case .optimizer: "AdamW"
    case .rows: "embedding and rows"
    case .cache: "rotation, key-value cache"
    case .sampling: "sampling"
    case .reduction: "norm of the gradient"
    case .memory: "memory"
    case .plugins: "plugin calls"
    }
  }

  /// Whether it multiplies matrices with weights, in the precision that was chosen; everything else computes in FP32.
  var isProduct: Bool { [.gemmForward, .gemmInput, .gemmWeight, .gemmPacked].contains(self) }
}

/// What was spent on one part.
struct PartCost: Sendable {
  var calls = 0
  var seconds = 0.0
  /// Operations that the part's results need.
  var operations = 0.0
  /// Bytes that must be read and written at the least.
  var bytes = 0.0
}

/// Time, operations and bytes by part. One thread at a time writes to it: that which calls the backend.
final class ProfileLedger: @unchecked Sendable {
  private(set) var costs = [PartCost](repeating: PartCost(), count: ProfilePart.allCases.count)

  subscript(part: ProfilePart) -> PartCost { costs[part.rawValue] }

  /// Forgets everything so far.
  func reset() { costs = [PartCost](repeating: PartCost(), count: costs.count) }

  /// Seconds of all parts.
  var seconds: Double { costs.reduce(0) { $0 + $1.seconds } }

  /// Runs a body and books it.
  func time<Result>(
    _ part: ProfilePart,
    operations: Double = 0,
    bytes: Double = 0,
    _ body: () throws -> Result
  ) rethrows -> Result {
    let start = Stopwatch.now
    defer {
      let seconds = Stopwatch.now - start
      costs[part.rawValue].calls += 1
      costs[part.rawValue].seconds += seconds
      costs[part.rawValue].operations += operations
      costs[part.rawValue].bytes += bytes
    }
    return try body()
  }
}
