import Components
import Foundation
import PluginHost
import RunStore
import Training

/// Carrying a changed configuration over to the trainer.
extension RunController {
  /// Loads what takes a slot.
  func load(
    _ target: LoadedConfiguration,
    slot: String,
    pin: PluginPins.Pin?
  ) throws -> Newcomer {
    try Rehearsal(view: desk.view, services: services, run: run.url)
      .load(target, slot: slot, pin: pin, services: services)
  }

  private func loader(
    _ target: LoadedConfiguration,
    _ pins: [String: PluginPins.Pin]
  ) -> PartsLoader {
    PartsLoader(target, services: services, pins: PluginPins(bySlot: pins, run: run.url))
  }

  /// Makes a newcomer and the configuration that names it the run's own.
  ///
  /// - Parameter keepsState: whether the same plugin goes on with the state of the one before; else it has its own.
  func exchange(
    _ target: LoadedConfiguration,
    slot: String,
    newcomer: Newcomer,
    _ trainer: Trainer,
    keepsState: Bool = true
  ) throws {
    try put(newcomer, in: slot, of: target, trainer, state: keepsState ? nil : [])
    adopt(target, exchanged: [slot])
  }

  /// Puts a newcomer into its slot. The same plugin goes on with the state and place of the one before; another starts from what the
  /// run's history tells it.
  ///
  /// - Parameter state: a strategy's state in place of that; empty for its own.
  private func put(
    _ newcomer: Newcomer,
    in slot: String,
    of target: LoadedConfiguration,
    _ trainer: Trainer,
    state: [UInt8]? = nil
  ) throws {
    switch newcomer {
    case .strategy(let new):
      let isSame = new.plugin.identity.id == live.strategy.plugin.identity.id
      let old = try state ?? (isSame ? live.strategy.part.saveState() : nil)
      try trainer.exchange(strategy: new.part, state: old)
      live.strategy = new
    case .dataset(let new):
      let old = slot == "prompts" ? live.prompts : live.demonstrations
      let isSame = old?.id == new.id
      try trainer.exchange(
        dataset: new.part,
        in: slot == "prompts" ? .prompts : .demonstrations,
        keepsPlace: isSame && old?.part.count == new.part.count
      )
      if slot == "prompts" { live.prompts = new } else { live.demonstrations = new }
    case .reward(let new):
      let index = SlotNames.rewardIndex(slot)
      // Its weight may have moved since it was loaded.
      let place = target.configuration.rewards[index]
      var new = new
      new.part = place.placed(new.part.function)
      var rewards = Array(live.rewards.prefix(target.configuration.rewards.count))
      if index < rewards.count { rewards[index] = new } else { rewards.append(new) }
      try trainer.exchange(rewards: rewards.map(\.part))
      live.rewards = rewards
    }
  }

  /// Makes a configuration the run's own.
  private func adopt(_ target: LoadedConfiguration, exchanged: [String]) {
    loaded = target
    loaded.configuration = live.resolved(target.configuration)
    steering.configuration = loaded.configuration.yaml
    steering.pins = live.pins
    steering.exchanged = Set(steering.exchanged + exchanged).sorted()
  }

