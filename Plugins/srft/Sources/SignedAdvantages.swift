import StepwisePlugin

/// Advantages from rewards of +1 and -1: a rollout's is its reward, a demonstration's is its reward of +1 as a z-score of its group.
///
/// - Parameters:
///   - request: rollouts and demonstrations. A rollout on which every reward abstained has advantage 0 and no part in a z-score.
///   - solved: whether each rollout counts as solved, in the request's order, demonstrations left out.
func signedAdvantages(_ request: AdvantageRequest, solved: [Bool]) -> [Double] {
  var rollouts = solved.makeIterator()
  let rewards = request.rewards.indices.map { sample -> Double? in
    if request.isDemonstration[sample] { return 1 }
    let isSolved = rollouts.next() ?? false
    return request.rewards[sample] == nil ? nil : isSolved ? 1 : -1
  }
  var groups: [Int: [Double]] = [:]
  for (reward, group) in zip(rewards, request.group) {
    if let reward { groups[group, default: []].append(reward) }
  }
  return rewards.indices.map { sample in
    guard let reward = rewards[sample] else { return 0 }
    return request.isDemonstration[sample]
      ? zScore(reward, in: groups[request.group[sample]] ?? []) : reward
  }
}

/// As the host's own advantages: Bessel's correction, and 1e-4 against a vanishing deviation.
private func zScore(_ value: Double, in values: [Double]) -> Double {
  guard values.count > 1 else { return 0 }
  let mean = values.reduce(0, +) / Double(values.count)
  let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  return (value - mean) / ((squares / Double(values.count - 1)).squareRoot() + 1e-4)
}
