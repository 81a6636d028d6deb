extension Record {
  /// The record as JSON over several lines, for files that people open: what fits on a line of 100 characters stands on one.
  public var indentedJSON: String {
    var out = ""
    RecordValue.object(fields).indent(into: &out, depth: 0, used: 0)
    return out
  }
}

extension RecordValue {
  private static let lineLength = 100

  fileprivate func indent(into out: inout String, depth: Int, used: Int) {
    let short = json
    let blanks = String(repeating: "  ", count: depth)
    switch self {
    case .object(let fields)
    where !fields.isEmpty && 2 * depth + used + short.utf8.count > Self.lineLength:
      out += "{\n"
      for (index, field) in fields.enumerated() {
        let name = RecordValue.string(field.name).json
        out += "\(blanks)  \(name): "
        field.value.indent(into: &out, depth: depth + 1, used: name.utf8.count + 2)
        out += index + 1 < fields.count ? ",\n" : "\n"
      }
      out += "\(blanks)}"
    case .array(let values)
    where !values.isEmpty && 2 * depth + used + short.utf8.count > Self.lineLength:
      out += "[\n"
      for (index, value) in values.enumerated() {
        out += "\(blanks)  "
        value.indent(into: &out, depth: depth + 1, used: 0)
        out += index + 1 < values.count ? ",\n" : "\n"
      }
      out += "\(blanks)]"
    default: out += short
    }
  }
}
