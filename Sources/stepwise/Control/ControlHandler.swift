import Components
import Foundation
import PluginHost
import RunControl
import RunStore
import Training

/// Answers requests of the control socket, each on its connection's thread.
final class ControlHandler: Sendable {
  private let desk: ControlDesk
  private let journal: Journal
  private let services: HostServices
  private let run: URL
  private let horizon: Int

  init(_ controller: RunController, horizon: Int) {
    desk = controller.desk
    journal = controller.journal
    services = controller.services
    run = controller.run.url
    self.horizon = horizon
  }

  func answer(_ request: ControlRequest, progress: (String) -> Void) -> ControlAnswer {
    let who = Self.name(request)
    do {
      switch request.command {
      case "status": return status()
      case "history": return history()
      case "pause": return pause(true, who: who)
      case "resume": return pause(false, who: who)
      case "stop", "checkpoint":
        let pending = ControlDesk.Pending(request.command, who: who)
        desk.post(pending)
        // A paused run that is told to stop must wake up for it.
        return pending.wait(progress)
      default:
        guard let intervention = try Intervention(request.command, request.record),
          request.command != "shadow", request.command != "configure"
        else {
          let commands = [
            "status", "pause", "resume", "stop", "checkpoint", "swap", "set", "rollback", "drop",
            "history",
          ]
          let near = nearestName(to: request.command, among: commands)
          return .refused(
            "there is no command \(request.command)",
            cure: near.map { "Did you mean \($0)?" }
              ?? "Commands are \(commands.joined(separator: ", "))."
          )
        }
        return intervene(
          located(intervention, request),
          who: who,
          directory: request.record["directory"]?.text,
          progress: progress
        )
      }
    } catch {
      let problem = ControlProblem(error)
      return .refused(problem.problem, cure: problem.cure)
    }
  }

  /// Who asks, as the journal names them.
  private static func name(_ request: ControlRequest) -> String {
    guard let peer = request.peer else { return "ctl" }
    return "ctl \(peer.name) (uid \(peer.user), pid \(peer.process))"
  }

  /// Paths are those of who asks.
  private func located(
    _ intervention: Intervention,
    _ request: ControlRequest
  ) -> Intervention {
    guard case .swap(var swap) = intervention, let directory = request.record["directory"]?.text,
      swap.component.plugin.contains("/"), !swap.component.plugin.hasPrefix("/")
    else { return intervention }
    swap.component.plugin =
      URL(filePath: directory, directoryHint: .isDirectory)
      .appending(path: swap.component.plugin).standardizedFileURL.path
    return .swap(swap)
  }

  // MARK: - Interventions

  private func intervene(
    _ intervention: Intervention,
    who: String,
    directory: String?,
    progress: (String) -> Void
  ) -> ControlAnswer {
    var newcomer: Newcomer?
    if case .swap(let swap) = intervention {
      let view = desk.view
      do {
        let change = ConfigurationChange(
          loaded: view.loaded,
          rewardNames: view.rewardNames,
          ids: view.ids
        )
        var (target, slot) = try change.swapped(swap)
        // Relative paths among the parameters start where who asks is.
        if let directory { target.file = "\(directory)/ctl" }
        progress("trying \(swap.component.plugin) in a process of its own")
        newcomer = try Rehearsal(view: view, services: services, run: run)
          .prepare(target, slot: slot, pin: nil)
      } catch {
        let problem = ControlProblem(error)
        refuse(intervention, problem, who: who)
        return .refused(problem.problem, cure: problem.cure)
      }
    }
    let pending = ControlDesk.Pending(
      intervention.action,
      intervention,
      newcomer: newcomer,
      who: who
    )
    desk.post(pending)
    return pending.wait(progress)
  }

  private func refuse(_ intervention: Intervention, _ problem: ControlProblem, who: String) {
    let step = desk.view.context?.step ?? 0
    let record = intervention.record(step: step, who: who, refused: problem)
    // A journal that cannot be written is no reason to hide the problem itself.
    _ = try? journal.append(record)
  }

  private func pause(_ value: Bool, who: String) -> ControlAnswer {
    let step = desk.view.context?.step ?? 0
    guard desk.isPaused != value else {
      return .refused(
        value ? "the run is paused already" : "the run is not paused",
        cure: value ? "Let it go on: `stepwise ctl RUN resume`." : "There is nothing to do."
      )
    }
    let record: Record = [
      "step": .int(Int64(step)), "by": .string(who), "action": .string(value ? "pause" : "resume"),
      "outcome": "done",
    ]
    _ = try? journal.append(record)
    desk.pause(value)
    return .done(
      [value ? "the run pauses before its next step" : "the run goes on"],
      ["step": .int(Int64(step)), "paused": .bool(value)]
    )
  }

  // MARK: - Looking

  private func status() -> ControlAnswer {
    let view = desk.view
    let step = view.context?.step ?? 0
    let configuration = view.loaded.configuration
    let horizon = configuration.training.maxSteps >= 0 ? configuration.training.maxSteps : horizon
    let state = desk.isPaused ? "paused" : "running"
    var lines = ["\(state), step \(step) of \(horizon)"]
    var fields: Record = [
      "state": .string(state), "step": .int(Int64(step)), "horizon": .int(Int64(horizon)),
    ]
    for (slot, id) in view.ids.sorted(by: { $0.key < $1.key }) {
      let name =
        slot.hasPrefix("rewards.")
        ? "rewards/\(view.rewardNames[SlotNames.rewardIndex(slot)])" : slot
      let version = view.steering.pins[slot].map {
        " \($0.version), sha256 \($0.digest.prefix(12))"
      }
      lines.append("\(name): \(id)\(version ?? "")")
      fields[name] = .string(id)
    }
    if let report = view.context?.history.last(where: { $0.kind != .measure }) {
      lines.append(
        "last step: \(report.kind.name), gradient norm \(NumberText.short(report.gradNorm)), learning rate "
          + NumberText.scientific(report.learningRate)
      )
      fields["kind"] = .string(report.kind.name)
      fields["grad_norm"] = .double(report.gradNorm)
      fields["learning_rate"] = .double(report.learningRate)
    }
    if let evaluation = view.context?.history.last?.evaluation {
      lines.append("held-out accuracy \(NumberText.fixed(evaluation.accuracy, 3))")
      fields["accuracy"] = .double(evaluation.accuracy)
    }
    for ramp in view.steering.ramps {
      lines.append(
        "under way: \(ramp.key) from \(ramp.from) to \(ramp.to), until step \(ramp.start + ramp.steps)"
      )
    }
    if let trial = view.trial { lines.append("tried alongside: \(trial)") }
    if let undo = view.steering.undo.last { lines.append("a rollback would undo: \(undo.text)") }
    return .done(lines, fields)
  }

  private func history() -> ControlAnswer {
    .done([], ["records": .array(journal.records.map { .object($0.fields) })])
  }
}
