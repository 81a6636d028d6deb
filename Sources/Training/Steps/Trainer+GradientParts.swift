import Components
import LanguageModels
import Tensors

extension Trainer {
  /// The gradients of the step's objectives by themselves: norms, and the cosines between them, as metrics `gradients/...`.
  ///
  ///     sft         the SFT loss                    surrogate   the clipped surrogate
  ///     kl          beta times KL                   rl          surrogate + kl
  ///
  /// Each as the host's own loss has it, without the strategy's weights and coefficients. Passes of their own: the gradient that
  /// is stepped with is put back as it was, so that measuring changes no bit of the run. Costs a forward and backward of the
  /// demonstrations, and one or two of the rollouts.
  func gradientParts(_ work: StepWork) throws -> [Diagnostic] {
    let kept = model.trained.gradientCopy()
    defer { model.trained.restoreGradients(kept) }
    var found: [Diagnostic] = []
    var parts: [(name: String, gradient: GradientBuffer, norm: Double)] = []
    func measure(_ name: String, _ body: () throws -> Void) rethrows {
      model.trained.zeroGrad()
      try body()
      let norm = model.trained.gradNorm()
      found.append(Diagnostic("gradients/\(name)", norm))
      for other in parts {
        let product = norm * other.norm
        let cosine = product > 0 ? model.trained.dot(other.gradient) / product : 0
        found.append(Diagnostic("gradients/cosine_\(other.name)_\(name)", cosine))
      }
      parts.append((name, model.trained.gradientCopy(), norm))
    }
    if !work.demonstrations.isEmpty {
      try measure("sft") {
        _ = try supervisedPart(work.demonstrations, scale: 1, coefficients: nil)
      }
    }
    guard !work.rollouts.isEmpty else { return found }
    let hasKL = configuration.grpo.beta != 0
    measure(hasKL ? "surrogate" : "rl") { differentiatePolicy(work) { $0.surrogate } }
    if hasKL {
      measure("kl") { differentiatePolicy(work) { $0.kl } }
      // Their sum needs no pass: what stands in the buffer is the KL's.
      let surrogate = parts[parts.count - 2].gradient
      model.trained.addGradients(surrogate, scale: 1)
      found.append(Diagnostic("gradients/rl", model.trained.gradNorm()))
    }
    return found
  }

  /// Backward of one origin of the policy loss, into the gradient buffer.
  private func differentiatePolicy(
    _ work: StepWork,
    part: (PolicyLossResult.Parts) -> [Float]
  ) {
    for rollouts in work.rollouts {
      let tape = Tape(backend: backend, recording: true)
      let tokens = model.tokenLogProbs(
        tape: tape,
        batch: rollouts.batch.packed,
        rows: rollouts.batch.rows,
        targets: rollouts.batch.targets,
        temperature: Float(configuration.grpo.temperature),
        entropy: false
      )
      let result = policyLoss(
        rollouts,
        logProbs: tokens.logProbs.array,
        entropies: nil,
        separatingParts: true
      )
      if let parts = result.parts { tape.backward(tokens.logProbs, gradient: part(parts)) }
    }
  }
}
