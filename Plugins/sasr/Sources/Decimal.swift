/// Two numbers in [0, 1] for one line of text: four decimals, or as many as it takes to tell them apart.
func readable(_ a: Double, _ b: Double) -> (String, String) {
  let short = (fourDecimals(a), fourDecimals(b))
  return short.0 == short.1 ? (a.description, b.description) : short
}

/// A number in [0, 1] with four decimals. Foundation's formatting would cost every plugin megabytes.
private func fourDecimals(_ value: Double) -> String {
  let scaled = Int((value * 10_000).rounded())
  let digits = String(scaled % 10_000)
  return "\(scaled / 10_000)." + String(repeating: "0", count: 4 - digits.count) + digits
}
