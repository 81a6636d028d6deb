import Components
import Foundation
import PluginHost
import Training

/// Tries what a configuration schedules, before the run begins: a mistake in step 2000 is found in step 0.
///
/// Every newcomer is loaded in a process of its own, and changes of parameters are told to such copies; the run's own plugins hear of
/// nothing.
struct ScheduleCheck {
  private var loaded: LoadedConfiguration
  private var live: LoadedParts
  /// Slots that hold copies of this check.
  private var copied: Set<String> = []
  /// What a rollback goes back to. Where there is none, somebody may have done something by then.
  private var earlier: [(LoadedConfiguration, LoadedParts, Set<String>)] = []
  private let rehearsal: Rehearsal

  private init(_ composition: RunComposition) {
    loaded = composition.loaded
    loaded.configuration = composition.resolved
    live = composition.plugins
    let view = ControlDesk.View(
      loaded: loaded,
      steering: Steering(configuration: "", pins: [:])
    )
    rehearsal = Rehearsal(view: view, services: composition.hostServices, run: nil)
  }

  /// - Throws: `ConfigurationError` with the entry's number.
  static func check(_ composition: RunComposition) throws {
    var check = ScheduleCheck(composition)
    let entries = composition.loaded.configuration.interventions.enumerated()
      .sorted { ($0.element.step, $0.offset) < ($1.element.step, $1.offset) }
    for (index, entry) in entries {
      for intervention in entry.interventions {
        do {
          try check.apply(intervention, step: entry.step)
        } catch {
          let problem = ControlProblem(error)
          let cure =
            problem.cure.hasPrefix("The run goes on")
            ? "Correct the entry, or leave it out" : problem.cure
          throw ConfigurationError(
            composition.loaded.place(of: "interventions"),
            key: "interventions.\(index)",
            problem: problem.problem.hasSuffix(".")
              ? String(problem.problem.dropLast()) : problem.problem,
            cure: cure.hasSuffix(".") ? String(cure.dropLast()) : cure
          )
        }
      }
    }
  }

  private var change: ConfigurationChange {
    ConfigurationChange(
      loaded: loaded,
      rewardNames: live.rewards.map(\.plugin.label),
      ids: live.ids
    )
  }

  private mutating func apply(_ intervention: Intervention, step: Int) throws {
    let before = (loaded, live, copied)
    switch intervention {
    case .swap(let swap):
      let (target, slot) = try change.swapped(swap)
      let newcomer = try rehearsal.loadIsolated(target, slot: slot)
      if swap.shadow > 0 {
        _ = try Shadow(swap, slot: slot, newcomer: newcomer, step: step)
        if swap.ending == .drop { return }
      }
      put(newcomer, in: slot, of: target)
      try live.parts.check()
      earlier.append(before)
    case .set(let setting):
      let target = try change.setting(setting.key, to: setting.value)
      if setting.over > 0 { _ = try change.number(setting.key) }
      try set(try change.changeablePath(setting.key), target)
      earlier.append(before)
    case .rollback:
      if let last = earlier.popLast() { (loaded, live, copied) = last }
    case .configure, .drop: break
    }
  }

  private mutating func put(_ newcomer: Newcomer, in slot: String, of target: LoadedConfiguration) {
    switch newcomer {
    case .strategy(let new): live.strategy = new
    case .dataset(let new):
      if slot == "prompts" { live.prompts = new } else { live.demonstrations = new }
    case .reward(let new):
      let index = SlotNames.rewardIndex(slot)
      live.rewards = Array(live.rewards.prefix(target.configuration.rewards.count))
      if index < live.rewards.count { live.rewards[index] = new } else { live.rewards.append(new) }
    }
    copied.insert(slot)
    loaded = target
    loaded.configuration = live.resolved(target.configuration)
  }

  /// A plugin's parameter is told to a copy of the plugin.
  private mutating func set(_ path: String, _ target: LoadedConfiguration) throws {
    let parts = path.components(separatedBy: ".parameters.")
    guard parts.count == 2 else {
      loaded = target
      return try target.configuration.training.check()
    }
    let (slot, name) = (parts[0], parts[1])
    if !copied.contains(slot) {
      put(try rehearsal.loadIsolated(loaded, slot: slot), in: slot, of: loaded)
    }
    let top = name.split(separator: ".").first.map(String.init) ?? name
    func tell<Part>(_ loadedSlot: inout LoadedSlot<Part>, _ parameters: ParameterValue) throws {
      guard let value = parameters[top] else { return }
      let entry = ParameterEntry(top, value)
      try loadedSlot.reconfigure(.object([entry]))
      guard case .object(let entries) = loadedSlot.plugin.parameters else { return }
      loadedSlot.plugin.parameters = .object(entries.filter { $0.key != top } + [entry])
    }
    let configuration = target.configuration
    switch slot {
    case "strategy": try tell(&live.strategy, configuration.strategy?.parameters ?? .null)
    case "prompts":
      if live.prompts != nil, let single = configuration.prompts?.single {
        try tell(&live.prompts!.sources[0], single.parameters)
      }
    case "demonstrations":
      if live.demonstrations != nil, let single = configuration.demonstrations?.single {
        try tell(&live.demonstrations!.sources[0], single.parameters)
      }
    default:
      let index = SlotNames.rewardIndex(slot)
      try tell(&live.rewards[index], configuration.rewards[index].component.parameters)
    }
    loaded = target
  }
}
