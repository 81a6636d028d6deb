import StepwisePlugin

/// What the host looks up; ids and version are those of plugin.yaml.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(
    id: "org.stepwise.rewards.text",
    version: "1.0.0",
    rewards: [
      FormatReward.self, LengthReward.self, RepetitionReward.self, RegexReward.self,
      ChoiceReward.self, JSONSchemaReward.self,
    ]
  ).exported
}
