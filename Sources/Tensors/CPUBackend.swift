internal import CKernels

/// Choices of the CPU backend that can change bits. Set once, recorded in `numerics`.
public struct CPUOptions: Sendable, Equatable {
  /// Who multiplies matrices.
  public enum MatrixProvider: String, Sendable, CaseIterable {
    /// The kernels of this module. A row's result does not depend on the rows beside it.
    case builtin
    /// OpenBLAS, loaded at run time.
    case openBLAS = "openblas"
  }

  /// Instruction-set level of the kernels.
  public enum KernelLevel: String, Sendable, CaseIterable {
    case baseline
    case v3 = "x86-64-v3"
    case v4 = "x86-64-v4"
  }

  /// Who multiplies matrices.
  public var matrixProvider: MatrixProvider
  /// Forces OpenBLAS's core type, for example "Haswell"; nil lets it choose by the processor. The
  /// environment's OPENBLAS_CORETYPE is never read: it would change bits unseen.
  public var coreType: String?
  /// Forces a level, for example that of an older machine's run; nil takes the best.
  public var kernelLevel: KernelLevel?
  /// What matrices are multiplied in; BF16 with the builtin provider only.
  public var precision: MatrixPrecision

  /// Takes each field as given.
  public init(
    matrixProvider: MatrixProvider = .builtin,
    coreType: String? = nil,
    kernelLevel: KernelLevel? = nil,
    precision: MatrixPrecision = .fp32
  ) {
    self.matrixProvider = matrixProvider
    self.coreType = coreType
    self.kernelLevel = kernelLevel
    self.precision = precision
  }
}

/// Why a CPU backend cannot be made.
public enum CPUBackendError: Error, CustomStringConvertible, Equatable {
  /// OpenBLAS is not there or not usable.
  case openBLAS(library: String, reason: String)
  /// OpenBLAS chose, or had chosen before, another core type than the one asked for.
  case coreType(requested: String, loaded: String)
  /// This processor cannot run the level asked for.
  case kernelLevel(CPUOptions.KernelLevel)
  /// The operating system gave no threads.
  case threads(Int)
  /// OpenBLAS multiplies in FP32 only.
  case precision(CPUOptions.MatrixProvider, MatrixPrecision)

  /// What is wrong and how to cure it.
  public var description: String {
    switch self {
    case .openBLAS(let library, let reason):
      "cannot load \(library): \(reason). Install it with `apt-get install libopenblas-dev`, or "
        + "choose the builtin matrix provider."
    case .coreType(let requested, let loaded):
      "OpenBLAS runs with core type \(loaded), not \(requested): it does not know that type, or it "
        + "was loaded earlier in this process. Use the same core type for every backend."
    case .kernelLevel(let level):
      "this processor cannot run kernels for \(level.rawValue). Leave the level unset, or resume "
        + "on a machine like the one that started the run."
    case .precision(let provider, let precision):
      "the matrix provider \(provider.rawValue) does not multiply in \(precision.rawValue). Use the "
        + "builtin provider, or fp32."
    case .threads(let count):
      "cannot start \(count) threads. Lower the thread count or the limit in `ulimit -u`."
    }
  }
}

/// The backend on the host's processor: own kernels with run-time dispatch, a persistent pool of
/// threads, pooled memory.
public final class CPUBackend: Backend {
  /// The C pool locks its jobs itself.
  struct Pool: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  /// Function pointers and the loaded library, never changed after the start.
  struct Kernels: @unchecked Sendable {
    let table: UnsafePointer<ck_kernels>
    let matrix: UnsafePointer<ck_matrix_kernels>
    let blas: OpaquePointer?
  }

  /// What decides this backend's bits.
  public let numerics: NumericsDescription
  /// See ``Backend``.
  public let precision: MatrixPrecision
  let memory = HostMemoryPool()
  let pool: Pool
  let kernels: Kernels

  /// - Parameter threads: all in all; nil takes one per processor the process may use.
  public init(threads: Int? = nil, options: CPUOptions = .init()) throws {
    let wanted = options.kernelLevel.map(Self.cLevel) ?? ck_best_level()
    let cPrecision = options.precision == .bf16 ? CK_BF16_PRODUCTS : CK_FP32_PRODUCTS
    guard let table = ck_kernels_at(wanted), let matrix = ck_matrix_kernels_at(wanted, cPrecision)
    else { throw CPUBackendError.kernelLevel(options.kernelLevel ?? .baseline) }
    if options.matrixProvider == .openBLAS, options.precision != .fp32 {
      throw CPUBackendError.precision(options.matrixProvider, options.precision)
    }
    let blas = try options.matrixProvider == .openBLAS ? Self.openBLAS(options.coreType) : nil
    let count = max(1, threads ?? Int(ck_processors()))
    guard let pool = ck_pool_create(Int32(count)) else { throw CPUBackendError.threads(count) }
    self.pool = Pool(pointer: pool)
    kernels = Kernels(table: table, matrix: matrix, blas: blas)
    precision = options.precision
    numerics = NumericsDescription(
      provider: options.matrixProvider.rawValue,
      version: blas.map { String(cString: ck_blas_config($0)) } ?? Self.builtinVersion,
      coreType: blas.map { String(cString: ck_blas_core($0)) } ?? "",
      kernelLevel: String(cString: table.pointee.name),
      precision: String(cString: matrix.pointee.precision),
      threads: count
    )
  }

  deinit {
    ck_pool_destroy(pool.pointer)
    ck_blas_free(kernels.blas)
  }

  /// Raised whenever a change to the kernels changes bits.
  private static let builtinVersion = "2"

  private static func cLevel(_ level: CPUOptions.KernelLevel) -> ck_level {
    switch level {
    case .baseline: CK_LEVEL_BASELINE
    case .v3: CK_LEVEL_V3
    case .v4: CK_LEVEL_V4
    }
  }

  private static func openBLAS(_ coreType: String?) throws -> OpaquePointer {
    let library = "libopenblas.so.0"
    var message = [CChar](repeating: 0, count: 512)
    guard let blas = ck_blas_open(library, coreType, &message, message.count) else {
      let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw CPUBackendError.openBLAS(
        library: library,
        reason: String(decoding: bytes, as: UTF8.self)
      )
    }
    let loaded = String(cString: ck_blas_core(blas))
    if let coreType, coreType.lowercased() != loaded.lowercased() {
      ck_blas_free(blas)
      throw CPUBackendError.coreType(requested: coreType, loaded: loaded)
    }
    return blas
  }

  // MARK: Memory

  /// Bytes the tensor memory holds from the system, and those of them in use.
  public var memoryUsage: (held: Int, inUse: Int) { memory.usage }

  /// See ``Backend``.
  public func makeStorage(count: Int) -> Storage { memory.allocate(count) }

  /// See ``Backend``.
  public func read(_ source: Buffer) -> [Float] {
    Array(UnsafeBufferPointer(start: source.hostPointer, count: source.count))
  }

  /// See ``Backend``.
  public func write(_ values: [Float], to target: Buffer) {
    precondition(values.count == target.count, "\(values.count) values for \(target.count)")
    values.withUnsafeBufferPointer {
      if let base = $0.baseAddress { target.hostPointer.update(from: base, count: $0.count) }
    }
  }

  /// See ``Backend``.
  public func trimMemory() { memory.trim() }
}
