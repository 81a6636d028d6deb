/// What can go wrong in training, with its cause and its cure.
public enum TrainingError: Error, CustomStringConvertible, Equatable {
  /// A part that the configuration or the strategy needs is missing.
  case missingPart(String, cure: String)
  /// Two settings do not fit together.
  case configuration(key: String, value: String, problem: String, cure: String)
  /// A row of a dataset cannot be used.
  case row(slot: String, id: UInt64, problem: String, cure: String)
  /// A strategy answered with something that cannot be done.
  case strategy(step: Int, hook: String, problem: String)
  /// A loss or a gradient norm is not finite.
  case nonFinite(step: Int, quantity: String, value: Double)
  /// A checkpoint does not belong to this run.
  case checkpoint(path: String, problem: String, cure: String)

  /// The message for people.
  public var description: String {
    switch self {
    case .missingPart(let what, let cure): return "\(what). \(cure)"
    case .configuration(let key, let value, let problem, let cure):
      return "\(key): \(value) \(problem). \(cure)"
    case .row(let slot, let id, let problem, let cure):
      return "\(slot): row \(id) \(problem). \(cure)"
    case .strategy(let step, let hook, let problem):
      return "strategy: \(hook) at step \(step) \(problem)"
    case .nonFinite(let step, let quantity, let value):
      return
        "step \(step): \(quantity) is \(value). No update was made and the state before the step "
        + "is saved. Lower the learning rate, or set max_grad_norm, then resume"
    case .checkpoint(let path, let problem, let cure): return "\(path): \(problem). \(cure)"
    }
  }
}
