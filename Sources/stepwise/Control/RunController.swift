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
  /// Who waited for the end of a trial that is begun again.
  var waitingForTrial: ControlDesk.Pending?
  /// What came with a resume, until the journal is caught up with.
  private var deferred: (intervention: Intervention, who: String)?
  /// Requests that wait for the same.
  private var held: [ControlDesk.Pending] = []

  /// Where a replay ends; `nil` for the run's own horizon.
  var end: End?
  /// How much of the journal is still to be done.
  var scripted: Int { script.count }

  /// A record of the journal that is carried out again.
  struct ScriptedIntervention {
    var sequence: Int
    var step: Int
    var intervention: Intervention
    /// The trial that went of itself, for a `drop` that nobody asked for.
    var trial: Int?
  }

  /// The end of a replay.
  struct End {
    var step: Int
    /// Whether what is done before that step is part of it.
    var isAfterBoundary: Bool
  }

  /// - Parameters:
  ///   - steering: on resume, what the control had saved in the checkpoint.
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
    var done: [Int: Int] = [:]
    for index in journal.records.compactMap({ $0["schedule"]?.number }) {
      done[Int(index), default: 0] += 1
    }
    for (index, entry) in loaded.configuration.interventions.enumerated() {
      // A process may have ended between two interventions of one entry.
      for intervention in entry.interventions.dropFirst(done[index] ?? 0) {
        schedule.append((index, entry.step, intervention))
      }
    }
    if let trial = self.steering.trial {
      shadow = try Shadow(trial, controller: self)
      // From here on it is the shadow's own.
      self.steering.trial = nil
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
        let action = record["action"]?.text, let step = record["step"]?.number
      else { return nil }
      if action == "dropped", let trial = record["of"]?.number {
        return ScriptedIntervention(
          sequence: Int(number),
          step: Int(step),
          intervention: .drop,
          trial: Int(trial)
        )
      }
      guard var intervention = try Intervention(action, record) else { return nil }
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
    if let end, step >= end.step, !end.isAfterBoundary { return .stop }
    try enter(trainer)
    if script.isEmpty, let (intervention, who) = deferred {
      deferred = nil
      ask(intervention, trainer, who: who)
    }
    while let index = schedule.firstIndex(where: { $0.step <= step }) {
      let entry = schedule.remove(at: index)
      ask(entry.intervention, trainer, who: "configuration", schedule: entry.index)
    }
    publish(trainer)
    if let end, step >= end.step { return .stop }
    if try serve(trainer) == .stop { return .stop }
    publish(trainer)
    if step < trainer.horizon { planShadow(trainer) }
    return .goOn
  }

  /// What was under way goes on, and what was done before is done again.
  private func enter(_ trainer: Trainer) throws {
    endProbation(trainer)
    try followShadow(trainer)
    advanceRamps(trainer)
    steering.entered = trainer.completedSteps
    repeatAfterRevert(trainer)
    catchUp(trainer)
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

  func saveState() throws -> ControlState {
    var current = steering
    if let shadow {
      // What was scored in the step that was just made is in no other file.
      shadow.compareScores(loaded.configuration.training.grpo, rewards: live.rewards.map(\.part))
      current.trial = try shadow.saved()
    }
    return { [current] in try current.encoded() }
  }

  /// Brings a run that goes on to what the journal says of its boundary, and carries out what came with it. Where the journal says
  /// more of later steps, those are made first.
  ///
  /// - Throws: what is wrong with that: somebody waits for it.
  func begin(_ intervention: Intervention, _ trainer: Trainer, who: String) throws {
    try enter(trainer)
    if let last = script.last {
      deferred = (intervention, who)
      notices.post(
        "\(intervention.text) holds from step \(last.step) on: until then the run does again what was done to it"
      )
      return
    }
    var problem: ControlProblem?
    ask(intervention, trainer, who: who) { problem = $0 }
    if let problem { throw problem }
    publish(trainer)
  }

  /// Does again what the journal says was done up to this boundary.
  private func catchUp(_ trainer: Trainer) {
    while let entry = script.first, entry.step <= trainer.completedSteps {
      script.removeFirst()
      if let trial = entry.trial {
        if let shadow, shadow.sequence == trial { drop(shadow, trainer, why: "as before") }
      } else {
        carryOut(entry.intervention, trainer, sequence: entry.sequence)
      }
    }
  }

  /// Nobody will steer the run from here on: lets go who still waits.
  func close() {
    desk.close()
    let waiting =
      held + (probation?.waiting.map(\.pending) ?? []) + [shadow?.waiting].compactMap { $0 }
    waiting.forEach { $0.answer(ControlDesk.over) }
  }

  // MARK: - Serving

  /// Carries out what other threads asked for, and waits while the run is paused.
  private func serve(_ trainer: Trainer) throws -> BoundaryAnswer {
    var toldPause = false
    while true {
      var requests = desk.take()
      if script.isEmpty {
        requests = held + requests
        held = []
      }
      while !requests.isEmpty {
        let pending = requests.removeFirst()
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
          requests.forEach { $0.answer(ControlDesk.over) }
          return .stop
        default:
          if let last = script.last {
            // The journal's order is the order in which it is done again.
            pending.tell(
              "waits for step \(last.step): until then the run does again what was done to it"
            )
            held.append(pending)
          } else if let intervention = pending.intervention.value {
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
    let (names, ids) = (live.rewards.map(\.plugin.label), live.ids)
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

extension LoadedParts {
  /// The plugins' ids, by slot of the configuration.
  var ids: [String: String] {
    var ids = ["strategy": strategy.plugin.identity.id]
    ids["prompts"] = prompts?.id
    ids["demonstrations"] = demonstrations?.id
    for (index, reward) in rewards.enumerated() {
      ids["rewards.\(index)"] = reward.plugin.identity.id
    }
    return ids
  }
}
