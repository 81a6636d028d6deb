import Components
import Foundation
import PluginHost
import RunControl
import RunStore
import Training

/// Steers a run: carries out at step boundaries what people ask for, what the configuration schedules, and what the journal says was
/// done before a resume or in the run that is replayed.
///
/// It belongs to the training thread; other threads reach it through its desk.
final class RunController: TrainerControl {
  let run: RunDirectory
  let journal: Journal
  let desk: ControlDesk
  let services: HostServices
  let notices: NoticeBoard
  var steering: Steering
  /// The configuration of `steering`.
  var loaded: LoadedConfiguration
  /// The plugins in the slots.
  var live: LoadedParts
  /// A newcomer that is tried alongside.
  var shadow: Shadow?
  /// Until the step after a swap is made.
  var probation: Probation?
  /// What the journal says was done and this process has not done yet, in order.
  private var script: [ScriptedIntervention]
  /// What the configuration schedules and no journal has yet.
  private var schedule: [(index: Int, step: Int, intervention: Intervention)] = []
  /// What must be done again after a newcomer was taken back.
  var repeated: [(intervention: Intervention, sequence: Int)] = []
  private var encoded: (steering: Steering, bytes: [UInt8])?

  /// The step before which a replay ends; `nil` for the run's own horizon.
  var end: Int?
  /// How much of the journal is still to be done.
  var scripted: Int { script.count }

  /// A record of the journal that is carried out again.
  struct ScriptedIntervention {
    var sequence: Int
    var step: Int
    var intervention: Intervention
  }

  /// - Parameters:
  ///   - checkpoint: on resume, what the control had saved there.
  ///   - arguments: configuration arguments that hold from the first boundary on.
  init(
    _ composition: RunComposition,
    run: RunDirectory,
    steering: Steering?,
    notices: NoticeBoard
  ) throws {
    self.run = run
    self.notices = notices
    journal = try run.openJournal()
    live = composition.plugins
    loaded = composition.loaded
    loaded.configuration = composition.resolved
    services = composition.hostServices
    self.steering =
      steering ?? Steering(configuration: loaded.configuration.yaml, pins: live.pins)
    desk = ControlDesk(ControlDesk.View(loaded: loaded, steering: self.steering))
    script = try Self.script(journal.records, after: self.steering.sequence)
    let done = Set(journal.records.compactMap { $0["schedule"]?.number.map { Int($0) } })
    for (index, entry) in loaded.configuration.interventions.enumerated()
    where !done.contains(index) {
      for intervention in entry.interventions {
        schedule.append((index, entry.step, intervention))
      }
    }
    if let trial = self.steering.trial {
      let wasDropped = journal.records.contains {
        $0["action"]?.text == "dropped" && $0["of"]?.number == Double(trial.sequence)
      }
      shadow = try Shadow(trial, controller: self)
      if wasDropped { shadow?.isDropped = true }
    }
    publish()
  }

  /// What a journal's records ask for, without what was refused or taken back.
  static func script(
    _ records: [Record],
    after sequence: Int
  ) throws -> [ScriptedIntervention] {
    let reverted = Set(
      records.filter { $0["action"]?.text == "revert" }.compactMap { $0["of"]?.number }
    )
    let dropped = Set(
      records.filter { $0["action"]?.text == "dropped" }.compactMap { $0["of"]?.number }
    )
    return try records.compactMap { record in
      guard let number = record["seq"]?.number, Int(number) > sequence,
        !reverted.contains(number), record["outcome"]?.text == "done",
        let action = record["action"]?.text, let step = record["step"]?.number,
        var intervention = try Intervention(action, record)
      else { return nil }
      if dropped.contains(number), case .swap(var swap) = intervention {
        // Why it went, a crash perhaps, need not happen again.
        swap.ending = .drop
        intervention = .swap(swap)
      }
      return ScriptedIntervention(
        sequence: Int(number),
        step: Int(step),
        intervention: intervention
      )
    }
  }

  // MARK: - TrainerControl

  func boundary(_ trainer: Trainer) throws -> BoundaryAnswer {
    let step = trainer.completedSteps
    endProbation(trainer)
    try followShadow(trainer)
    advanceRamps(trainer)
    for entry in repeated {
      carryOut(entry.intervention, trainer, sequence: entry.sequence)
    }
    repeated = []
    catchUp(trainer)
    while let index = schedule.firstIndex(where: { $0.step <= step }) {
      let entry = schedule.remove(at: index)
      ask(entry.intervention, trainer, who: "configuration", schedule: entry.index)
    }
    publish(trainer)
    if let end, step >= end { return .stop }
    if try serve(trainer) == .stop { return .stop }
    publish(trainer)
    if step < trainer.horizon { planShadow(trainer) }
    return .goOn
  }

