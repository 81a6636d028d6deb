import Tensors

/// A backend that books what each primitive of another one takes, with the operations and bytes that it must do at the least.
///
/// Not Sendable by itself: the ledger has no lock, since a model's thread makes all calls.
final class TimedBackend: Backend {
  let inner: any Backend
  let ledger = ProfileLedger()
  /// Is called when as many values are set to zero at once as a model has: its gradient, at the start of an update.
  nonisolated(unsafe) var onLargeFill: ((Int) -> Void)?

  init(_ inner: any Backend) { self.inner = inner }

  var numerics: NumericsDescription { inner.numerics }
  var precision: MatrixPrecision { inner.precision }

  /// Bytes of a packed weight, of a key or of a value in the cache.
  var compactBytes: Double { precision == .bf16 ? 2 : 4 }

  /// Bytes of so many FP32 values.
  func bytes(_ values: Int...) -> Double { 4 * values.reduce(0) { $0 + Double($1) } }

  // MARK: Memory

  func makeStorage(count: Int) -> Storage {
    ledger.time(.memory) { inner.makeStorage(count: count) }
  }

  func read(_ source: Buffer) -> [Float] {
    ledger.time(.memory, bytes: bytes(2 * source.count)) { inner.read(source) }
  }

  func write(_ values: [Float], to target: Buffer) {
    ledger.time(.memory, bytes: bytes(2 * values.count)) { inner.write(values, to: target) }
  }

  func trimMemory() { inner.trimMemory() }

  // MARK: BF16 memory

  func widen(_ source: BF16Buffer, to target: Buffer) {
    ledger.time(.elementwise, bytes: 6 * Double(source.count)) { inner.widen(source, to: target) }
  }

  func narrow(_ source: Buffer, to target: BF16Buffer) {
    ledger.time(.elementwise, bytes: 6 * Double(source.count)) { inner.narrow(source, to: target) }
  }

  func isExactInBF16(_ source: Buffer) -> Bool {
    ledger.time(.elementwise, bytes: bytes(source.count)) { inner.isExactInBF16(source) }
  }

  // MARK: Element-wise

  func fill(_ target: Buffer, with value: Float) {
    onLargeFill?(target.count)
    ledger.time(.elementwise, bytes: bytes(target.count)) { inner.fill(target, with: value) }
  }

  func copy(_ source: Buffer, to target: Buffer) {
    ledger.time(.elementwise, bytes: bytes(2 * source.count)) { inner.copy(source, to: target) }
  }

  func scale(_ target: Buffer, by factor: Float) {
    ledger.time(.elementwise, operations: Double(target.count), bytes: bytes(2 * target.count)) {
      inner.scale(target, by: factor)
    }
  }

  func add(_ a: Buffer, _ b: Buffer, scale: Float, into out: Buffer) {
    ledger.time(.elementwise, operations: 2 * Double(out.count), bytes: bytes(3 * out.count)) {
      inner.add(a, b, scale: scale, into: out)
    }
  }

  func swiGLU(gate: Buffer, up: Buffer, into out: Buffer) {
    // An exponential counts as ten operations.
    ledger.time(.elementwise, operations: 14 * Double(out.count), bytes: bytes(3 * out.count)) {
      inner.swiGLU(gate: gate, up: up, into: out)
    }
  }

  func swiGLURows(_ gateUp: Buffer, width: Int, into y: Buffer) {
    ledger.time(.elementwise, operations: 14 * Double(y.count), bytes: bytes(3 * y.count)) {
      inner.swiGLURows(gateUp, width: width, into: y)
    }
  }

  func swiGLUBackward(gate: Buffer, up: Buffer, dy: Buffer, dGate: Buffer, dUp: Buffer) {
    ledger.time(.elementwise, operations: 19 * Double(dy.count), bytes: bytes(5 * dy.count)) {
      inner.swiGLUBackward(gate: gate, up: up, dy: dy, dGate: dGate, dUp: dUp)
    }
  }

  // MARK: Rows

  func gatherRows(_ table: Buffer, rows: [Int32], width: Int, into out: Buffer) {
    ledger.time(.rows, bytes: bytes(2 * rows.count * width)) {
      inner.gatherRows(table, rows: rows, width: width, into: out)
    }
  }

  func scatterAddRows(_ x: Buffer, rows: [Int32], width: Int, into table: Buffer) {
    let count = rows.count * width
    ledger.time(.rows, operations: Double(count), bytes: bytes(3 * count)) {
      inner.scatterAddRows(x, rows: rows, width: width, into: table)
    }
  }

  func rmsNorm(x: Buffer, weight: Buffer, eps: Float, into y: Buffer, inverse: Buffer?) {
    ledger.time(.norm, operations: 4 * Double(x.count), bytes: bytes(2 * x.count)) {
      inner.rmsNorm(x: x, weight: weight, eps: eps, into: y, inverse: inverse)
    }
  }

  func addRMSNorm(x: Buffer, adding: Buffer, weight: Buffer, eps: Float, into y: Buffer) {
    ledger.time(.norm, operations: 5 * Double(x.count), bytes: bytes(4 * x.count)) {
      inner.addRMSNorm(x: x, adding: adding, weight: weight, eps: eps, into: y)
    }
  }

  func rmsNormBackward(
    x: Buffer,
    weight: Buffer,
    inverse: Buffer,
    dy: Buffer,
    dx: Buffer,
    dWeight: Buffer?,
    accumulate: Bool
  ) {
    let traffic = bytes((accumulate ? 4 : 3) * x.count)
    ledger.time(.norm, operations: 10 * Double(x.count), bytes: traffic) {
      inner.rmsNormBackward(
        x: x,
        weight: weight,
        inverse: inverse,
        dy: dy,
        dx: dx,
        dWeight: dWeight,
        accumulate: accumulate
      )
    }
  }

  func rope(
    x: Buffer,
    into y: Buffer,
    positions: [Int32],
    table: RotaryTable,
    heads: Int,
    inverse: Bool
  ) {
    ledger.time(.rope, operations: 3 * Double(x.count), bytes: bytes(2 * x.count)) {
      inner.rope(
        x: x,
        into: y,
        positions: positions,
        table: table,
        heads: heads,
        inverse: inverse
      )
    }
  }

  // MARK: Optimization

  func dot(_ a: Buffer, _ b: Buffer) -> Double {
    let same = a.storage === b.storage && a.offset == b.offset
    return ledger.time(
      .reduction,
      operations: 2 * Double(a.count),
      bytes: bytes((same ? 1 : 2) * a.count)
    ) {
      inner.dot(a, b)
    }
  }

  func adamW(
    value: Buffer,
    gradient: Buffer,
    firstMoment: Buffer,
    secondMoment: Buffer,
    step: Int,
    options: AdamWOptions,
    decays: Bool,
    gradientScale: Double
  ) {
    let count = value.count
    ledger.time(.optimizer, operations: 14 * Double(count), bytes: bytes(7 * count)) {
      inner.adamW(
        value: value,
        gradient: gradient,
        firstMoment: firstMoment,
        secondMoment: secondMoment,
        step: step,
        options: options,
        decays: decays,
        gradientScale: gradientScale
      )
    }
  }
}
