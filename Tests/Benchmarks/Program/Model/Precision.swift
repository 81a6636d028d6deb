import ArgumentParser
import Tensors

/// The numbers that matrices are multiplied in. Everything that depends on it in Stepwise's own runs stands here.
enum Precision: String, CaseIterable, ExpressibleByArgument, Codable {
  case fp32
  case bf16

  /// Bytes of a weight as decoding reads it.
  var bytesPerWeight: Double { self == .fp32 ? 4 : 2 }

  /// The backend whose products are in this precision.
  func backend(threads: Int) throws -> CPUBackend {
    switch self {
    case .fp32: try CPUBackend(threads: threads)
    case .bf16: throw ValidationError("--precision bf16: this build multiplies in FP32 alone.")
    }
  }
}
