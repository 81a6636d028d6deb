import StepwisePlugin

/// What the host looks up; id and version are those of plugin.yaml.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(
    id: "org.stepwise.dataset.knights-and-knaves",
    version: "1.1.0",
    datasets: [KnightsAndKnavesDataset.self, RecordsDataset.self]
  ).exported
}
