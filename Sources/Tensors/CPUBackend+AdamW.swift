internal import CKernels

#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

extension CPUBackend {
  /// See ``Backend``.
  public func adamW(
    value: Buffer,
    gradient: Buffer,
    firstMoment: Buffer,
    secondMoment: Buffer,
    step: Int,
    options: AdamWOptions,
    decays: Bool,
    gradientScale: Double
  ) {
    precondition(step >= 1, "AdamW counts steps from 1, not \(step)")
    let cOptions = ck_adamw_options(
      lr: options.learningRate,
      beta1: options.beta1,
      beta2: options.beta2,
      eps: options.epsilon,
      weight_decay: decays ? options.weightDecay : 0,
      grad_scale: gradientScale,
      bias_correction1: 1 - pow(options.beta1, Double(step)),
      bias_correction2: 1 - pow(options.beta2, Double(step))
    )
    kernels.table.pointee.adamw(
      pool.pointer,
      value.hostPointer,
      gradient.hostPointer,
      firstMoment.hostPointer,
      secondMoment.hostPointer,
      Int64(value.count),
      cOptions
    )
  }
}
