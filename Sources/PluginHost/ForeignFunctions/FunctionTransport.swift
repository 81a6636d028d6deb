import Components

/// Calls a trusted C function of a library as a reward, in this process.
///
/// Nothing in a library says what types its functions have: a wrong `function` section corrupts memory or ends the process. So
/// the first batch is scored in a process of its own, with guard pages behind what is passed by pointer, and those after it are
/// scored here. A function that is not trusted stays there.
struct FunctionTransport: PluginTransport {
  /// Scores the first batch.
  let probe: any PluginTransport

  func reward(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any RewardFunction>
  {
    let reward = try ProbedReward(request, probe: probe)
    return LiveComponent(part: reward) { try reward.reconfigure($0) }
  }

  func dataset(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any Dataset> {
    throw onlyRewards(request)
  }

  func strategy(
    _ request: ComponentRequest
  ) throws(PluginError) -> LiveComponent<any MixingStrategy> {
    throw onlyRewards(request)
  }

  /// The manifest's reader refuses it before.
  private func onlyRewards(_ request: ComponentRequest) -> PluginError {
    request.error(
      .manifest,
      "a C function is a reward, not a \(request.component.kind.rawValue)",
      cure: "write kinds: [reward]"
    )
  }
}
