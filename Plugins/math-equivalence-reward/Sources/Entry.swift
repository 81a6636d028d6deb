import StepwisePlugin

/// What the host looks up; id and version are those of plugin.yaml.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(
    id: "org.stepwise.reward.math-equivalence",
    version: "1.0.0",
    rewards: [MathEquivalenceReward.self]
  ).exported
}
