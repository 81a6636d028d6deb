/// What decides the bits of a run beside its seed and configuration: recorded with every run, and
/// compared when one is resumed.
public struct NumericsDescription: Codable, Equatable, Sendable {
  /// Who multiplies matrices: "builtin" or "openblas".
  public var provider: String
  /// The provider's version string.
  public var version: String
  /// The provider's name for the processor type its kernels were chosen for, for example "Cooperlake".
  public var coreType: String
  /// The instruction-set level of the own kernels: "x86-64-v4", "x86-64-v3" or "baseline".
  public var kernelLevel: String
  /// What matrices are multiplied in: "fp32", "bf16" (by the processor's instructions) or
  /// "bf16-emulated" (rounded operands, FP32 instructions; other bits).
  public var precision: String
  /// Threads of the pool. Informative: the bits do not depend on it.
  public var threads: Int

  /// Takes each field as given.
  public init(
    provider: String,
    version: String,
    coreType: String,
    kernelLevel: String,
    precision: String,
    threads: Int
  ) {
    self.provider = provider
    self.version = version
    self.coreType = coreType
    self.kernelLevel = kernelLevel
    self.precision = precision
    self.threads = threads
  }

  /// Whether runs under both descriptions give the same bits (everything but `threads` agrees).
  public func givesSameBits(as other: NumericsDescription) -> Bool {
    provider == other.provider && version == other.version && coreType == other.coreType
      && kernelLevel == other.kernelLevel && precision == other.precision
  }
}
