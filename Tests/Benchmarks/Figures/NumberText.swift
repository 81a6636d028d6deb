/// Numbers as tables show them.
package enum NumberText {
  /// With so many decimals; groups of thousands are parted by commas.
  package static func fixed(_ value: Double, _ decimals: Int = 0) -> String {
    guard value.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let units = (value.magnitude * scale).rounded()
    guard units < 9e15 else { return String(value) }
    let (whole, rest) = Int(units).quotientAndRemainder(dividingBy: Int(scale))
    var text = ""
    for (index, digit) in String(whole).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text = "," + text }
      text = String(digit) + text
    }
    if decimals > 0 {
      let digits = String(rest)
      text += "." + String(repeating: "0", count: decimals - digits.count) + digits
    }
    return (value < 0 && units > 0 ? "-" : "") + text
  }

  /// With as many decimals as a reader needs: three significant digits below 1,000.
  package static func short(_ value: Double) -> String {
    switch value.magnitude {
    case 100...: fixed(value)
    case 10..<100: fixed(value, 1)
    case 0.1..<10: fixed(value, 2)
    case 0: "0"
    default: fixed(value, 4)
    }
  }

  /// A share of 1 in per cent.
  package static func percent(_ share: Double, _ decimals: Int = 0) -> String {
    fixed(100 * share, decimals) + " %"
  }

  /// A size or count with its power of a thousand: `27.8 M`, `512`, `20 k`.
  package static func scaled(_ value: Double) -> String {
    let units: [(Double, String)] = [(1e9, " G"), (1e6, " M"), (1e3, " k")]
    let (unit, suffix) = units.first { value.magnitude >= max($0.0, 1e4) } ?? (1, "")
    let part = value / unit
    return (part == part.rounded() ? fixed(part) : short(part)) + suffix
  }
}
