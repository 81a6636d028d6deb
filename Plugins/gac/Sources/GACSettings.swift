import StepwisePlugin

/// The parameters, as the manifest declares them.
struct GACSettings {
  /// a.
  let prior: Double
  /// Weight of the newest step in the averages.
  let ema: Double
  /// Bounds of mu.
  let muMin: Double
  let muMax: Double
  /// How far mu moves in a step at most.
  let maxChange: Double

  init(_ parameters: Parameters) throws {
    prior = try parameters.double("prior")
    ema = try parameters.double("ema")
    muMin = try parameters.double("mu_min")
    muMax = try parameters.double("mu_max")
    maxChange = try parameters.double("max_change")
    guard muMin <= muMax else {
      throw PluginFailure(.argument, "mu_min \(muMin) is above mu_max \(muMax)")
    }
  }
}
