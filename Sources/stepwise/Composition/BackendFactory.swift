import ArgumentParser
import Tensors

extension NumericsConfiguration {
  /// The backend that the configuration asks for.
  ///
  /// - Throws: `CPUBackendError`.
  func makeBackend() throws -> CPUBackend {
    try CPUBackend(
      threads: threads,
      options: CPUOptions(
        matrixProvider: matrixProvider,
        coreType: openblasCoretype,
        kernelLevel: kernelLevel,
        precision: bf16 ? .bf16 : .fp32
      )
    )
  }
}

extension NumericsDescription {
  /// The description as it stands in a run's provenance.
  var dictionary: [String: String] {
    [
      "provider": provider, "version": version, "core_type": coreType,
      "kernel_level": kernelLevel, "precision": precision, "threads": String(threads),
    ]
  }
}

/// Options of every verb that computes outside of a run.
struct ComputeOptions: ParsableArguments {
  @Option(help: "Worker threads (default: one on each CPU). Results do not depend on them.")
  var threads: Int?

  @Option(help: "Who multiplies matrices: builtin or openblas.")
  var matrixProvider: String?

  @Flag(help: "Multiply matrices in BF16, as with the configuration's bf16: true.")
  var bf16 = false

  func validate() throws {
    if let threads, !(1...4096).contains(threads) {
      throw ValidationError("--threads: \(threads) is not a number from 1 to 4096.")
    }
    if let matrixProvider, CPUOptions.MatrixProvider(rawValue: matrixProvider) == nil {
      throw ValidationError("--matrix-provider: \(matrixProvider) is not builtin or openblas.")
    }
  }

  /// The backend.
  func makeBackend() throws -> CPUBackend {
    var numerics = NumericsConfiguration()
    numerics.threads = threads
    numerics.bf16 = bf16
    if let provider = matrixProvider.flatMap(CPUOptions.MatrixProvider.init(rawValue:)) {
      numerics.matrixProvider = provider
    }
    return try numerics.makeBackend()
  }
}
