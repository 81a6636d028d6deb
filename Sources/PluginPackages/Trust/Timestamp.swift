import Glibc

/// A moment in UTC, to the second.
public struct Timestamp: Sendable, Equatable {
  /// Seconds since 1970.
  public var seconds: Int

  /// Creates a moment.
  public init(seconds: Int) { self.seconds = seconds }

  /// This one.
  public static var now: Timestamp { Timestamp(seconds: time(nil)) }

  /// `2026-07-14`. Such texts sort as the days do.
  public var day: String { format("%Y-%m-%d") }

  /// `2026-07-14T09:30:00Z`.
  public var text: String { format("%Y-%m-%dT%H:%M:%SZ") }

  /// Whether the text is a day as `day` writes it.
  public static func isDay(_ text: String) -> Bool {
    let numbers = text.split(separator: "-").map { Int32($0) }
    guard text.utf8.count == 10, numbers.count == 3, let year = numbers[0],
      let month = numbers[1], let day = numbers[2]
    else { return false }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
    // timegm takes 30 February; the way back gives 2 March.
    return Timestamp(seconds: timegm(&parts)).day == text
  }

  private func format(_ pattern: String) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let count = strftime(&text, text.count, pattern, &parts)
    return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
