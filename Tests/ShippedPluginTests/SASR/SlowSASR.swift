import Foundation

/// SASR as its documentation states it, recomputed from the whole history at each question: the slow reference for the plugin.
struct SlowSASR {
  /// What happened, in order.
  enum Event {
    case sft(step: Int, norm: Double)
    case rl(step: Int, kl: Double)
    case probe(step: Int, norm: Double, nll: Double)
  }

  var warmupSteps = 0
  var gamma = 1.0
  var w = 0.5
  var usesReference = false
  var isInitialReference = false
  var target = 0.05
  var isLast = false
  var ema = 0.1
  var pMin = 0.0
  var pMax = 1.0
  var events: [Event] = []

  var probes: [(norm: Double, nll: Double)] {
    events.compactMap { if case .probe(_, let norm, let nll) = $0 { (norm, nll) } else { nil } }
  }

  private func isWarmUp(_ step: Int) -> Bool { step < warmupSteps }

  private var warmUpNorms: [Double] {
    events.compactMap {
      if case .sft(let step, let norm) = $0, isWarmUp(step) { norm } else { nil }
    }
  }

  var warmupNorm: Double {
    if isLast, let last = warmUpNorms.last { return last }
    return probes[0].norm
  }

  /// Mean of the warm-up's own norms: each new one has weight ema, or 1/n while that is more.
  private var meanOwnNorm: Double? {
    var mean: Double?
    for (index, norm) in warmUpNorms.enumerated() {
      let weight = max(ema, 1 / Double(index + 1))
      mean = (1 - weight) * (mean ?? 0) + weight * norm
    }
    return mean
  }

  var norm: Double {
    var g = warmupNorm
    let scale = meanOwnNorm.map { probes.isEmpty ? 1 : probes[0].norm / $0 } ?? 1
    for event in events {
      switch event {
      case .sft(let step, let norm) where !isWarmUp(step):
        g = isLast ? norm : (1 - ema) * g + ema * scale * norm
      case .probe(_, let norm, _): g = warmupNorm * norm / probes[0].norm
      default: break
      }
    }
    return g
  }

  var divergence: Double? {
    guard usesReference else { return probes.isEmpty ? nil : probes.last!.nll - probes[0].nll }
    // Without a weight for it the KL is not measured.
    guard w > 0 else { return nil }
    let values = events.compactMap { event -> Double? in
      if case .rl(_, let kl) = event, kl.isFinite { kl } else { nil }
    }
    guard values.count >= 4 else { return nil }
    let start = values[..<4].sorted()[1...2].reduce(0, +) / 2
    var average = start
    var outliers = 0
    for value in values[4...] {
      let bound = 10 * max(average, target)
      if value > bound, outliers < 3 {
        outliers += 1
      } else {
        outliers = 0
        average = 0.9 * average + 0.1 * min(value, bound)
      }
    }
    return isInitialReference ? average - start : average
  }

  var ratio: Double {
    let factor = divergence.map { exp(w * min(max($0 / target - 1, -1), 1)) } ?? 1
    return norm / warmupNorm * (w == 0 ? 1 : factor)
  }

  var probability: Double { min(max(ratio / (ratio + gamma), pMin), pMax) }
}
