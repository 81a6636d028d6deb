/// Numbers for people.
enum NumberText {
  /// A fixed number of decimals: 0.472.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "-∞" : "∞" }
    let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    let scaled = (value * scale).rounded()
    guard abs(scaled) < 1e15 else { return value.description }
    let digits = String(Int64(abs(scaled)))
    let sign = scaled < 0 ? "-" : ""
    guard decimals > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(sign)\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }

  /// About three significant digits: 0.472, 12.3, 1234, 3.1e-5.
  static func short(_ value: Double) -> String {
    let size = abs(value)
    switch size {
    case 0: return "0"
    case ..<1e-3: return scientific(value)
    case ..<1: return fixed(value, size < 0.01 ? 5 : size < 0.1 ? 4 : 3)
    case ..<10: return fixed(value, 2)
    case ..<100: return fixed(value, 1)
    case ..<1e6: return fixed(value, 0)
    default: return value.isFinite ? scientific(value) : fixed(value, 0)
    }
  }

  /// One decimal and an exponent: 1.5e-4.
  static func scientific(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return fixed(value, 1) }
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    // 9.96 rounds to 10.0.
    if (mantissa * 10).rounded() >= 100 {
      mantissa /= 10
      exponent += 1
    }
    return "\(value < 0 ? "-" : "")\(fixed(mantissa, 1))e\(exponent)"
  }

  /// Thousands and millions: 950, 41.2 k, 3.07 M.
  static func quantity(_ value: Double) -> String {
    switch abs(value) {
    case ..<1000: return fixed(value, 0)
    case ..<999_950: return fixed(value / 1e3, 1) + " k"
    case ..<999_995_000: return fixed(value / 1e6, 2) + " M"
    default: return fixed(value / 1e9, 2) + " G"
    }
  }

  /// A size on disk: 812 B, 41.2 kB, 3.1 MB.
  static func bytes(_ count: Int) -> String {
    let value = Double(count)
    switch count {
    case ..<1000: return "\(count) B"
    case ..<999_950: return fixed(value / 1e3, 1) + " kB"
    case ..<999_950_000: return fixed(value / 1e6, 1) + " MB"
    default: return fixed(value / 1e9, 2) + " GB"
    }
  }

  /// A whole number with its thousands apart: 12,345.
  static func grouped(_ value: Int) -> String {
    var out = ""
    for (index, digit) in String(value.magnitude).reversed().enumerated() {
      if index > 0, index % 3 == 0 { out.append(",") }
      out.append(digit)
    }
    return (value < 0 ? "-" : "") + String(out.reversed())
  }

  /// A share as percent: 46 %.
  static func percent(_ share: Double) -> String { fixed(100 * share, 0) + " %" }

  /// Minutes and seconds, hours where they are needed: 2:41, 1:02:03.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "–" }
    let whole = Int(max(0, seconds).rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0
      ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }
}