  /// Takes the run from its configuration to another: settings, changeable parameters, plugins.
  ///
  /// - Parameters:
  ///   - pins: the bytes that plugins must have; `nil`: those whose place in the configuration changes are looked for anew.
  ///   - mayReload: whether a plugin whose parameter cannot change is loaded anew with it; else that is an error.
  ///   - undo: takes back what was told to plugins that stay.
  func move(
    to target: LoadedConfiguration,
    _ trainer: Trainer,
    pins: [String: PluginPins.Pin]? = nil,
    strategyState: [UInt8]? = nil,
    mayReload: Bool = false,
    undo: inout () throws -> Void
  ) throws {
    let old = loaded.configuration
    let new = target.configuration
    var exchanged: [String] = []
    func isOther(_ slot: String) -> Bool {
      guard let pins else { return false }
      // The plugins of a mixture are `prompts.0`, `prompts.1`, ...
      func own(_ pins: [String: PluginPins.Pin]) -> [String: PluginPins.Pin] {
        pins.filter { $0.key == slot || $0.key.hasPrefix("\(slot).") }
      }
      return own(pins) != own(steering.pins)
    }

    try trainer.exchangeTogether {
      for slot in ["prompts", "demonstrations"] {
        let (was, dataset) = (old.dataset(slot), new.dataset(slot))
        guard let dataset, dataset != was || isOther(slot) else { continue }
        var present = slot == "prompts" ? live.prompts : live.demonstrations
        // Only a plugin's own parameters can change under a dataset that stays.
        let stays =
          try present != nil && was?.single != nil && dataset.single != nil
          && was?.sources[0].split == dataset.sources[0].split
          && reconfigure(
            &present!.sources[0],
            was?.single,
            dataset.single!,
            isOther(slot),
            mayReload,
            &undo
          )
        if stays {
          if slot == "prompts" { live.prompts = present } else { live.demonstrations = present }
        } else {
          let newcomer = try loader(target, pins ?? [:]).loadDataset(slot)!
          try put(.dataset(newcomer), in: slot, of: target, trainer)
          exchanged.append(slot)
        }
      }
      let evaluation = "evaluation.prompts"
      if new.evaluationPrompts != old.evaluationPrompts || isOther(evaluation) {
        live.evaluation =
          new.evaluationPrompts == nil
          ? nil
          : try loader(target, pins ?? [:])
            .loadDataset(evaluation)
        try trainer.exchange(evaluation: live.evaluation?.part)
        exchanged.append(evaluation)
      }
      try moveRewards(
        to: target,
        trainer,
        pins: pins,
        mayReload: mayReload,
        exchanged: &exchanged,
        undo: &undo
      )
      if let component = new.strategy, component != old.strategy || isOther("strategy") {
        if try !reconfigure(
          &live.strategy,
          old.strategy,
          component,
          isOther("strategy"),
          mayReload,
          &undo
        ) {
          let newcomer = try load(target, slot: "strategy", pin: pins?["strategy"])
          try put(newcomer, in: "strategy", of: target, trainer, state: strategyState)
          exchanged.append("strategy")
        }
      }
      if new.training != old.training { try trainer.exchange(configuration: new.training) }
    }
    adopt(target, exchanged: exchanged)
  }

  private func moveRewards(
    to target: LoadedConfiguration,
    _ trainer: Trainer,
    pins: [String: PluginPins.Pin]?,
    mayReload: Bool,
    exchanged: inout [String],
    undo: inout () throws -> Void
  ) throws {
    let (old, new) = (loaded.configuration.rewards, target.configuration.rewards)
    let isSameSet =
      old == new
      && (pins == nil
        || new.indices.allSatisfy {
          pins!["rewards.\($0)"] == steering.pins["rewards.\($0)"]
        })
    if isSameSet { return }
    var rewards: [LoadedSlot<WeightedReward>] = []
    for (index, reward) in new.enumerated() {
      let slot = "rewards.\(index)"
      let isOther = pins != nil && pins![slot] != steering.pins[slot]
      if index < live.rewards.count, index < old.count, old[index].name == reward.name,
        old[index].workers == reward.workers
      {
        var present = live.rewards[index]
        let isKept = try reconfigure(
          &present,
          old[index].component,
          reward.component,
          isOther,
          mayReload,
          &undo
        )
        if isKept {
          present.part = reward.placed(present.part.function)
          rewards.append(present)
          continue
        }
      }
      guard case .reward(let slot) = try load(target, slot: slot, pin: pins?[slot]) else {
        preconditionFailure("\(slot) was loaded as something else")
      }
      rewards.append(slot)
      exchanged.append("rewards.\(index)")
    }
    try trainer.exchange(rewards: rewards.map(\.part))
    live.rewards = rewards
  }

  /// Tells a plugin that stays its changed parameters.
  ///
  /// - Returns: whether that was enough; not where it is another plugin, or a parameter is not changeable.
  private func reconfigure<Part>(
    _ slot: inout LoadedSlot<Part>,
    _ old: ComponentConfiguration?,
    _ new: ComponentConfiguration,
    _ isOther: Bool,
    _ mayReload: Bool,
    _ undo: inout () throws -> Void
  ) throws -> Bool {
    guard let old, !isOther, old.plugin == new.plugin, old.isolation == new.isolation,
      old.timeout == new.timeout, case .object(let entries) = new.parameters
    else { return false }
    let present = slot.plugin.parameters
    let changes = entries.filter { present[$0.key] != $0.value }
    if changes.isEmpty { return true }
    let reconfigure = slot.reconfigure
    do {
      try reconfigure(.object(changes))
    } catch let error as PluginError where mayReload && error.problem == .parameters {
      return false
    }
    let back = changes.compactMap { change in
      present[change.key].map { ParameterEntry(change.key, $0) }
    }
    let earlier = undo
    undo = {
      try reconfigure(.object(back))
      try earlier()
    }
    if case .object(var all) = present {
      for change in changes {
        if let index = all.firstIndex(where: { $0.key == change.key }) {
          all[index] = change
        } else {
          all.append(change)
        }
      }
      slot.plugin.parameters = .object(all)
    }
    return true
  }
}
