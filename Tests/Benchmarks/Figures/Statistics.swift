#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

/// Plain statistics of a few timings.
package enum Statistics {
  /// The middle value, or the mean of the two middle ones; 0 of nothing.
  package static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// How many times faster `own` is than `rival`, both of them rates: the ratio of their medians.
  package static func ratio(_ own: [Double], to rival: [Double]) -> Double {
    let divisor = median(rival)
    return divisor > 0 ? median(own) / divisor : 0
  }

  /// Rounded to so many significant digits, for reports.
  package static func significant(_ value: Double, _ digits: Int = 4) -> Double {
    guard value != 0, value.isFinite else { return value }
    let place = Double(digits) - 1 - floor(log10(value.magnitude))
    // A power of ten with a positive exponent is exact, its inverse is not.
    let scale = pow(10, place.magnitude)
    return place >= 0 ? (value * scale).rounded() / scale : (value / scale).rounded() * scale
  }
}
