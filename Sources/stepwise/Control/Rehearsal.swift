import Components
import Foundation
import PluginHost
import Training

/// Loads a newcomer and tries it in a process of its own first, with what the run has for it at this moment: what crashes, hangs or
/// answers nonsense there never comes near the run.
struct Rehearsal {
  let view: ControlDesk.View
  let services: HostServices
  /// The run's directory, where pinned bytes lie.
  let run: URL?

  /// - Parameters:
  ///   - loaded: the configuration with the newcomer in its slot.
  ///   - slot: the slot as the configuration calls it.
  ///   - pin: the bytes that it must have, if that is known.
  /// - Throws: what is wrong with it.
  func prepare(
    _ loaded: LoadedConfiguration,
    slot: String,
    pin: PluginPins.Pin?
  ) throws -> Newcomer {
    try rehearse(loaded, slot: slot, pin: pin)
    return try load(loaded, slot: slot, pin: pin, services: services)
  }

  /// Loads it as its trust has it.
  func load(
    _ loaded: LoadedConfiguration,
    slot: String,
    pin: PluginPins.Pin?,
    services: HostServices
  ) throws -> Newcomer {
    var pins = PluginPins()
    pins.run = run
    pins.bySlot[slot] = pin
    let loader = PartsLoader(loaded, services: services, pins: pins)
    switch slot {
    case "strategy": return .strategy(try loader.loadStrategy())
    case "prompts", "demonstrations": return .dataset(try loader.loadDataset(slot)!)
    default: return .reward(try loader.loadReward(SlotNames.rewardIndex(slot)))
    }
  }

  /// Loads it in a process of its own, where nothing that it does reaches the run.
  func loadIsolated(
    _ loaded: LoadedConfiguration,
    slot: String,
    pin: PluginPins.Pin? = nil
  ) throws -> Newcomer {
    var isolated = loaded
    switch slot {
    case "strategy": isolated.configuration.strategy?.isolation = .process
    case "prompts": isolated.configuration.prompts?.isolate()
    case "demonstrations": isolated.configuration.demonstrations?.isolate()
    default:
      let index = SlotNames.rewardIndex(slot)
      isolated.configuration.rewards[index].component.isolation = .process
      isolated.configuration.rewards[index].workers = 1
    }
    return try load(isolated, slot: slot, pin: pin, services: services.forRehearsal)
  }

  private func rehearse(_ loaded: LoadedConfiguration, slot: String, pin: PluginPins.Pin?) throws {
    switch try loadIsolated(loaded, slot: slot, pin: pin) {
    case .strategy(let strategy): try rehearse(strategy.part)
    case .dataset(let dataset): try rehearse(dataset.part)
    case .reward(let reward):
      if let batch = view.batch { _ = try reward.part.function.score(batch) }
    }
  }

  private func rehearse(_ strategy: any MixingStrategy) throws {
    guard let context = view.context else { return }
    let plan = try strategy.beginStep(context)
    guard plan.sftWeight.isFinite, plan.rlWeight.isFinite, plan.learningRateFactor.isFinite else {
      throw ControlProblem(
        "\(strategy.identity.id) plans with weights that are not finite",
        cure: "Run `stepwise plugin check` on it."
      )
    }
    if let report = context.history.last { try strategy.endStep(report) }
    _ = try strategy.saveState()
  }

  private func rehearse(_ dataset: any Dataset) throws {
    let rows = try dataset.examples(in: 0..<min(8, dataset.count ?? 8))
    if rows.isEmpty {
      throw ControlProblem("\(dataset.identity.id) has no rows", cure: "Give one with rows.")
    }
  }
}

extension DatasetConfiguration {
  fileprivate mutating func isolate() {
    for index in sources.indices { sources[index].component.isolation = .process }
  }
}

extension HostServices {
  /// For a plugin that is only tried: its messages and numbers are no part of the run, and the run's models are busy meanwhile.
  fileprivate var forRehearsal: HostServices {
    var services = self
    services.log = { _, _, _ in }
    services.metric = { _, _, _ in }
    services.logProbabilities = { _, _, ids in ids.map { _ in -1 } }
    return services
  }
}
