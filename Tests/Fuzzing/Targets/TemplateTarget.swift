import Tokenizers

/// Chat templates: read, then rendered with a conversation.
struct TemplateTarget: FuzzTarget {
  private let sources: [[UInt8]]
  private let values: JSONObject

  init() throws {
    let rows = try Seeds.json("Tests/TokenizersTests/Fixtures/templates.json").elements
    sources = rows.dropFirst().compactMap { $0["template"].map { Array($0.text.utf8) } }
    guard case .object(let values)? = rows.first else { throw SeedError() }
    self.values = values
  }

  private struct SeedError: Error {}

  var seedCount: Int { sources.count }
  func seeds() -> [[UInt8]] { sources }

  private static let snippets = [
    "{% for m in messages %}", "{% endfor %}", "{% if loop.first %}", "{% else %}", "{% endif %}",
    "{{ m.content }}", "{{ m['role']|trim }}", "{% set ns = namespace(a=[]) %}",
    "{% set ns.a = [ns.a, ns.a] %}", "{% set ns.a = namespace(a=ns.a) %}", "[loop]", "loop",
    "{% set x = x ~ x %}", "{% set x = s %}", "{% for i in range(9999) %}", "{% macro m(a, b=1) %}",
    "{% endmacro %}", "{{ m(m(1)) }}",
    "{% generation %}", "{% endgeneration %}", "{% set y %}", "{% endset %}", "{%- ", " -%}", "{# ",
    " #}", "{{ ", " }}", "|tojson(indent=4)", "|replace('', 'xx')", "|list", "|join(s)", "[::-1]",
    "[-9223372036854775808:]", " is defined", " is mapping", " in ", " not ", " if ", " else ", "~",
    " + ", " * 9223372036854775807", " // -1", " % -1", ".split('')", ".replace('a', 'aaaa')", "(",
    ")", "[", "]", "{", "}", "'", "\"", "\\", "|sort(attribute='role')", "|map(attribute='a.b')",
    "|unique", "|dictsort", "|int", "|abs", "-", "-9223372036854775808", "loop.previtem", "none",
    "tools", "messages", "|selectattr('role', 'equalto', 'user')", "{% break %}", "{% continue %}",
    "{{ raise_exception('x') }}", "{{ strftime_now('%Y %c') }}", "|string", "|length", "|indent(9)",
  ]

  func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
    if random.chance(0.2) { return ByteMutation.apply(to: input, with: other, &random) }
    var bytes = input
    for _ in 0...random.below(4) {
      // Mostly between tokens: at a place where a tag or a word begins.
      var place = random.below(bytes.count + 1)
      while random.chance(0.9), place < bytes.count,
        !Self.begins(bytes[place], after: place > 0 ? bytes[place - 1] : 0x20)
      {
        place += 1
      }
      switch random.below(4) {
      case 0 where !other.isEmpty:
        let from = random.below(other.count)
        bytes.insert(contentsOf: other[from..<min(from + 60, other.count)], at: place)
      case 1:
        let end = min(place + 1 + random.below(60), bytes.count)
        let part = Array(bytes[place..<end])
        let times = random.chance(0.05) ? 300 : 1 + random.below(3)
        bytes.insert(contentsOf: (0..<times).flatMap { _ in part }, at: place)
      case 2: bytes.removeSubrange(place..<min(place + 1 + random.below(20), bytes.count))
      default: bytes.insert(contentsOf: random.pick(Self.snippets).utf8, at: place)
      }
    }
    return Array(bytes.prefix(20_000))
  }

  private static func begins(_ byte: UInt8, after before: UInt8) -> Bool {
    byte == UInt8(ascii: "{") || (byte != 0x20 && before == 0x20) || byte == UInt8(ascii: "|")
  }

  private static let messages: [JSONValue] = [
    ["role": "system", "content": "Be brief."], ["role": "user", "content": "Hi 世界 "],
    ["role": "assistant", "content": "Yo", "reasoning": "why", "tool_calls": [["name": "f"]]],
    ["role": "user", "content": ["x", ["type": "text", "text": "y"]]],
  ]

  func run(_ input: [UInt8], file: String) throws -> String {
    let template = try ChatTemplate(String(decoding: input, as: UTF8.self))
    let text = try template.render(
      messages: Self.messages,
      addGenerationPrompt: true,
      extra: values
    )
    let marked = try template.renderMarkingGeneration(messages: Self.messages, extra: values)
    for range in marked.generated {
      precondition(range.upperBound <= marked.text.utf8.count, "a range beyond the text")
    }
    _ = try? template.render(messages: Self.messages, continueFinalMessage: true, extra: values)
    return "\(text.utf8.count.bitWidth - text.utf8.count.leadingZeroBitCount)"
  }
}
