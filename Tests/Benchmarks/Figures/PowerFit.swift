#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

/// `y = factor * x^exponent`, by least squares of the logarithms.
package struct PowerFit: Sendable, Equatable, Codable {
  /// The exponent: 0 where y does not depend on x, -1 where it falls like 1 / x.
  package var exponent: Double
  /// y at x = 1.
  package var factor: Double
  /// Share of the variance of log y that the fit explains; 1 where there is none.
  package var explained: Double

  /// Fits points, all above 0.
  ///
  /// - Returns: `nil` where fewer than two different x are left.
  package init?(_ points: some Sequence<(x: Double, y: Double)>) {
    let logs = points.filter { $0.x > 0 && $0.y > 0 }.map { (x: log($0.x), y: log($0.y)) }
    guard logs.count >= 2 else { return nil }
    let count = Double(logs.count)
    let meanX = logs.reduce(0) { $0 + $1.x } / count
    let meanY = logs.reduce(0) { $0 + $1.y } / count
    let xx = logs.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
    let xy = logs.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
    let yy = logs.reduce(0) { $0 + ($1.y - meanY) * ($1.y - meanY) }
    guard xx > 1e-12 else { return nil }
    exponent = xy / xx
    factor = exp(meanY - exponent * meanX)
    explained = yy > 1e-12 ? xy * xy / (xx * yy) : 1
  }

  /// The fitted y.
  package func callAsFunction(_ x: Double) -> Double { factor * pow(x, exponent) }
}
