import Components

/// Runs a component of a Python plugin in an interpreter of its own: whatever it does, only its interpreter ends.
struct PythonTransport: PluginTransport {
  let module: PluginManifest.PythonModule

  func reward(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any RewardFunction>
  {
    let reward = try PythonReward(request, module)
    return LiveComponent(part: reward) { try reward.reconfigure($0) }
  }

  func dataset(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any Dataset> {
    let dataset = try PythonDataset(try PythonSession(request, module))
    return LiveComponent(part: dataset) { try dataset.session.reconfigure($0) }
  }

  func strategy(
    _ request: ComponentRequest
  ) throws(PluginError) -> LiveComponent<any MixingStrategy> {
    let strategy = try PythonStrategy(try PythonSession(request, module))
    return LiveComponent(part: strategy) { try strategy.session.reconfigure($0) }
  }
}
