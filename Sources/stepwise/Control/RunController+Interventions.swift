import Components
import Foundation
import PluginHost
import RunControl
import RunStore
import Training

extension RunController {
  /// Carries out what somebody asks for, and answers.
  func ask(
    _ intervention: Intervention,
    _ trainer: Trainer,
    who: String,
    schedule: Int? = nil,
    pending: ControlDesk.Pending? = nil,
    refused: ((ControlProblem) -> Void)? = nil
  ) {
    let step = trainer.completedSteps
    do {
      if step >= trainer.horizon, !isForTheEnd(intervention) {
        throw ControlProblem(
          "the run is complete",
          cure: "Lengthen it: `stepwise train --resume RUN max_steps=N`."
        )
      }
      let done = try apply(
        intervention,
        trainer,
        newcomer: pending?.newcomer.value
      ) { complete in
        let record = complete.record(step: step, who: who, schedule: schedule)
        return Int(try journal.append(record)["seq"]?.number ?? 0)
      }
      tellDone(done, intervention, pending, step: step)
    } catch {
      let problem = ControlProblem(error)
      refuse(intervention, problem, step: step, who: who, schedule: schedule)
      if let refused {
        refused(problem)
      } else if let pending {
        pending.answer(.refused(problem.problem, cure: problem.cure))
      } else {
        notices.post("\(intervention.action) \(intervention.text) is refused: \(problem.problem)")
      }
    }
  }

  private func isForTheEnd(_ intervention: Intervention) -> Bool {
    switch intervention {
    case .configure: return true
    case .set(let setting): return setting.key == "max_steps"
    default: return false
    }
  }

  /// Does again what the journal says was done. It was right then; where it fails now, the bits will differ, and that is said.
  func carryOut(_ intervention: Intervention, _ trainer: Trainer, sequence: Int) {
    if case .drop = intervention, shadow == nil {
      // It went of itself, by an earlier record.
      steering.sequence = max(steering.sequence, sequence)
      return
    }
    do {
      try apply(intervention, trainer, newcomer: nil) { _ in sequence }
    } catch {
      notices.post(
        "journal record \(sequence), \(intervention.action) \(intervention.text), cannot be done again, "
          + "so that the run's bits differ from here on: \(ControlProblem(error).problem)"
      )
    }
  }

  /// Writes down what was refused.
  func refuse(
    _ intervention: Intervention,
    _ problem: ControlProblem,
    step: Int,
    who: String,
    schedule: Int? = nil
  ) {
    let record = intervention.record(step: step, who: who, schedule: schedule, refused: problem)
    do { try journal.append(record) } catch { notices.post("\(error)") }
  }

  private func tellDone(
    _ text: [String],
    _ intervention: Intervention,
    _ pending: ControlDesk.Pending?,
    step: Int
  ) {
    notices.post("\(intervention.action) before step \(step): \(intervention.text)")
    guard let pending else { return }
    switch intervention {
    case .swap(let swap) where swap.shadow == 0:
      // Who asked learns how the first step went.
      if desk.isPaused {
        pending.answer(
          .done(
            text + ["the run is paused: it takes effect with the next step"],
            ["step": .int(Int64(step))]
          )
        )
      } else {
        probation?.waiting.append((pending, text))
      }
    case .swap:
      text.forEach(pending.tell)
      shadow?.waiting = pending
    default:
      pending.answer(.done(text, ["step": .int(Int64(step))]))
    }
  }

