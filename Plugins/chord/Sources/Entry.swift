import StepwisePlugin

/// The one exported symbol: one library, two strategies of one paper (CHORD, arXiv 2508.11408).
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(
    id: "org.stepwise.strategy.chord",
    version: "1.0.0",
    strategies: [ChordMu.self, ChordPhi.self]
  ).exported
}
