import StepwisePlugin

/// What both strategies do with a prompt once it is known whether it failed: a failed one loses its rollouts and is trained by
/// SFT on its demonstration, any other keeps them and is trained by RL alone.
///
///     L = L_RL + c L_SFT              parts     each the token mean over what remains of it
///     L = s L_RL + (1 - s) c L_SFT    prompts   with s the share of prompts that keep their rollouts
///
/// The loss of a part is divided by that part's own tokens in the whole step, so a dropped rollout counts nowhere.
struct PromptGate: Equatable {
  /// How the parts are weighed against each other.
  enum Normaliser: String, CaseIterable {
    /// Not at all: one failed prompt's demonstration has the weight of all other prompts' rollouts.
    case parts
    /// By their shares of the prompts, as in a mean over prompts.
    case prompts
  }

  let coefficient: Double
  let normaliser: Normaliser

  init(_ parameters: Parameters) throws {
    coefficient = try parameters.double("sft_coefficient", default: 1)
    normaliser = try parameters.choice("normaliser", default: Normaliser.parts)
    guard coefficient.isFinite, coefficient >= 0 else {
      throw PluginFailure(.argument, "sft_coefficient is \(coefficient); give 0 or more")
    }
  }

  /// Rollouts are needed before anything can be decided. The coefficient weighs whatever `routes` sends to SFT.
  func plan(_ reason: String) -> StepPlan {
    StepPlan(.rl, sftWeight: coefficient, reason: reason)
  }

  func routes(failed: [Bool]) -> [PromptRoute] {
    let share = Self.share(of: failed)
    return failed.map { failed in
      let weight = normaliser == .parts ? 1 : failed ? share : 1 - share
      return failed
        ? PromptRoute(keepRollouts: false, demonstration: .sft, weight: weight)
        : PromptRoute(weight: weight)
    }
  }

  /// The share of prompts that failed.
  static func share(of failed: [Bool]) -> Double {
    Double(failed.count { $0 }) / Double(max(failed.count, 1))
  }
}