  /// Makes the change, writes it down by `record`, and keeps it; where anything fails, the run is as it was.
  ///
  /// - Returns: lines for people.
  @discardableResult
  func apply(
    _ intervention: Intervention,
    _ trainer: Trainer,
    newcomer: Newcomer?,
    record: (Intervention) throws -> Int
  ) throws -> [String] {
    let before = (steering: steering, loaded: loaded, live: live, shadow: shadow)
    let beforeProbation = probation
    let moment = try trainer.moment()
    var undoReconfigure: () throws -> Void = {}
    do {
      let (complete, text) = try change(
        intervention,
        trainer,
        newcomer: newcomer,
        undoReconfigure: &undoReconfigure
      )
      for plugin in live.plugins { try run.archive(plugin) }
      if let shadow { try run.archive(shadow.newcomer.plugin) }
      let number = try record(complete)
      steering.sequence = max(steering.sequence, number)
      shadow?.sequence = shadow?.sequence == 0 ? number : shadow?.sequence ?? number
      probation?.done.append(Probation.Entry(complete, number))
      return text
    } catch {
      (steering, loaded, live, shadow) = (
        before.steering, before.loaded, before.live, before.shadow
      )
      probation = beforeProbation
      try? undoReconfigure()
      try trainer.goBack(to: moment)
      throw error
    }
  }

  private func change(
    _ intervention: Intervention,
    _ trainer: Trainer,
    newcomer: Newcomer?,
    undoReconfigure: inout () throws -> Void
  ) throws -> (Intervention, [String]) {
    let change = configurationChange
    let step = trainer.completedSteps
    switch intervention {
    case .swap(var swap):
      let (target, slot) = try change.swapped(swap)
      let newcomer = try newcomer ?? load(target, slot: slot, pin: swap.pin)
      swap.pin = PluginPins.Pin(newcomer.plugin)
      swap.component = try component(of: slot, in: target)
      swap.component.parameters = newcomer.plugin.parameters
      let name = "\(newcomer.plugin.identity.id) \(newcomer.plugin.identity.version)"
      if swap.shadow > 0 {
        try begin(Shadow(swap, slot: slot, newcomer: newcomer, step: step), trainer)
        return (
          .swap(swap), ["\(name) is tried alongside for \(swap.shadow) steps, from step \(step) on"]
        )
      }
      try beginProbation(trainer)
      // As the journal has it, so that a replay remembers the same.
      remember(Intervention.swap(swap).text, state: slot == "strategy")
      try exchange(target, slot: slot, newcomer: newcomer, trainer)
      return (.swap(swap), ["\(swap.slot): \(name) from step \(step) on"])
    case .set(let setting):
      remember(intervention.text, state: false)
      let target = try change.setting(setting.key, to: setting.value)
      try checkHorizon(target, trainer)
      // A reward's weight has two names.
      let path = try change.changeablePath(setting.key)
      steering.ramps.removeAll { (try? change.changeablePath($0.key)) == path }
      if setting.over > 0 {
        let from = try change.number(setting.key)
        let to = try ConfigurationChange(
          loaded: target,
          rewardNames: change.rewardNames,
          ids: change.ids
        ).number(setting.key)
        let ramp = Steering.Ramp(
          key: setting.key,
          from: from,
          to: to,
          start: step,
          steps: setting.over
        )
        steering.ramps.append(ramp)
        try move(
          to: try change.setting(setting.key, to: ramp.value(at: step).description),
          trainer,
          undo: &undoReconfigure
        )
        return (
          intervention,
          [
            "\(setting.key) goes from \(from) to \(to) in \(setting.over) steps, from step \(step) on"
          ]
        )
      }
      try move(to: target, trainer, undo: &undoReconfigure)
      return (intervention, ["\(setting.key)=\(setting.value) from step \(step) on"])
    case .configure(let arguments):
      remember(intervention.text, state: true)
      let target = try change.configured(arguments)
      try refuseAnotherRun(target)
      try checkHorizon(target, trainer)
      try move(to: target, trainer, mayReload: true, undo: &undoReconfigure)
      return (intervention, ["\(intervention.text) from step \(step) on"])
    case .rollback:
      if let shadow {
        drop(shadow, trainer, why: "rollback")
        return (.drop, ["the trial of \(shadow.name) is ended; nothing else changed"])
      }
      return (intervention, try rollBack(trainer, undo: &undoReconfigure))
    case .drop:
      guard let shadow else {
        throw ControlProblem(
          "no newcomer is tried alongside",
          cure: "Begin with `swap SLOT ID --shadow N`."
        )
      }
      drop(shadow, trainer, why: "dropped")
      return (intervention, ["the trial of \(shadow.name) is ended"])
    }
  }

