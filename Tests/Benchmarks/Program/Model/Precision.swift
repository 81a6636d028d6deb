import ArgumentParser
import Tensors

/// The numbers that matrices are multiplied in. Everything that depends on it in Stepwise's own runs stands here.
enum Precision: String, CaseIterable, ExpressibleByArgument, Codable {
  case fp32
  case bf16

  /// Bytes of a weight, key or value as decoding reads it.
  var bytesPerValue: Double { self == .fp32 ? 4 : 2 }

  /// The backend whose products are in this precision.
  func backend(threads: Int) throws -> CPUBackend {
    try CPUBackend(
      threads: threads,
      options: CPUOptions(precision: self == .bf16 ? .bf16 : .fp32)
    )
  }
}
