import Components

extension StrategyRequirements {
  /// The names of the bits in manifests and messages, in the order of the bits.
  static let names: [(name: String, value: StrategyRequirements)] = [
    ("kl", .kl),
    ("entropy", .entropy),
    ("gradient_norms", .gradientNorms),
    ("gradient_cosine", .gradientCosine),
    ("prompt_demonstrations", .promptDemonstrations),
    ("reference", .reference),
    ("statistics_pass", .statisticsPass),
    ("probe", .probe),
    ("demonstrations", .demonstrations),
    ("prompts", .prompts),
  ]

  /// Every bit that this host knows.
  static let known = names.reduce(into: StrategyRequirements()) { $0.insert($1.value) }
}
