import Tensors
import Testing

struct CPUBackendTests {
  @Test func numericsDescribeTheChoice() throws {
    let backend = try CPUBackend(threads: 2, options: CPUOptions(kernelLevel: .baseline))
    #expect(backend.numerics.kernelLevel == "baseline")
    #expect(backend.numerics.provider == "builtin")
    let other = try CPUBackend(threads: 1, options: CPUOptions(kernelLevel: .baseline))
    #expect(backend.numerics != other.numerics)
    #expect(backend.numerics.givesSameBits(as: other.numerics))
    var changed = other.numerics
    changed.coreType = "Haswell"
    #expect(!backend.numerics.givesSameBits(as: changed))
  }

  @Test func errorsNameTheCure() {
    let missing = CPUBackendError.openBLAS(library: "libopenblas.so.0", reason: "not found")
    #expect(missing.description.contains("apt-get install libopenblas-dev"))
    let core = CPUBackendError.coreType(requested: "Haswell", loaded: "Cooperlake")
    #expect(core.description.contains("Haswell") && core.description.contains("Cooperlake"))
  }

  /// The library is loaded once per process, so a second wish for another core type cannot be met,
  /// and must not be met silently.
  @Test func aCoreTypeThatCannotBeHadIsRefused() throws {
    guard let loaded = try? CPUBackend(options: CPUOptions(matrixProvider: .openBLAS)) else {
      return  // OpenBLAS is not installed; `errorsNameTheCure` covers its message.
    }
    let wish = loaded.numerics.coreType == "Nehalem" ? "Haswell" : "Nehalem"
    #expect(
      throws: CPUBackendError.coreType(requested: wish, loaded: loaded.numerics.coreType)
    ) {
      try CPUBackend(options: CPUOptions(matrixProvider: .openBLAS, coreType: wish))
    }
  }
}
