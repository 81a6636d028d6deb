extension JSONValue {
  /// Parses UTF-8 JSON text; `file` is what an error names.
  public init(json: some Sequence<UInt8>, file: String = "JSON") throws(TokenizerError) {
    self = try JSONParser.parse(Array(json), file: file)
  }

  /// How the value is laid out as text; the arguments of Python's `json.dumps`.
  struct Layout {
    /// Blanks for each level, one member or element a line; nil for one line.
    var indent: Int?
    var itemSeparator = ", "
    var keySeparator = ": "
    var sortsKeys = false

    static let spaced = Layout()

    static func indented(_ width: Int) -> Layout { Layout(indent: width, itemSeparator: ",") }
  }

  /// The value as JSON text the way Python's `json.dumps(ensure_ascii=False)` writes it.
  func serialized(_ layout: Layout = .spaced) -> String {
    var text = ""
    write(to: &text, layout, level: 0)
    return text
  }

  private func write(to text: inout String, _ layout: Layout, level: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .double(let value): text += pythonRepresentation(of: value)
    case .string(let value): Self.write(value, to: &text)
    case .array(let elements):
      Self.writeSequence("[", "]", elements, to: &text, layout, level) { text, element in
        element.write(to: &text, layout, level: level + 1)
      }
    case .object(let object):
      var members = object.members
      if layout.sortsKeys {
        // Python compares by scalars, which is the order of the bytes.
        members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      }
      Self.writeSequence("{", "}", members, to: &text, layout, level) { text, member in
        Self.write(member.key, to: &text)
        text += layout.keySeparator
        member.value.write(to: &text, layout, level: level + 1)
      }
    }
  }

  private static func writeSequence<Element>(
    _ opening: String,
    _ closing: String,
    _ elements: [Element],
    to text: inout String,
    _ layout: Layout,
    _ level: Int,
    _ write: (inout String, Element) -> Void
  ) {
    text += opening
    for (index, element) in elements.enumerated() {
      if index > 0 { text += layout.itemSeparator }
      if let width = layout.indent {
        text += "\n" + String(repeating: " ", count: width * (level + 1))
      }
      write(&text, element)
    }
    if let width = layout.indent, !elements.isEmpty {
      text += "\n" + String(repeating: " ", count: width * level)
    }
    text += closing
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case "\0"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

/// A number as Python's `repr` prints it: shortest digits, `1e-05`, `1e+16`, `inf`.
func pythonRepresentation(of value: Double) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
  if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
  // Swift prints the same shortest digits; only the form of the exponent and where it starts differ.
  var digits: [UInt8] = []
  var point: Int?
  var exponent = 0
  let text = Array(value.magnitude.description.utf8)
  var index = 0
  while index < text.count {
    let byte = text[index]
    if byte == UInt8(ascii: ".") {
      point = digits.count
    } else if byte == UInt8(ascii: "e") {
      exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self))!
      break
    } else {
      digits.append(byte)
    }
    index += 1
  }
  var decimal = (point ?? digits.count) + exponent
  while digits.count > 1, digits.first == UInt8(ascii: "0") {
    digits.removeFirst()
    decimal -= 1
  }
  while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
  let sign = value < 0 ? "-" : ""
  let all = String(decoding: digits, as: UTF8.self)
  if decimal > 16 || decimal < -3 {
    let power = decimal - 1
    let fraction = digits.count > 1 ? "." + all.dropFirst() : ""
    let magnitude = String(abs(power))
    return sign + String(all.first!) + fraction + (power < 0 ? "e-" : "e+")
      + (magnitude.utf8.count < 2 ? "0" : "") + magnitude
  }
  if decimal <= 0 { return sign + "0." + String(repeating: "0", count: -decimal) + all }
  if decimal >= digits.count {
    return sign + all + String(repeating: "0", count: decimal - digits.count) + ".0"
  }
  return sign + String(all.prefix(decimal)) + "." + String(all.dropFirst(decimal))
}
