import Components
import Synchronization

/// A trusted C function: its first batch is scored in a process of its own, whose end would tell that the manifest is wrong about
/// its types; only then is the library loaded into this process.
///
/// Unchecked because what changes is behind a lock.
final class ProbedReward: RewardFunction, @unchecked Sendable {
  let identity: ComponentIdentity
  let description: RewardDescription
  let isReproducible: Bool
  private let state: Mutex<State>

  /// Unchecked because the lock around it is the only way to what it holds.
  private enum State: @unchecked Sendable {
    /// Nothing was scored yet. The request has the parameters that hold now.
    case probing(LiveComponent<any RewardFunction>, ComponentRequest)
    /// The function has kept to its types, and runs here.
    case trusted(FunctionReward)
  }

  init(_ request: ComponentRequest, probe: any PluginTransport) throws(PluginError) {
    var isolated = request
    isolated.isolation = .process
    let live = try probe.reward(isolated)
    identity = live.part.identity
    description = live.part.description
    isReproducible = live.part.isReproducible
    state = Mutex(.probing(live, request))
  }

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    // Batches that arrive during the probe wait for it.
    let reward = try state.withLock { state -> Result<FunctionReward, Probed> in
      switch state {
      case .trusted(let reward): return .success(reward)
      case .probing(let live, let request):
        let outcomes = try live.part.score(batch)
        // A call that no item reached proves nothing.
        if outcomes.contains(where: { $0 != .abstained }) {
          state = .trusted(try FunctionReward(request, isGuarded: false))
        }
        return .failure(Probed(outcomes: outcomes))
      }
    }
    switch reward {
    case .success(let reward): return try reward.score(batch)
    case .failure(let probed): return probed.outcomes
    }
  }

  /// The outcomes of a batch that the probe scored.
  private struct Probed: Error {
    var outcomes: [RewardOutcome]
  }

  /// Gives it other values for changeable parameters.
  func reconfigure(_ changes: ParameterValue) throws {
    try state.withLock { state in
      switch state {
      case .trusted(let reward): try reward.reconfigure(changes)
      case .probing(let live, var request):
        let complete = try request.changing(request.plugin.parameters, by: changes)
        try live.reconfigure(changes)
        request.plugin.parameters = complete
        state = .probing(live, request)
      }
    }
  }
}
