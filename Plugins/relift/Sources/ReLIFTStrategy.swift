import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.relift", version: "1.0.0", strategies: [ReLIFTStrategy.self])
    .exported
}

/// ReLIFT: RL at every step, and now and then a step of SFT on what RL could not solve.
///
/// A prompt of which no sample is solved puts its row into a buffer; the rollouts train as always. When the buffer holds M rows,
/// the next step is SFT on the M oldest, each with its own demonstration, in an optimizer slot of its own (slot 1), clipped at
/// 1.0, and without an update where the norm is above a limit. Either way the rows leave the buffer. Default: M 128.
///
/// A row that fails twice before its step is in the buffer twice: so the buffer fills on any dataset, however small.
struct ReLIFTStrategy: Strategy, Stateful, Reconfigurable {
  private var parameters: ReLIFTParameters
  /// Rows that wait, oldest first.
  private var buffer: [UInt64] = []
  /// SFT steps made so far.
  private var sftSteps = 0
  /// How many of the buffer's rows the running step trains; they leave when it ends, so that asking for a plan changes nothing.
  private var training = 0

  /// Optimizer moments of the SFT steps.
  private static let slot = 1

  init(parameters: Parameters) throws { self.parameters = try ReLIFTParameters(parameters) }

  var requirements: StrategyRequirements { [.prompts, .promptDemonstrations] }

  mutating func beginStep(_ context: StepContext) -> StepPlan {
    let size = parameters.bufferSize
    let diagnostics = [
      Diagnostic("buffered", Double(buffer.count)), Diagnostic("sft_steps", Double(sftSteps)),
    ]
    guard buffer.count >= size else {
      training = 0
      return StepPlan(
        .rl,
        reason: "\(buffer.count) of \(size) failed prompts collected: RL",
        diagnostics: diagnostics
      )
    }
    training = size
    return StepPlan(
      .sft,
      learningRateFactor: parameters.learningRateFactor,
      optimizerSlot: Self.slot,
      maxGradNorm: parameters.maxGradNorm,
      skipAboveGradNorm: parameters.skipAboveGradNorm,
      exampleIDs: Array(buffer.prefix(size)),
      exampleSlot: .prompts,
      reason: "\(buffer.count) failed prompts collected: SFT on \(size)",
      diagnostics: diagnostics
    )
  }

  mutating func route(_ request: RouteRequest) -> [PromptRoute]? {
    buffer += request.prompts.filter { !$0.succeeded.contains(true) }.map(\.exampleID)
    return nil
  }

  mutating func endStep(_ report: StepReport) {
    guard training > 0, report.kind == .sft else { return }
    buffer.removeFirst(training)
    training = 0
    sftSteps += 1
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    self.parameters = try ReLIFTParameters(parameters)
  }

  func saveState(to writer: inout StateWriter) {
    writer.write(buffer)
    writer.write(sftSteps)
  }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    guard version == Self.stateVersion else {
      throw PluginFailure(.state, "the state's version \(version) is not known")
    }
    buffer = try reader.readUInt64s()
    sftSteps = try reader.readInt()
    guard sftSteps >= 0 else {
      throw PluginFailure(.state, "the state tells of \(sftSteps) SFT steps")
    }
    training = 0
  }
}

/// What decides how ReLIFT behaves; defaults and ranges are the manifest's.
struct ReLIFTParameters: Equatable {
  var bufferSize: Int
  var maxGradNorm: Double
  var skipAboveGradNorm: Double
  var learningRateFactor: Double

  init(_ parameters: Parameters) throws {
    bufferSize = try parameters.int("buffer_size", default: 128)
    maxGradNorm = try parameters.double("max_grad_norm", default: 1)
    skipAboveGradNorm = try parameters.double("skip_above_grad_norm", default: 100)
    learningRateFactor = try parameters.double("learning_rate_factor", default: 1)
    guard bufferSize >= 1 else {
      throw PluginFailure(.argument, "buffer_size is \(bufferSize); give 1 or more")
    }
  }
}
