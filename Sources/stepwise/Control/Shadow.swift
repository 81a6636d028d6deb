import Components
import Foundation
import PluginHost
import RunControl
import RunStore
import Training

/// A newcomer that plans or scores alongside the run, at weight 0.
final class Shadow {
  let swap: Intervention.Swap
  /// The slot as the configuration calls it.
  let slot: String
  let newcomer: Newcomer
  /// The step before which the trial ends.
  let end: Int
  /// Its record in the journal; 0 until that is written.
  var sequence = 0
  /// Who waits for the end.
  var waiting: ControlDesk.Pending?
  var comparison = ShadowComparison()
  /// What it planned for the step that runs now.
  private(set) var plan: StepKind?
  /// The step up to which it was told how steps went.
  private(set) var followed: Int
  /// Why it is out of the running.
  private(set) var failure: String?
  /// Scores of the step that runs now: by the run's rewards, `[reward][item]`, and by the newcomer, with the items' rows.
  private var scores: [[Double?]] = []
  private var ownScores: [Double?] = []
  private var rows: [UInt64] = []

  /// Begins a trial.
  init(_ swap: Intervention.Swap, slot: String, newcomer: Newcomer, step: Int) throws {
    if case .dataset = newcomer {
      throw ControlProblem(
        "a dataset cannot be tried alongside",
        cure: "Leave --shadow out, or branch: `stepwise runs branch RUN --at STEP`."
      )
    }
    self.swap = swap
    self.slot = slot
    self.newcomer = newcomer
    newcomer.gate.isOpen = false
    end = step + swap.shadow
    followed = step
  }

  /// Goes on with a trial that a checkpoint holds.
  convenience init(_ trial: Steering.Trial, controller: RunController) throws {
    let record = try Record(json: trial.request)
    guard case .swap(let swap)? = try Intervention("shadow", record) else {
      throw ControlProblem(
        "the checkpoint's trial of a newcomer cannot be read",
        cure: "Resume from an earlier checkpoint."
      )
    }
    let change = ConfigurationChange(
      loaded: controller.loaded,
      rewardNames: controller.live.rewards.map(\.plugin.label),
      ids: [:]
    )
    let (target, slot) = try change.swapped(swap.withoutReload)
    let newcomer = try controller.load(target, slot: slot, pin: swap.pin)
    try self.init(swap, slot: slot, newcomer: newcomer, step: trial.end - swap.shadow)
    sequence = trial.sequence
    try goBack(to: trial)
  }

  /// As it was when that was saved.
  func goBack(to trial: Steering.Trial) throws {
    comparison = trial.comparison
    followed = trial.followed
    plan = trial.plan.flatMap(StepKind.init(rawValue:))
    failure = trial.failure
    (scores, ownScores, rows) = ([], [], [])
    if case .strategy(let slot) = newcomer, let state = trial.state, !state.isEmpty {
      try slot.part.loadState([UInt8](state))
    }
  }

  var name: String { newcomer.plugin.identity.id }

  /// For a checkpoint.
  func saved() throws -> Steering.Trial {
    var state: Data?
    if case .strategy(let slot) = newcomer, failure == nil {
      state = Data(try slot.part.saveState())
    }
    return Steering.Trial(
      sequence: sequence,
      request: Data(Record(Intervention.swap(swap).fields).json.utf8),
      slot: slot,
      end: end,
      followed: followed,
      plan: plan?.rawValue,
      failure: failure,
      state: state,
      comparison: comparison
    )
  }

  // MARK: - A strategy

  /// Asks what it would do next.
  func planNext(_ context: StepContext) {
    guard case .strategy(let slot) = newcomer, failure == nil else { return }
    do {
      plan = try slot.part.beginStep(context).kind
    } catch {
      failure = ControlProblem(error).problem
    }
  }

  /// Tells it how a step went, and compares.
  func follow(_ reports: [StepReport], through step: Int) {
    defer { followed = step }
    guard case .strategy(let slot) = newcomer, failure == nil else { return }
    do {
      for report in reports where report.step >= followed {
        if report.kind != .measure, let plan {
          comparison.addPlan(carriedOut: report.kind, planned: plan)
          self.plan = nil
        }
        try slot.part.endStep(report)
      }
    } catch {
      failure = ControlProblem(error).problem
    }
  }

  // MARK: - A reward

  /// Scores what the run's rewards scored.
  func score(_ batch: RewardBatch, _ scores: [[Double?]], rewards: [WeightedReward]) {
    guard case .reward(let slot) = newcomer, failure == nil else { return }
    do {
      let own = try slot.part.function.score(batch)
      ownScores += own.map { if case .score(let value) = $0 { value } else { nil } }
    } catch {
      failure = ControlProblem(error).problem
      return
    }
    if self.scores.isEmpty {
      self.scores = scores
    } else {
      for index in self.scores.indices { self.scores[index] += scores[index] }
    }
    rows += batch.items.map(\.example.id)
  }

