import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.sasr", version: "1.0.0", strategies: [SASRStrategy.self])
    .exported
}

/// SASR (arXiv 2505.13026): warm-up by SFT, then each step is SFT or GRPO by a draw whose odds follow gradient norm and
/// divergence. The rule is `SASRController`; this is its connection to the host.
struct SASRStrategy: Strategy, Stateful, Reconfigurable {
  private var controller: SASRController
  private var host: Host?
  private var hasWarned = false

  /// Which of the step's uniform draws is which. A measurement of the probe draws nothing, so it shifts no decision.
  private enum Draw { static let decision: UInt64 = 0 }

  init(parameters: Parameters) throws {
    controller = SASRController(parameters: try SASRParameters(parameters))
  }

  mutating func start(_ host: Host) throws { self.host = host }

  var requirements: StrategyRequirements {
    var needs: StrategyRequirements = [.demonstrations, .prompts]
    if controller.parameters.needsProbe { needs.insert(.probe) }
    if controller.parameters.needsKL { needs.formUnion([.kl, .reference]) }
    return needs
  }

  mutating func beginStep(_ context: StepContext) throws -> StepPlan {
    let parameters = controller.parameters
    controller.adopt(
      ownNorms: context.history.compactMap { $0.kind == .sft ? $0.sft?.gradNorm : nil }
    )
    warn(context)
    let decision = try controller.decide(
      step: context.step,
      measurements: context.measurements,
      draw: context.uniform(Draw.decision)
    )
    let kind: StepKind =
      switch decision.action {
      case .sft: .sft
      case .rl: .rl
      case .measure: .measure
      }
    return StepPlan(
      kind,
      learningRateFactor: decision.learningRateFactor,
      optimizerSlot: kind == .rl && parameters.optimizerSlots == .separate ? 1 : 0,
      snapshotReference: decision.snapshotsReference,
      reason: decision.reason,
      diagnostics: decision.numbers.map(diagnostics) ?? []
    )
  }

  mutating func advantages(_ request: AdvantageRequest) throws -> [Double]? {
    guard controller.parameters.advantageSplit == .median else { return nil }
    return medianSplit(rewards: request.rewards, groups: request.group)
  }

  mutating func endStep(_ report: StepReport) throws {
    if let probe = report.probe {
      try controller.observeProbe(step: report.step, norm: probe.gradNorm, nll: probe.nll)
    } else if let rl = report.rl {
      controller.observeRL(step: report.step, kl: rl.kl)
    } else if let sft = report.sft {
      try controller.observeSFT(step: report.step, norm: sft.gradNorm)
    }
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    controller.parameters = try SASRParameters(parameters)
  }

  private func diagnostics(_ numbers: SASRController.Numbers) -> [Diagnostic] {
    var diagnostics = [
      Diagnostic("p_t", numbers.probability), Diagnostic("draw", numbers.draw),
      Diagnostic("G", numbers.norm), Diagnostic("G_warmup", numbers.warmupNorm),
      Diagnostic("r", numbers.ratio),
    ]
    if let divergence = numbers.divergence { diagnostics.append(Diagnostic("D", divergence)) }
    return diagnostics
  }

  /// Tells once of a run that cannot do what its configuration seems to want.
  private mutating func warn(_ context: StepContext) {
    guard !hasWarned else { return }
    var warning: String?
    if controller.parameters.warmupSteps >= context.horizon {
      warning =
        "warmup_steps \(controller.parameters.warmupSteps) leaves nothing of the run's "
        + "\(context.horizon) steps to mix: lower it"
    } else if controller.isStuck {
      warning =
        "the last SFT gradient norm was so small that SFT has practically ended: set p_min or "
        + "refresh_every above 0"
    }
    guard let warning else { return }
    hasWarned = true
    host?.log(warning, level: .warning)
  }
}

extension SASRStrategy {
  func saveState(to writer: inout StateWriter) throws {
    let state = controller.state
    writer.write(state.warmupNorm)
    writer.write(state.norm)
    writer.write(state.ownNorm)
    writer.write(state.ownNormCount)
    writer.write(state.ownNormScale)
    for probe in [state.firstProbe, state.lastProbe] {
      writer.write(probe?.norm)
      writer.write(probe?.nll)
    }
    writer.write(state.lastProbeStep)
    writer.write(state.kl.first)
    writer.write(state.kl.average)
    writer.write(state.kl.start)
    writer.write(state.kl.refusedInRow)
    writer.write(state.kl.refused)
    writer.write(state.mixing)
    writer.write(state.sftSteps)
    writer.write(state.rlSteps)
    writer.write(state.probes)
  }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    func probe(_ reader: inout StateReader) throws -> SASRState.Probe? {
      let (norm, nll) = (try reader.readOptionalDouble(), try reader.readOptionalDouble())
      guard let norm, let nll else {
        guard norm == nil, nll == nil else {
          throw PluginFailure(.state, "the state has half a measurement of the probe")
        }
        return nil
      }
      return SASRState.Probe(norm: norm, nll: nll)
    }
    var state = SASRState()
    state.warmupNorm = try reader.readOptionalDouble()
    state.norm = try reader.readOptionalDouble()
    state.ownNorm = try reader.readOptionalDouble()
    state.ownNormCount = try reader.readInt()
    state.ownNormScale = try reader.readDouble()
    state.firstProbe = try probe(&reader)
    state.lastProbe = try probe(&reader)
    state.lastProbeStep = try reader.readInt()
    state.kl.first = try reader.readDoubles()
    state.kl.average = try reader.readOptionalDouble()
    state.kl.start = try reader.readOptionalDouble()
    state.kl.refusedInRow = try reader.readInt()
    state.kl.refused = try reader.readInt()
    state.mixing = try reader.readBool()
    state.sftSteps = try reader.readInt()
    state.rlSteps = try reader.readInt()
    state.probes = try reader.readInt()
    guard state.isPlausible else {
      throw PluginFailure(.state, "the state has numbers that no run of SASR can have")
    }
    controller.state = state
  }
}

extension SASRParameters {
  /// Reads the parameters as the manifest declares them.
  init(_ parameters: Parameters) throws {
    self.init()
    warmupSteps = try parameters.int("warmup_steps", default: warmupSteps)
    gamma = try parameters.double("gamma", default: gamma)
    w = try parameters.double("w", default: w)
    divergence = try parameters.choice("divergence", default: divergence)
    divergenceTarget = try parameters.double("divergence_target", default: divergenceTarget)
    norm = try parameters.choice("norm", default: norm)
    refreshEvery = try parameters.int("refresh_every", default: refreshEvery)
    ema = try parameters.double("ema", default: ema)
    pMin = try parameters.double("p_min", default: pMin)
    pMax = try parameters.double("p_max", default: pMax)
    reference = try parameters.choice("reference", default: reference)
    advantageSplit = try parameters.choice("advantage_split", default: advantageSplit)
    warmupLearningRateFactor = try parameters.double(
      "warmup_learning_rate_factor",
      default: warmupLearningRateFactor
    )
    warmupDecay = try parameters.choice("warmup_decay", default: warmupDecay)
    optimizerSlots = try parameters.choice("optimizer_slots", default: optimizerSlots)
    do {
      try check()
    } catch {
      throw PluginFailure(.argument, error.description)
    }
  }
}
