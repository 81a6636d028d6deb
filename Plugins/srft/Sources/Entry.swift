import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.srft", version: "1.0.0", strategies: [SRFT.self]).exported
}
