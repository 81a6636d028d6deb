import Components

/// Writes values as YAML in block style. What it writes, `YAMLReader` reads back to the same values.
enum YAMLWriter {
  static func write(_ value: ParameterValue) -> String {
    var out = ""
    block(value, indent: 0, to: &out)
    return out
  }

  /// A value that begins on a line of its own.
  private static func block(_ value: ParameterValue, indent: Int, to out: inout String) {
    let space = String(repeating: " ", count: indent)
    switch value {
    case .object(let entries) where !entries.isEmpty:
      for entry in entries {
        out += space + key(entry.key) + ":"
        attach(entry.value, indent: indent + 2, to: &out)
      }
    case .array(let values) where !values.isEmpty:
      for value in values {
        var inner = ""
        block(value, indent: indent + 2, to: &inner)
        // The first line of the element stands behind its dash.
        out += space + "- " + inner.dropFirst(indent + 2)
      }
    default:
      out += space + scalar(value) + "\n"
    }
  }

  /// A value behind its key.
  private static func attach(_ value: ParameterValue, indent: Int, to out: inout String) {
    switch value {
    case .object(let entries) where !entries.isEmpty:
      out += "\n"
      block(value, indent: indent, to: &out)
    case .array(let values) where values.contains(where: \.isCollection):
      out += "\n"
      block(value, indent: indent, to: &out)
    case .array(let values) where !values.isEmpty:
      out += " [" + values.map(scalar).joined(separator: ", ") + "]\n"
    default:
      out += " " + scalar(value) + "\n"
    }
  }

  private static func scalar(_ value: ParameterValue) -> String {
    switch value {
    case .double(let real) where real.isNaN: return ".nan"
    case .double(let real) where real.isInfinite: return real < 0 ? "-.inf" : ".inf"
    case .string(let text) where isPlain(text): return text
    default: return value.json
    }
  }

  private static func key(_ text: String) -> String {
    isPlain(text) ? text : ParameterValue.string(text).json
  }

  /// Whether text can stand without quotes and still be text: word characters and inner punctuation only.
  private static func isPlain(_ text: String) -> Bool {
    guard case .string = ScalarResolver.value(ofPlain: text), let first = text.utf8.first else {
      return false
    }
    // Words that YAML 1.1 parsers take for something else stay quoted, so that any tool reads the file alike.
    if ["yes", "no", "on", "off", "y", "n"].contains(text.lowercased()) { return false }
    let isLetter = { (byte: UInt8) in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    return (isLetter(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "."))
      && text.utf8.allSatisfy { byte in
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || "_-./".utf8.contains(byte)
      }
  }
}

extension ParameterValue {
  fileprivate var isCollection: Bool {
    switch self {
    case .array, .object: return true
    default: return false
    }
  }
}
