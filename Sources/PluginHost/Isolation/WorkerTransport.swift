import Components

/// Loads the library into processes of its own, which may crash, hang or leak: the run goes on.
struct WorkerTransport: PluginTransport {
  let policy: IsolationPolicy

  func reward(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any RewardFunction>
  {
    let reward = try RemoteReward(request, policy: policy)
    return LiveComponent(part: reward) { try reward.reconfigure($0) }
  }

  func dataset(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any Dataset> {
    let dataset = try RemoteDataset(request, policy: policy)
    return LiveComponent(part: dataset) { try dataset.reconfigure($0) }
  }

  func strategy(
    _ request: ComponentRequest
  ) throws(PluginError) -> LiveComponent<any MixingStrategy> {
    let strategy = try RemoteStrategy(request, policy: policy)
    return LiveComponent(part: strategy) { try strategy.reconfigure($0) }
  }
}
