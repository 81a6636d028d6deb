import Tokenizers

/// Mutations of a JSON value's tree.
enum JSONMutation {
  private static let numbers: [JSONValue] = [
    .int(0), .int(-1), .int(1), .int(2), .int(255), .int(256), .int(65_535), .int(1 << 20),
    .int(Int(Int32.max)), .int(Int(Int32.max) + 1), .int(Int(UInt32.max)), .int(.max), .int(.min),
    .double(0.5), .double(-0.0), .double(1e308), .double(.leastNonzeroMagnitude), .double(9.3e18),
  ]

  private static let strings = [
    "", " ", "a", "▁", "Ġ", "\u{0}", "é", "e\u{301}", "\u{10FFFF}", "🙂", "<0x41>", "</s>", "##",
    "Sequence", "Replace", "ByteLevel", "Metaspace", "Precompiled", "Unigram", "BPE", "WordPiece",
    "F32", "BF16", "..", "/", "AAAA", "\\s+", "a b", "a  b", "user", "assistant", "0",
  ]

  /// Changes a few places of the tree.
  static func apply(
    to value: JSONValue,
    with other: JSONValue,
    _ random: inout FuzzRandom
  ) -> JSONValue {
    var value = value
    for _ in 0...random.below(3) { value = changed(value, other, depth: 0, &random) }
    return value
  }

  /// Goes down a random path and changes what is there.
  private static func changed(
    _ value: JSONValue,
    _ other: JSONValue,
    depth: Int,
    _ random: inout FuzzRandom
  ) -> JSONValue {
    // Large arrays would otherwise draw nearly all changes.
    let stops = random.chance(depth == 0 ? 0.03 : 0.25)
    switch value {
    case .array(var elements) where !stops && !elements.isEmpty:
      let index = random.below(elements.count)
      switch random.below(6) {
      case 0: elements.remove(at: index)
      case 1: elements.insert(elements[random.below(elements.count)], at: index)
      case 2: elements.swapAt(index, random.below(elements.count))
      default: elements[index] = changed(elements[index], other, depth: depth + 1, &random)
      }
      return .array(elements)
    case .object(let object) where !stops && !object.members.isEmpty:
      var members = object.members
      let index = random.below(members.count)
      switch random.below(10) {
      case 0: members.remove(at: index)
      case 1: members.append(members[index])
      case 2: members[index].key = string(members[index].key, &random)
      case 3: members.swapAt(index, random.below(members.count))
      default:
        members[index].value = changed(members[index].value, other, depth: depth + 1, &random)
      }
      return .object(JSONObject(members))
    default: return replacement(for: value, other, &random)
    }
  }

  private static func replacement(
    for value: JSONValue,
    _ other: JSONValue,
    _ random: inout FuzzRandom
  ) -> JSONValue {
    switch random.below(8) {
    case 0: return .null
    case 1: return .bool(random.chance(0.5))
    case 2: return random.pick(numbers)
    case 3: return .string(random.pick(strings))
    case 4: return random.chance(0.5) ? .array([value]) : .object(JSONObject([("type", value)]))
    case 5: return part(of: other, &random)
    case 6 where random.chance(0.1):
      return (0..<random.below(700)).reduce(value) { inner, _ in .array([inner]) }
    default:
      switch value {
      case .int(let number): return .int(number &+ random.below(5) &- 2)
      case .double(let number): return .double(-number)
      case .string(let text): return .string(string(text, &random))
      case .bool(let flag): return .bool(!flag)
      default: return .array([])
      }
    }
  }

  /// A subtree of a value.
  private static func part(of value: JSONValue, _ random: inout FuzzRandom) -> JSONValue {
    var value = value
    while random.chance(0.8) {
      switch value {
      case .array(let elements) where !elements.isEmpty: value = random.pick(elements)
      case .object(let object) where !object.members.isEmpty:
        value = random.pick(object.members).value
      default: return value
      }
    }
    return value
  }

  private static func string(_ text: String, _ random: inout FuzzRandom) -> String {
    var scalars = Array(text.unicodeScalars)
    let place = random.below(scalars.count + 1)
    switch random.below(5) {
    case 0: scalars.insert(contentsOf: random.pick(strings).unicodeScalars, at: place)
    case 1: scalars.removeSubrange(place...)
    case 2 where !scalars.isEmpty: scalars.remove(at: min(place, scalars.count - 1))
    case 3:
      let part = Array(scalars.prefix(20))
      let times = random.below(random.chance(0.1) ? 3000 : 6)
      scalars += (0..<times).flatMap { _ in part }
    default: return random.pick(strings)
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  /// The value as text.
  static func text(_ value: JSONValue) -> [UInt8] {
    var text: [UInt8] = []
    write(value, to: &text)
    return text
  }

  private static func write(_ value: JSONValue, to text: inout [UInt8]) {
    switch value {
    case .null: text += "null".utf8
    case .bool(let flag): text += "\(flag)".utf8
    case .int(let number): text += "\(number)".utf8
    case .double(let number): text += "\(number)".utf8
    case .string(let string): write(string, to: &text)
    case .array(let elements):
      text.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        write(element, to: &text)
      }
      text.append(UInt8(ascii: "]"))
    case .object(let object):
      text.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        write(member.key, to: &text)
        text.append(UInt8(ascii: ":"))
        write(member.value, to: &text)
      }
      text.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ string: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        text += ("\\u00" + (digits.count < 2 ? "0" : "") + digits).utf8
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }

  /// Mutates JSON text: mostly its tree, at times its bytes too.
  static func mutate(
    _ input: [UInt8],
    with other: [UInt8],
    _ random: inout FuzzRandom
  ) -> [UInt8] {
    guard random.chance(0.85), let value = try? JSONValue(json: input) else {
      return ByteMutation.apply(to: input, with: other, &random)
    }
    let text = text(
      apply(to: value, with: (try? JSONValue(json: other)) ?? .null, &random)
    )
    return random.chance(0.1) ? ByteMutation.apply(to: text, with: other, &random) : text
  }
}
