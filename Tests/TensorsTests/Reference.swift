import Tensors

#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

/// Each operation as plain loops in Double: slow, and simple enough to be read and believed.
enum Reference {
  /// y (T,N) = x (T,K) w (N,K)^T + bias
  static func linear(
    _ x: [Double],
    _ w: [Double],
    bias: [Double]?,
    _ shape: LinearShape
  )
    -> [Double]
  {
    var y = [Double](repeating: 0, count: shape.rows * shape.output)
    for t in 0..<shape.rows {
      for n in 0..<shape.output {
        var sum = bias?[n] ?? 0
        for k in 0..<shape.input { sum += x[t * shape.input + k] * w[n * shape.input + k] }
        y[t * shape.output + n] = sum
      }
    }
    return y
  }

  static func rmsNorm(_ x: [Double], _ w: [Double], eps: Double) -> [Double] {
    var y = x
    for row in stride(from: 0, to: x.count, by: w.count) {
      var squares = 0.0
      for i in 0..<w.count { squares += x[row + i] * x[row + i] }
      let inverse = 1 / (squares / Double(w.count) + eps).squareRoot()
      for i in 0..<w.count { y[row + i] = x[row + i] * inverse * w[i] }
    }
    return y
  }

  static func rope(
    _ x: [Double],
    heads: Int,
    headDim: Int,
    positions: [Int32],
    theta: Double
  ) -> [Double] {
    var y = x
    let half = headDim / 2
    for (t, position) in positions.enumerated() {
      for h in 0..<heads {
        let base = (t * heads + h) * headDim
        for i in 0..<half {
          let angle = Double(position) * pow(theta, -2 * Double(i) / Double(headDim))
          y[base + i] = x[base + i] * cos(angle) - x[base + half + i] * sin(angle)
          y[base + half + i] = x[base + half + i] * cos(angle) + x[base + i] * sin(angle)
        }
      }
    }
    return y
  }

  static func attention(
    q: [Double],
    k: [Double],
    v: [Double],
    segments: AttentionSegments,
    _ shape: AttentionShape
  ) -> [Double] {
    let dim = shape.headDim
    let group = shape.heads / shape.kvHeads
    var out = [Double](repeating: 0, count: q.count)
    func rows(_ segment: Int) -> Range<Int> {
      Int(segments.starts[segment])..<Int(segments.starts[segment + 1])
    }
    for (segment, prefix) in segments.prefixes.enumerated() {
      let before = prefix < 0 ? [] : Array(rows(Int(prefix)))
      for t in rows(segment) {
        let seen = before + Array(rows(segment).lowerBound...t)
        for h in 0..<shape.heads {
          let queryBase = (t * shape.heads + h) * dim
          var scores: [Double] = []
          for s in seen {
            let keyBase = (s * shape.kvHeads + h / group) * dim
            var score = 0.0
            for d in 0..<dim { score += q[queryBase + d] * k[keyBase + d] }
            scores.append(score * Double(shape.scale))
          }
          let weights = softmax(scores)
          for (s, weight) in zip(seen, weights) {
            let valueBase = (s * shape.kvHeads + h / group) * dim
            for d in 0..<dim { out[queryBase + d] += weight * v[valueBase + d] }
          }
        }
      }
    }
    return out
  }

  static func swiGLU(_ gate: [Double], _ up: [Double]) -> [Double] {
    zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
  }

  static func softmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let powers = x.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  static func logSoftmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let logSum = log(x.reduce(0) { $0 + exp($1 - largest) })
    return x.map { $0 - largest - logSum }
  }

  /// Nats, of a distribution given by its log-probabilities.
  static func entropy(_ logProbs: [Double]) -> Double {
    -logProbs.reduce(0) { $0 + exp($1) * $1 }
  }
}
