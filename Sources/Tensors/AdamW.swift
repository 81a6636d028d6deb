/// Hyperparameters of one AdamW step, with torch's defaults.
public struct AdamWOptions: Sendable, Equatable {
  /// Step size.
  public var learningRate: Double
  /// Decay of the first moment.
  public var beta1: Double
  /// Decay of the second moment.
  public var beta2: Double
  /// Added outside the square root.
  public var epsilon: Double
  /// Decoupled; applies to parameters with `decays` only.
  public var weightDecay: Double

  /// Takes each field as given.
  public init(
    learningRate: Double,
    beta1: Double = 0.9,
    beta2: Double = 0.999,
    epsilon: Double = 1e-8,
    weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// The two moments of AdamW for one store, laid out like its buffers.
public final class AdamWState {
  /// Exponential average of the gradients, as torch's `exp_avg`.
  public let firstMoment: Buffer
  /// Exponential average of their squares, as torch's `exp_avg_sq`.
  public let secondMoment: Buffer
  /// Steps taken.
  public var step = 0

  /// Zero moments for a trainable store.
  public init(for store: ParameterStore) {
    firstMoment = Buffer(store.backend.makeStorage(count: store.valueBuffer.count))
    secondMoment = Buffer(store.backend.makeStorage(count: store.valueBuffer.count))
    store.backend.fill(firstMoment, with: 0)
    store.backend.fill(secondMoment, with: 0)
  }

  /// A parameter's part of a moment buffer, for checkpoints.
  public func moment(_ buffer: Buffer, of parameter: Parameter) -> Buffer {
    buffer.slice(parameter.range.lowerBound, count: parameter.range.count)
  }
}

extension ParameterStore {
  /// One AdamW step over all parameters, as torch.optim.AdamW: bias correction, epsilon outside the
  /// root, decoupled decay on parameters with `decays`. Advances `state.step`.
  /// - Parameter gradientScale: multiplies the gradients on the way in: the clip factor.
  public func adamW(_ state: AdamWState, options: AdamWOptions, gradientScale: Double = 1) {
    state.step += 1
    // Neighbours that decay alike are one run: one pass over contiguous memory.
    var start = 0
    while start < parameters.count {
      var end = start
      while end + 1 < parameters.count && parameters[end + 1].decays == parameters[start].decays {
        end += 1
      }
      let first = parameters[start].range.lowerBound
      let count = parameters[end].range.upperBound - first
      backend.adamW(
        value: valueBuffer.slice(first, count: count),
        gradient: gradBuffer.slice(first, count: count),
        firstMoment: state.firstMoment.slice(first, count: count),
        secondMoment: state.secondMoment.slice(first, count: count),
        step: state.step,
        options: options,
        decays: parameters[start].decays,
        gradientScale: gradientScale
      )
      start = end + 1
    }
  }
}
