import Tensors

/// AdamW over all that is trained, with one set of moments for each optimizer slot that a strategy uses.
///
/// Slot 0 is shared by all steps that name no other. A slot's moments are made, at zero, when it is first used; each set costs
/// twice the size of what is trained.
final class OptimizerSlots {
  /// How many sets of moments a run can hold.
  static let limit = 4

  private let store: ParameterStore
  /// Betas, epsilon and weight decay of the next step.
  var configuration: TrainingConfiguration
  private(set) var states: [Int: AdamWState] = [:]

  init(store: ParameterStore, configuration: TrainingConfiguration) {
    self.store = store
    self.configuration = configuration
  }

  /// One fused AdamW update from the model's gradient buffer.
  ///
  /// - Parameter gradientScale: multiplies the gradient: the clip factor.
  func step(slot: Int, learningRate: Double, gradientScale: Double) {
    store.adamW(
      state(slot),
      options: AdamWOptions(
        learningRate: learningRate,
        beta1: configuration.adamBeta1,
        beta2: configuration.adamBeta2,
        epsilon: configuration.adamEpsilon,
        weightDecay: configuration.weightDecay
      ),
      gradientScale: gradientScale
    )
  }

  /// The slot's moments, made where they are not there yet.
  func state(_ slot: Int) -> AdamWState {
    if let state = states[slot] { return state }
    let state = AdamWState(for: store)
    states[slot] = state
    return state
  }

  /// The slots in use, in order, as tensors `slotN.exp_avg.PARAMETER` and `slotN.exp_avg_sq.PARAMETER`.
  var tensors: [SafetensorsTensor] {
    states.sorted { $0.key < $1.key }.flatMap { slot, state in
      [("exp_avg", state.firstMoment), ("exp_avg_sq", state.secondMoment)].flatMap { name, moment in
        store.parameters.map { parameter in
          let part = state.moment(moment, of: parameter)
          return SafetensorsTensor(
            name: "slot\(slot).\(name).\(parameter.name)",
            shape: parameter.shape,
            backend: store.backend
          ) { part }
        }
      }
    }
  }

  /// Reads what `tensors` gave, for the slots whose number of updates is not 0.
  func load(_ file: SafetensorsFile, updates: [Int]) throws {
    states = [:]
    for (slot, count) in updates.enumerated() where count > 0 {
      let state = state(slot)
      state.step = count
      for (name, moment) in [("exp_avg", state.firstMoment), ("exp_avg_sq", state.secondMoment)] {
        for parameter in store.parameters {
          store.backend.write(
            try file.load("slot\(slot).\(name).\(parameter.name)"),
            to: state.moment(moment, of: parameter)
          )
        }
      }
    }
  }

  /// How many updates each slot has made, by slot.
  var updates: [Int] {
    (0..<((states.keys.max() ?? -1) + 1)).map { states[$0]?.step ?? 0 }
  }
}
