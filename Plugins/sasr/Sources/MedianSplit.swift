/// Advantages that are split at the median of each group:
///
///     A_i = (r_i - median(group)) / (std(group) + 1e-4)
///
/// so that what is above the group's median is raised and what is below is lowered, as the paper's Eq. 3 divides tokens into a
/// high and a low group. The scale is that of GRPO's z-score (Bessel's correction, TRL's 1e-4), so learning rates carry over. A
/// reward that is `nil` counts neither in the median nor in the deviation, and has advantage 0.
///
/// With rewards of 0 and 1 a group of which less than half is solved learns from its solved samples alone, one of which more
/// than half is solved from the failed ones alone.
///
/// - Complexity: O(n log n).
func medianSplit(rewards: [Double?], groups: [Int]) -> [Double] {
  var members: [Int: [Int]] = [:]
  for (sample, group) in groups.enumerated() where rewards[sample] != nil {
    members[group, default: []].append(sample)
  }
  var advantages = [Double](repeating: 0, count: rewards.count)
  for samples in members.values {
    let values = samples.map { rewards[$0]! }
    let median = median(values)
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    for (sample, value) in zip(samples, values) {
      advantages[sample] = (value - median) / (deviation + 1e-4)
    }
  }
  return advantages
}

private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
