import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(
    id: "org.stepwise.strategy.hints",
    version: "1.0.0",
    strategies: [UFTStrategy.self, PrefixRFTStrategy.self, TRAPOStrategy.self]
  ).exported
}
