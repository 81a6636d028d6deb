import Tensors

/// A backend and what measurements say of it.
struct WorkBackend {
  let backend: any Backend
  /// Books every primitive, where a profile is wanted.
  let timed: TimedBackend?
  let name: String

  init(_ precision: Precision, threads: Int, timed: Bool = false) throws {
    let plain = try precision.backend(threads: threads)
    self.timed = timed ? TimedBackend(plain) : nil
    backend = self.timed ?? plain
    name = "\(precision.rawValue), \(plain.numerics.kernelLevel)"
  }
}