  var configurationChange: ConfigurationChange {
    ConfigurationChange(
      loaded: loaded,
      rewardNames: live.rewards.map(\.plugin.label),
      ids: live.ids
    )
  }

  /// Keeps what a rollback goes back to.
  ///
  /// - Parameter state: whether the strategy's state is part of it.
  func remember(_ text: String, state: Bool) {
    steering.remember(
      Steering.Undo(
        text: text,
        configuration: steering.configuration,
        pins: steering.pins,
        exchanged: steering.exchanged,
        ramps: steering.ramps,
        strategy: state ? (try? live.strategy.part.saveState()).map { Data($0) } : nil
      )
    )
  }

  private func rollBack(
    _ trainer: Trainer,
    undo undoReconfigure: inout () throws -> Void
  ) throws -> [String] {
    guard let undo = steering.undo.last else {
      throw ControlProblem("nothing was done to the run", cure: "There is nothing to roll back.")
    }
    let target = try RunConfiguration.load(yaml: undo.configuration, file: loaded.file)
    let rest = Array(steering.undo.dropLast())
    try move(
      to: target,
      trainer,
      pins: undo.pins,
      strategyState: undo.strategy.map { [UInt8]($0) },
      mayReload: true,
      undo: &undoReconfigure
    )
    steering.undo = rest
    steering.ramps = undo.ramps
    steering.exchanged = undo.exchanged
    // What moved then has moved on.
    advanceRamps(trainer)
    return ["undone: \(undo.text)"]
  }

  /// A horizon that is passed already would end the run where it stands.
  private func checkHorizon(_ target: LoadedConfiguration, _ trainer: Trainer) throws {
    let (old, new) = (
      loaded.configuration.training.maxSteps, target.configuration.training.maxSteps
    )
    guard new != old, new >= 0, new <= trainer.completedSteps else { return }
    throw ControlProblem(
      "max_steps=\(new), and \(trainer.completedSteps) steps are complete",
      cure: "Give more than that, or end the run: `stepwise ctl RUN stop`."
    )
  }

  /// Another model, tokenizer or seed is another run.
  private func refuseAnotherRun(_ target: LoadedConfiguration) throws {
    for key in ConfigurationKeys.all where ConfigurationKeys.fixed.contains(key.path) {
      let (old, new) = (key.encode(loaded.configuration), key.encode(target.configuration))
      guard old == new else {
        throw ControlProblem(
          "\(key.path) is \(old.shown) in this run, not \(new.shown)",
          cure: "Begin a new run with it."
        )
      }
    }
  }

  private func component(
    of slot: String,
    in target: LoadedConfiguration
  ) throws -> ComponentConfiguration {
    switch slot {
    case "strategy": return target.configuration.strategy!
    case "prompts", "demonstrations":
      // A swap puts one dataset into the slot.
      return target.configuration.dataset(slot)!.sources[0].component
    default:
      return target.configuration.rewards[SlotNames.rewardIndex(slot)].component
    }
  }

  /// Moves what is on its way.
  func advanceRamps(_ trainer: Trainer) {
    let step = trainer.completedSteps
    for ramp in steering.ramps where step > ramp.start {
      do {
        var ignored: () throws -> Void = {}
        try move(
          to: try configurationChange.setting(ramp.key, to: ramp.value(at: step).description),
          trainer,
          undo: &ignored
        )
      } catch {
        steering.ramps.removeAll { $0.key == ramp.key }
        notices.post("\(ramp.key) stays where it is: \(ControlProblem(error).problem)")
      }
    }
    steering.ramps.removeAll { $0.isOver(at: step) }
  }
}
