import Components
import PluginHost
import RunStore

/// Something that is done to a run at a step boundary.
enum Intervention: Equatable {
  /// Another plugin takes a slot.
  case swap(Swap)
  /// A setting gets another value, at once or in steps.
  case set(Setting)
  /// Configuration arguments hold from here on, as a resume or a branch gave them.
  case configure([String])
  /// The last of these is undone.
  case rollback
  /// A newcomer that is only tried alongside goes.
  case drop

  /// What a swap asks for.
  struct Swap: Equatable {
    /// `strategy`, `prompts`, `demonstrations`, `rewards` (the whole set) or `rewards/NAME`.
    var slot: String
    var component: ComponentConfiguration
    /// For how many steps it is tried alongside first.
    var shadow = 0
    /// What becomes of it then.
    var ending = Ending.commit
    /// Whether it is a new build of what is there: parameters that are not given stay.
    var isReload = false
    /// The bytes that it must have, where they are known.
    var pin: PluginPins.Pin?
  }

  /// What becomes of a newcomer after its trial.
  enum Ending: String, CaseIterable {
    case commit
    case drop
  }

  /// What a setting gets.
  struct Setting: Equatable {
    /// The configuration's key; a reward's by its name, `rewards.NAME.weight`.
    var key: String
    /// In YAML's syntax.
    var value: String
    /// In how many steps it gets there.
    var over = 0
  }

  /// One of few words for the journal.
  var action: String {
    switch self {
    case .swap(let swap): return swap.shadow > 0 ? "shadow" : "swap"
    case .set: return "set"
    case .configure: return "configure"
    case .rollback: return "rollback"
    case .drop: return "drop"
    }
  }

  /// For people.
  var text: String {
    switch self {
    case .swap(let swap):
      let trial = swap.shadow > 0 ? ", \(swap.shadow) steps alongside first" : ""
      return "\(swap.slot): \(swap.component.plugin)\(trial)"
    case .set(let setting):
      let ramp = setting.over > 0 ? " over \(setting.over) steps" : ""
      return "\(setting.key)=\(setting.value)\(ramp)"
    case .configure(let arguments): return arguments.joined(separator: " ")
    case .rollback: return "the last intervention is undone"
    case .drop: return "the newcomer goes"
    }
  }
}

/// Why something is not done to a run, and what to do about it.
struct ControlProblem: Error, CustomStringConvertible {
  var problem: String
  var cure: String

  init(_ problem: String, cure: String) {
    self.problem = problem
    self.cure = cure
  }

  /// What any error says: its last sentence is usually the cure already.
  init(_ error: any Error) {
    if let known = error as? ControlProblem {
      self = known
    } else if let slot = error as? SlotError {
      // The place in the configuration is not where this came from.
      problem = "\(slot.slot): \(slot.error)"
      cure = "The run goes on as it was."
    } else {
      problem = ErrorReport(error).message
      cure = "The run goes on as it was."
    }
  }

  var description: String { "\(problem)\n\(cure)" }
}
