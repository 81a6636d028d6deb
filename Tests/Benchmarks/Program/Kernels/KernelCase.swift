import LanguageModels
import Tensors

/// One kernel at the sizes of a model: run again and again on a timed backend, whose ledger knows what it must do.
struct KernelCase {
  var name: String
  var size: String
  /// The part whose time counts.
  var part: ProfilePart
  /// Bytes that one call touches; below the size of the last cache memory's rate is no bound.
  var footprint: Int
  /// One call; `round` chooses among copies of large operands, so that caches do not hold them.
  var body: (_ backend: TimedBackend, _ round: Int) -> Void

  /// The sheet's kernels. Operands are made when a case is made, so one is made at a time.
  static let makers: [@Sendable (TimedBackend) -> KernelCase] =
    gemms.map { shape in { @Sendable in gemm($0, shape) } }
    + [
      { norm($0) }, { normBackward($0) }, { swiGLU($0) }, { swiGLUBackward($0) },
      { attention($0, backward: false) }, { attention($0, backward: true) },
      { logProbs($0, backward: false) }, { logProbs($0, backward: true) }, { decodeAttention($0) },
      { adamW($0) }, { sample($0) },
    ]

  // MARK: Matrices

  private struct GEMM {
    var kind: ProfilePart
    var rows: Int
    var input: Int
    var output: Int
  }

  /// The layers of TINY, SMALL and Q05 in training, then with few rows, as in decoding.
  private static let gemms: [GEMM] = {
    let training = [(8_192, 256, 704), (4_096, 512, 1_408), (4_096, 512, 8_192), (512, 896, 4_864)]
    let kinds: [ProfilePart] = [.gemmForward, .gemmInput, .gemmWeight]
    let decoding = [(64, 512, 1_408), (64, 896, 4_864), (8, 896, 4_864), (1, 896, 4_864)]
    return training.flatMap { size in
      kinds.map { GEMM(kind: $0, rows: size.0, input: size.1, output: size.2) }
    } + decoding.map { GEMM(kind: .gemmPacked, rows: $0.0, input: $0.1, output: $0.2) }
  }()

  private static func gemm(_ backend: TimedBackend, _ gemm: GEMM) -> KernelCase {
    let shape = LinearShape(rows: gemm.rows, input: gemm.input, output: gemm.output)
    let x = random(backend, gemm.rows * gemm.input)
    let y = random(backend, gemm.rows * gemm.output)
    let weight = gemm.input * gemm.output
    // Decoding reads other weights before it comes back to these: enough copies to fill the last cache three times.
    let copies = gemm.rows < 128 ? max(2, (96 << 20) / (4 * weight) + 1) : 1
    let weights = (0..<copies).map { _ in random(backend, weight) }
    let packed =
      gemm.kind == .gemmPacked
      ? weights.map { backend.pack([$0], input: gemm.input) } : []
    let layout = [
      ProfilePart.gemmForward: "NT", .gemmInput: "NN", .gemmWeight: "TN", .gemmPacked: "NT, packed",
    ][gemm.kind]
    return KernelCase(
      name: "GEMM \(layout ?? "")",
      size: "\(gemm.rows) x \(gemm.output) x \(gemm.input)",
      part: gemm.kind,
      footprint: 4 * (x.count + y.count + weight * copies)
    ) { backend, round in
      let weight = weights[round % copies]
      switch gemm.kind {
      case .gemmInput:
        backend.linearInputGradient(
          dy: y,
          weight: weight,
          into: x,
          shape: shape,
          accumulate: false
        )
      case .gemmWeight: backend.linearWeightGradient(dy: y, x: x, into: weight, shape: shape)
      case .gemmPacked: backend.linear(x: x, packed: packed[round % copies], bias: nil, into: y)
      default: backend.linear(x: x, weight: weight, bias: nil, into: y, shape: shape)
      }
    }
  }

  // MARK: Rows, at SMALL's 4,096 tokens

  private static let tokens = 4_096
  private static let width = 512
  private static let inner = 1_408

  private static func norm(_ backend: TimedBackend) -> KernelCase {
    let count = tokens * width
    let (x, y) = (random(backend, count), random(backend, count))
    let (weight, inverse) = (random(backend, width), random(backend, tokens))
    return KernelCase(
      name: "RMS norm",
      size: "\(tokens) x \(width)",
      part: .norm,
      footprint: 8 * count
    ) { backend, _ in
      backend.rmsNorm(x: x, weight: weight, eps: 1e-6, into: y, inverse: inverse)
    }
  }

  private static func normBackward(_ backend: TimedBackend) -> KernelCase {
    let count = tokens * width
    let (x, dy, dx) = (random(backend, count), random(backend, count), random(backend, count))
    let (weight, inverse) = (random(backend, width), random(backend, tokens))
    let gradient = random(backend, width)
    return KernelCase(
      name: "RMS norm backward",
      size: "\(tokens) x \(width)",
      part: .norm,
      footprint: 12 * count
    ) { backend, _ in
      backend.rmsNormBackward(
        x: x,
        weight: weight,
        inverse: inverse,
        dy: dy,
        dx: dx,
        dWeight: gradient,
        accumulate: true
      )
    }
  }

  private static func swiGLU(_ backend: TimedBackend) -> KernelCase {
    let count = tokens * inner
    let (gate, up, out) = (random(backend, count), random(backend, count), random(backend, count))
    return KernelCase(
      name: "SwiGLU",
      size: "\(tokens) x \(inner)",
      part: .elementwise,
      footprint: 12 * count
    ) { backend, _ in backend.swiGLU(gate: gate, up: up, into: out) }
  }

  private static func swiGLUBackward(_ backend: TimedBackend) -> KernelCase {
    let count = tokens * inner
    let (gate, up, dy) = (random(backend, count), random(backend, count), random(backend, count))
    let (dGate, dUp) = (random(backend, count), random(backend, count))
    return KernelCase(
      name: "SwiGLU backward",
      size: "\(tokens) x \(inner)",
      part: .elementwise,
      footprint: 20 * count
    ) { backend, _ in
      backend.swiGLUBackward(gate: gate, up: up, dy: dy, dGate: dGate, dUp: dUp)
    }
  }

  private static func adamW(_ backend: TimedBackend) -> KernelCase {
    let count = 16 << 20
    let buffers = (0..<4).map { _ in random(backend, count) }
    // A second moment is not negative.
    backend.fill(buffers[3], with: 0.01)
    return KernelCase(
      name: "AdamW",
      size: "\(count / 1_048_576) Mi parameters",
      part: .optimizer,
      footprint: 16 * count
    ) { backend, round in
      backend.adamW(
        value: buffers[0],
        gradient: buffers[1],
        firstMoment: buffers[2],
        secondMoment: buffers[3],
        step: round + 1,
        options: AdamWOptions(learningRate: 1e-4, weightDecay: 0.01),
        decays: true,
        gradientScale: 1
      )
    }
  }

  /// Numbers between -1 and 1, the same for every call.
  static func random(_ backend: TimedBackend, _ count: Int) -> Buffer {
    let buffer = Buffer(backend.makeStorage(count: count))
    let random = Philox4x32(seed: 5)
    // A short pattern, repeated: what a kernel does does not depend on the values.
    let pattern = (0..<4_099).map { 2 * random.uniform(at: UInt64($0)) - 1 }
    backend.write((0..<count).map { pattern[$0 % pattern.count] }, to: buffer)
    return buffer
  }
}