  func scored(_ batch: RewardBatch, _ scores: [[Double?]]) {
    shadow?.score(batch, scores, rewards: live.rewards.map(\.part))
    desk.publish { view in
      if view.batch == nil || view.batch!.step != batch.step {
        view.batch = RewardBatch(
          step: batch.step,
          seed: batch.seed,
          items: Array(batch.items.prefix(16))
        )
      }
    }
  }

  func saveState() throws -> [UInt8] {
    var current = steering
    if let shadow { current.trial = try shadow.saved() }
    if let encoded, encoded.steering == current { return encoded.bytes }
    let bytes = try current.encoded()
    encoded = (current, bytes)
    return bytes
  }

  /// Brings a run that goes on to what the journal says of its boundary, and carries out what came with it.
  ///
  /// - Throws: what is wrong with that: somebody waits for it.
  func begin(_ intervention: Intervention, _ trainer: Trainer, who: String) throws {
    catchUp(trainer)
    var problem: ControlProblem?
    ask(intervention, trainer, who: who) { problem = $0 }
    if let problem { throw problem }
    publish(trainer)
  }

  /// Does again what the journal says was done up to this boundary.
  private func catchUp(_ trainer: Trainer) {
    while let entry = script.first, entry.step <= trainer.completedSteps {
      script.removeFirst()
      carryOut(entry.intervention, trainer, sequence: entry.sequence)
    }
  }

  // MARK: - Serving

  /// Carries out what other threads asked for, and waits while the run is paused.
  private func serve(_ trainer: Trainer) throws -> BoundaryAnswer {
    var toldPause = false
    while true {
      for pending in desk.take() {
        switch pending.action {
        case "checkpoint":
          answer(pending) {
            try trainer.writeCheckpoint()
            return "the checkpoint of step \(trainer.completedSteps) is written"
          }
        case "stop":
          note("stop", trainer, who: pending.who)
          pending.answer(
            .done(["the run stops before step \(trainer.completedSteps), with a checkpoint"])
          )
          isStopping = true
          return .stop
        default:
          if let intervention = pending.intervention.value {
            ask(intervention, trainer, who: pending.who, pending: pending)
            publish(trainer)
          }
        }
      }
      let goesOn =
        !desk.isPaused || StopRequest.isPending
        || trainer.completedSteps >= trainer.horizon
      if goesOn {
        if toldPause { notices.post("the run goes on") }
        return .goOn
      }
      if !toldPause {
        toldPause = true
        notices.post("paused before step \(trainer.completedSteps)")
        probation?.answerWhilePaused()
      }
      desk.wait()
    }
  }

  /// Somebody asked for the run to end here.
  private(set) var isStopping = false

  private func answer(_ pending: ControlDesk.Pending, _ body: () throws -> String) {
    do {
      pending.answer(.done([try body()]))
    } catch {
      let problem = ControlProblem(error)
      pending.answer(.refused(problem.problem, cure: problem.cure))
    }
  }

  /// Writes down what changes no bits. A journal that cannot be written is no reason to refuse it.
  func note(_ action: String, _ trainer: Trainer, who: String) {
    let record: Record = [
      "step": .int(Int64(trainer.completedSteps)), "by": .string(who), "action": .string(action),
      "outcome": "done",
    ]
    do { try journal.append(record) } catch { notices.post("\(error)") }
  }

  /// Shows other threads the run as it is now.
  private func publish(_ trainer: Trainer? = nil) {
    let names = live.rewards.map(\.plugin.label)
    var ids = ["strategy": live.strategy.plugin.identity.id]
    ids["prompts"] = live.prompts?.plugin.identity.id
    ids["demonstrations"] = live.demonstrations?.plugin.identity.id
    for (index, reward) in live.rewards.enumerated() {
      ids["rewards.\(index)"] = reward.plugin.identity.id
    }
    let context = trainer?.nextContext
    desk.publish { view in
      view.loaded = loaded
      view.steering = steering
      view.trial = shadow.map { "\($0.slot): \($0.name), until step \($0.end)" }
      view.rewardNames = names
      view.ids = ids
      view.context = context ?? view.context
    }
  }
}
