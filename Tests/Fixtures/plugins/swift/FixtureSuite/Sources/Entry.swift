import StepwisePlugin

/// One plugin with several components of each kind, for the tests of SDK and host.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(
    id: "org.stepwise.fixture.suite",
    version: "1.2.3",
    rewards: [
      LengthReward.self, CompareReward.self, ServicesReward.self, ParametersReward.self,
    ],
    datasets: [SquaresDataset.self, CounterDataset.self],
    strategies: [AlternateStrategy.self, EchoStrategy.self]
  ).exported
}
