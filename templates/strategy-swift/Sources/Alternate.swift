import StepwisePlugin

/// What Stepwise looks up. Id and version are those of plugin.yaml.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "__ID__", version: "0.1.0", strategies: [Alternate.self]).exported
}

/// SFT and GRPO steps in turn, spread evenly, a given share of them SFT.
///
/// Each step adds the share to a credit, and an SFT step costs 1. The credit is the state: a resumed run goes on with it.
struct Alternate: Strategy, Stateful, Reconfigurable {
  private var share: Double
  /// From 0 to 1.
  private var credit = 0.0

  init(parameters: Parameters) throws {
    share = try parameters.double("sft_share", default: 0.25)
  }

  /// The manifest calls the share changeable: it takes effect at the next step, and the credit stays.
  mutating func reconfigure(_ parameters: Parameters) throws {
    share = try parameters.double("sft_share", default: 0.25)
  }

  var requirements: StrategyRequirements { [.demonstrations, .prompts] }

  /// What the step shall be. It changes nothing: only what has happened does.
  func beginStep(_ context: StepContext) -> StepPlan { plan }

  var plan: StepPlan {
    let credit = credit + share
    return StepPlan(
      credit >= 1 ? .sft : .rl,
      reason: credit >= 1 ? "the credit is enough for SFT" : "saving up for SFT",
      diagnostics: [Diagnostic("credit", credit)]
    )
  }

  mutating func endStep(_ report: StepReport) { finish(report.kind) }

  mutating func finish(_ kind: StepKind) {
    credit += share
    if kind == .sft { credit -= 1 }
  }

  func saveState(to writer: inout StateWriter) { writer.write(credit) }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    let credit = try reader.readDouble()
    guard 0...1 ~= credit else { throw PluginFailure(.state, "the credit is out of range") }
    self.credit = credit
  }
}
