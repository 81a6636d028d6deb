import Tensors

/// AdamW over the whole model, with one set of moments for each optimizer slot that a strategy uses.
///
/// Slot 0 is shared by all steps that name no other. A slot's moments are made, at zero, when it is first used.
final class OptimizerSlots {
  /// How many sets of moments a run can hold; each costs twice the model's size.
  static let limit = 4

  /// First and second moment, laid out as the model's value buffer.
  struct Moments {
    let first: Storage
    let second: Storage
  }

  private let store: ParameterStore
  private let backend: any Backend
  private let options: AdamWOptions
  private(set) var slots: [Int: Moments] = [:]

  init(store: ParameterStore, configuration: TrainingConfiguration, backend: any Backend) {
    self.store = store
    self.backend = backend
    options = AdamWOptions(
      beta1: Float(configuration.adamBeta1), beta2: Float(configuration.adamBeta2),
      eps: Float(configuration.adamEpsilon), weightDecay: Float(configuration.weightDecay))
  }

  /// One fused AdamW update from the model's gradient buffer.
  ///
  /// - Parameters:
  ///   - update: the slot's update, 1-based: AdamW's bias correction.
  ///   - gradScale: multiplies the gradient: the clip factor.
  func step(slot: Int, update: Int, learningRate: Double, gradScale: Double) {
    let moments = self.moments(slot)
    backend.adamW(
      store, firstMoment: moments.first, secondMoment: moments.second, step: update,
      learningRate: learningRate, options: options, gradScale: Float(gradScale))
  }

  /// The slot's moments, made where they are not there yet.
  func moments(_ slot: Int) -> Moments {
    if let moments = slots[slot] { return moments }
    let count = store.valueBuffer.count
    let moments = Moments(
      first: backend.allocate(count, zeroed: true), second: backend.allocate(count, zeroed: true))
    slots[slot] = moments
    return moments
  }
}