  /// Compares advantages over what was scored in a step.
  func compareScores(_ grpo: GRPOConfiguration, rewards: [WeightedReward]) {
    guard case .reward(let newcomer) = newcomer, !rows.isEmpty else { return }
    defer { (scores, ownScores, rows) = ([], [], []) }
    let index = SlotNames.rewardIndex(slot)
    var changed = (rewards: rewards, scores: scores)
    if swap.slot == "rewards" {
      changed = ([newcomer.part], [ownScores])
    } else if index < rewards.count {
      // It would have the place of the one before: its weight, gate and bounds.
      changed.rewards[index].function = newcomer.part.function
      changed.scores[index] = ownScores
    } else {
      changed.rewards.append(newcomer.part)
      changed.scores.append(ownScores)
    }
    var groups: [UInt64: Int] = [:]
    let group = rows.map { row in
      if let known = groups[row] { return known }
      groups[row] = groups.count
      return groups.count - 1
    }
    func advantages(_ rewards: [WeightedReward], _ scores: [[Double?]]) throws -> Advantages {
      let composition = try RewardComposition(rewards)
      return try AdvantageEstimator(
        scaling: grpo.scaleRewards,
        aggregation: grpo.multiObjectiveAggregation,
        weights: composition.weights
      ).estimate(scores: composition.contributions(scores), groups: group)
    }
    guard let before = try? advantages(rewards, scores),
      let after = try? advantages(changed.rewards, changed.scores)
    else { return }
    for item in rows.indices {
      comparison.addAdvantage(before.values[item], after.values[item])
      if let one = before.totals[item], let other = after.totals[item] {
        comparison.scores.add(one, other)
      }
      if ownScores[item] == nil { comparison.abstained += 1 }
    }
  }
}

extension Intervention.Swap {
  /// The same as it is once parameters and bytes are known.
  var withoutReload: Intervention.Swap {
    var swap = self
    swap.isReload = false
    return swap
  }
}

extension RunController {
  /// Begins a trial.
  func begin(_ shadow: Shadow, _ trainer: Trainer) throws {
    guard self.shadow == nil else {
      throw ControlProblem(
        "\(self.shadow!.name) is being tried already, until step \(self.shadow!.end)",
        cure: "Wait for it, or end it: `stepwise ctl RUN drop`."
      )
    }
    if case .strategy(let slot) = shadow.newcomer {
      var parts = live.parts
      parts.strategy = slot.part
      try parts.check()
    }
    self.shadow = shadow
  }

  /// Asks the newcomer what it would do.
  func planShadow(_ trainer: Trainer) {
    shadow?.planNext(trainer.nextContext)
  }

  /// Tells the newcomer how the last step went; at the end of its trial it takes the slot, or goes.
  func followShadow(_ trainer: Trainer) throws {
    guard let shadow else { return }
    let step = trainer.completedSteps
    if step > shadow.followed {
      shadow.follow(trainer.history, through: step)
      shadow.compareScores(loaded.configuration.training.grpo, rewards: live.rewards.map(\.part))
      shadow.waiting?.tell("step \(step), \(shadow.end - step) to go")
    }
    if let failure = shadow.failure {
      drop(shadow, trainer, why: failure)
      return
    }
    guard step >= shadow.end else { return }
    if shadow.swap.ending == .drop {
      drop(shadow, trainer, why: "its trial is over")
    } else {
      commit(shadow, trainer)
    }
  }

  /// The newcomer takes its slot. What the journal says of it follows from the record of its beginning, so that this one is for
  /// people.
  private func commit(_ shadow: Shadow, _ trainer: Trainer) {
    self.shadow = nil
    let lines = shadow.comparison.lines(of: shadow.name)
    do {
      let moment = try trainer.moment()
      let before = (steering: steering, loaded: loaded, live: live)
      do {
        let (target, slot) = try configurationChange.swapped(shadow.swap.withoutReload)
        try beginProbation(trainer)
        remember(Intervention.swap(shadow.swap).text, state: true)
        try exchange(target, slot: slot, newcomer: shadow.newcomer, trainer, keepsState: false)
        shadow.newcomer.gate.isOpen = true
        probation?.done.append(
          Probation.Entry(.swap(shadow.swap), shadow.sequence, isNewcomer: true)
        )
      } catch {
        (steering, loaded, live) = before
        try trainer.goBack(to: moment)
        throw error
      }
      tell(
        shadow,
        trainer,
        "commit",
        lines + ["\(shadow.name) takes its place before step \(trainer.completedSteps)"]
      )
    } catch {
      drop(shadow, trainer, why: ControlProblem(error).problem)
    }
  }

  /// The newcomer goes.
  func drop(_ shadow: Shadow, _ trainer: Trainer, why: String) {
    self.shadow = nil
    tell(
      shadow,
      trainer,
      "dropped",
      shadow.comparison.lines(of: shadow.name) + ["\(shadow.name) goes: \(why)"]
    )
  }

  private func tell(_ shadow: Shadow, _ trainer: Trainer, _ action: String, _ lines: [String]) {
    let record: Record = [
      "step": .int(Int64(trainer.completedSteps)), "by": "stepwise", "action": .string(action),
      "of": .int(Int64(shadow.sequence)), "slot": .string(shadow.swap.slot),
      "text": .string(lines.joined(separator: "; ")), "comparison": shadow.comparison.record,
      "outcome": "done",
    ]
    // Steps that are done again end the trial again; its end is in the journal already.
    let isKnown = journal.records.contains {
      $0["action"]?.text == action && $0["of"]?.number == Double(shadow.sequence)
    }
    if !isKnown {
      do { try journal.append(record) } catch { notices.post("\(error)") }
    }
    lines.forEach(notices.post)
    shadow.waiting?.answer(.done(lines, ["comparison": shadow.comparison.record]))
  }
}
