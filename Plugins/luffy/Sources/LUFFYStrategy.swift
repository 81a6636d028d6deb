import Glibc
import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.luffy", version: "1.0.0", strategies: [LUFFYStrategy.self])
    .exported
}

/// LUFFY: a group has n - 1 rollouts and the row's demonstration as one more member. Advantages are taken over the union. A
/// rollout's tokens have the clipped surrogate; a demonstration's have a shaped ratio and no clip:
///
///     objective of a token   A f(p)      f(p) = p / (p + s)      p = pi(token), s 0.1
///     on grad log p          A p f'(p) = A s p / (p + s)^2
///
/// which is largest at p = s: neither the tokens that the policy is sure of nor those that it finds impossible lead.
struct LUFFYStrategy: Strategy, Reconfigurable {
  private var shaping: Double
  /// `nil`: what the run's rewards say of the demonstration.
  private var reward: Double?

  init(parameters: Parameters) throws {
    shaping = try parameters.double("shaping", default: 0.1)
    reward =
      parameters.value("demonstration_reward") == nil
      ? nil : try parameters.double("demonstration_reward")
    guard shaping > 0 else {
      throw PluginFailure(.argument, "shaping is \(shaping); give a number above 0")
    }
  }

  var requirements: StrategyRequirements { [.prompts, .promptDemonstrations, .statisticsPass] }

  func beginStep(_ context: StepContext) -> StepPlan {
    StepPlan(.rl, groupDemonstrations: 1, reason: "RL with a demonstration in every group")
  }

  func route(_ request: RouteRequest) -> [PromptRoute]? {
    request.prompts.map { _ in
      PromptRoute(demonstration: .groupMember, demonstrationReward: reward)
    }
  }

  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? {
    guard request.scales.count == request.coefficients.count,
      request.klCoefficients.count == request.coefficients.count
    else {
      throw PluginFailure(.unsupported, "this host does not give the scales of tokens: update it")
    }
    var coefficients = request.coefficients
    for (sequence, kind) in request.sequenceKinds.enumerated() where kind == .scoredDemonstration {
      for token in request.sequenceStarts[sequence]..<request.sequenceStarts[sequence + 1] {
        let p = exp(Double(request.logProbs[token]))
        let shaped = shaping * p / ((p + shaping) * (p + shaping))
        let surrogate = -Double(request.advantages[token]) * Double(request.scales[token]) * shaped
        coefficients[token] = Float(surrogate + Double(request.klCoefficients[token]))
      }
    }
    return coefficients
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    self = try Self(parameters: parameters)
  }
}
