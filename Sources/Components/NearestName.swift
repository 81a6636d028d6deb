/// The candidate closest to `name` by edit distance, for "did you mean ...?"; `nil` when nothing is close.
///
/// Close means at most a third of the longer name's length, and at least one edit: the optimal string alignment distance, so
/// that swapped neighbours count once.
///
/// - Complexity: O(n m) for each candidate.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  let source = Array(name.lowercased().utf8)
  var best: (name: String, distance: Int)?
  for candidate in candidates {
    let target = Array(candidate.lowercased().utf8)
    let distance = alignmentDistance(source, target)
    let limit = max(1, max(source.count, target.count) / 3)
    if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.name
}

private func alignmentDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var older = [Int](repeating: 0, count: b.count + 1)
  var previous = Array(0...b.count)
  for i in 0..<a.count {
    var current = [i + 1]
    for j in 0..<b.count {
      var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, older[j - 1] + 1) }
      current.append(cost)
    }
    older = previous
    previous = current
  }
  return previous[b.count]
}
