import Components
import Training

/// Reads what a reward's table says of its place among the others.
enum RewardPlaceReader {
  /// `{reward: format, at_least: 1.0, otherwise: 0}`; `below` in place of `at_least`, or beside it.
  static func gate(
    _ value: LocatedValue,
    path: String
  ) throws(ConfigurationError) -> RewardGate {
    guard case .table(let entries) = value.content else {
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: "\(value.plain.shown) (\(value.plain.typeName)) is not a gate",
        cure: "Write {reward: NAME, at_least: 1.0}, with the name of another reward"
      )
    }
    var gate = RewardGate(reward: "")
    for entry in entries {
      let place = "\(path).\(entry.key)"
      switch entry.key {
      case "reward":
        gate.reward = try ComponentReader.decode(.text("the name of another reward"), entry, place)
      case "at_least": gate.atLeast = try ComponentReader.decode(.real, entry, place)
      case "below": gate.below = try ComponentReader.decode(.real, entry, place)
      case "otherwise": gate.otherwise = try ComponentReader.decode(.real, entry, place)
      default:
        let near = nearestName(to: entry.key, among: RewardConfiguration.gateKeys)
        throw ConfigurationError(
          entry.keyOrigin,
          key: place,
          problem: "unknown key",
          cure: near.map { "Did you mean \($0)?" }
            ?? "A gate has \(RewardConfiguration.gateKeys.joined(separator: ", "))"
        )
      }
    }
    let hasBound = gate.atLeast != nil || gate.below != nil
    let missing = gate.reward.isEmpty ? "reward" : hasBound ? nil : "at_least"
    guard let missing else {
      guard let low = gate.atLeast, let high = gate.below, low >= high else { return gate }
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: "at_least \(low) is not below \(high), so that the gate never opens",
        cure: "Set at_least below `below`, or leave one of them out"
      )
    }
    throw ConfigurationError(
      value.origin,
      key: "\(path).\(missing)",
      problem: "is missing",
      cure: missing == "reward"
        ? "Name another reward of the list"
        : "Set the score from which the gate is open (or `below`: up to which)"
    )
  }

  /// `[low, high]`.
  static func clip(
    _ value: LocatedValue,
    path: String
  ) throws(ConfigurationError) -> ClosedRange<Double> {
    var bounds: [Double] = []
    if case .array(let values) = value.plain {
      bounds = values.compactMap { value in
        do throws(KeyRefusal) { return try KeyType<Double>.real.decode(value) } catch { return nil }
      }
      if bounds.count != values.count { bounds = [] }
    }
    guard bounds.count == 2, bounds[0] <= bounds[1] else {
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: "\(value.plain.shown) is not two numbers, the lower one first",
        cure: "Write [LOW, HIGH], for example [0, 1]"
      )
    }
    return bounds[0]...bounds[1]
  }
}
