import RunStore

/// Bytes that are no request, drawn from a seed.
struct HostileMessages {
  struct Message {
    var kind: String
    var bytes: [UInt8]
    /// Whether the sender waits for its answers; otherwise it hangs up at once.
    var isRead: Bool
  }

  static let kinds = 10
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(state: seed) }

  mutating func next() -> Message {
    let (kind, bytes) = draw()
    return Message(kind: kind, bytes: bytes, isRead: Int.random(in: 0..<4, using: &random) > 0)
  }

  private mutating func draw() -> (String, [UInt8]) {
    switch Int.random(in: 0..<1000, using: &random) {
    case 0..<200: return ("truncated", truncated())
    case 200..<300: return ("nested", nested())
    case 300..<310: return ("huge", huge())
    case 310..<400: return ("zeros", line(of: 0...0, upTo: 2000))
    case 400..<550: return ("binary", line(of: 0...255, upTo: 4000))
    case 550..<700: return ("not UTF-8", notUTF8())
    case 700..<850: return ("wrong types", wrongTypes())
    case 850..<900: return ("newlines", Array(repeating: 10, count: small(3000)) + [1])
    case 900..<960: return ("structural", structural())
    default: return ("hangs up", [])
    }
  }

  private mutating func small(_ limit: Int) -> Int { Int.random(in: 1...limit, using: &random) }

  private var request: String {
    #"{"command":"swap","slot":"strategy","plugin":"hpt@1.0.0","parameters":{"a":[1,2.5e-3,null]}}"#
  }

  /// A request cut anywhere but at its end, with a newline or without.
  private mutating func truncated() -> [UInt8] {
    let whole = Array(request.utf8)
    return Array(whole.prefix(small(whole.count - 1)))
      + (Bool.random(using: &random) ? [10] : [])
  }

  private mutating func nested() -> [UInt8] {
    let opening = ["[", "{\"a\":", "[[", "[{\"command\":"].randomElement(using: &random)!
    let depth = [70, 1000, 20_000].randomElement(using: &random)!
    return Array(String(repeating: opening, count: depth).utf8) + [10]
  }

  /// Beyond the limit, of text or of digits, or a line that has no end.
  private mutating func huge() -> [UInt8] {
    let count = (1 << 20) + small(1 << 20)
    let filling = "x9[ \"".utf8.randomElement(using: &random)!
    let end: [UInt8] = Bool.random(using: &random) ? [10] : []
    return Array(#"{"command":"status","x":""#.utf8) + [UInt8](repeating: filling, count: count)
      + end
  }

  private mutating func line(of range: ClosedRange<UInt8>, upTo limit: Int) -> [UInt8] {
    (0..<small(limit)).map { _ in UInt8.random(in: range, using: &random) } + [10]
  }

  /// A request that would be good but for bytes that are no UTF-8 inside its command.
  private mutating func notUTF8() -> [UInt8] {
    let bad: [[UInt8]] = [
      [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xe2, 0x82],
      [0x80],
    ]
    return Array(#"{"command":"status"#.utf8) + bad.randomElement(using: &random)!
      + Array("\"}\n".utf8)
  }

  private mutating func wrongTypes() -> [UInt8] {
    let value = ["1", "null", "[]", "{}", "true", "1e999", "\"\"", "-", "\"\\ud800\""]
      .randomElement(using: &random)!
    let shape = Int.random(in: 0..<4, using: &random)
    let text =
      switch shape {
      case 0: "{\"command\":\(value)}"
      case 1: "[{\"command\":\"status\"},\(value)]"
      case 2: value
      default: "{\"comand\":\"status\",\"x\":\(value)}"
      }
    return Array(text.utf8) + [10]
  }

  /// The characters that a reader of JSON acts on, in no order.
  private mutating func structural() -> [UInt8] {
    let alphabet = Array("{}[]:,\"\\truefalsn0123-+.eE \u{7f}".utf8)
    return (0..<small(500)).map { _ in alphabet.randomElement(using: &random)! } + [10]
  }
}
