import Components

/// Writes what goes to an interpreter: JSON, with `NaN`, `Infinity` and `-Infinity` for what JSON has no word for. Python's json
/// module reads exactly this.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []

  /// A comma where a value or key follows another. Texts end with a quote, so the last byte tells.
  private mutating func separate() {
    switch bytes.last {
    case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
    default: bytes.append(UInt8(ascii: ","))
    }
  }

  private mutating func word(_ text: String) {
    separate()
    bytes += text.utf8
  }

  mutating func null() { word("null") }
  mutating func bool(_ value: Bool) { word(value ? "true" : "false") }

  /// Digit by digit: a batch has tens of thousands of token ids.
  mutating func int(_ value: some BinaryInteger) {
    separate()
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var left = UInt64(value.magnitude)
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(left % 10))
      left /= 10
    } while left > 0
    bytes[start...].reverse()
  }

  /// The shortest form that reads back to the same bits, with a point or an exponent: it stays a real.
  mutating func real(_ value: Double) {
    if value.isNaN {
      word("NaN")
    } else if value.isInfinite {
      word(value < 0 ? "-Infinity" : "Infinity")
    } else {
      word(value.description)
    }
  }

  mutating func text(_ value: String) {
    separate()
    quoted(value)
  }

  private mutating func quoted(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        bytes += "\\u00".utf8
        bytes.append(Self.digits[Int(byte >> 4)])
        bytes.append(Self.digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static let digits = Array("0123456789abcdef".utf8)

  mutating func object(_ body: (inout JSONWriter) -> Void) {
    separate()
    bytes.append(UInt8(ascii: "{"))
    body(&self)
    bytes.append(UInt8(ascii: "}"))
  }

  /// The key of the value that is written next.
  mutating func key(_ name: String) {
    text(name)
    bytes.append(UInt8(ascii: ":"))
  }

  mutating func list<Values: Sequence>(
    _ values: Values,
    _ body: (inout JSONWriter, Values.Element) -> Void
  ) {
    separate()
    bytes.append(UInt8(ascii: "["))
    for value in values { body(&self, value) }
    bytes.append(UInt8(ascii: "]"))
  }

  /// A value that was written apart.
  mutating func append(_ value: JSONWriter) {
    separate()
    bytes += value.bytes
  }

  // MARK: - Fields of an object

  mutating func field(_ name: String, _ value: some BinaryInteger) {
    key(name)
    int(value)
  }

  mutating func field(_ name: String, _ value: Double) {
    key(name)
    real(value)
  }

  mutating func field(_ name: String, _ value: String) {
    key(name)
    text(value)
  }

  mutating func field(_ name: String, _ value: Bool) {
    key(name)
    bool(value)
  }

  mutating func field(_ name: String, _ values: some Sequence<some BinaryInteger>) {
    key(name)
    list(values) { $0.int($1) }
  }

  mutating func field(_ name: String, _ values: some Sequence<Double?>) {
    key(name)
    list(values) { writer, value in
      if let value { writer.real(value) } else { writer.null() }
    }
  }

  /// Reals of 32 bits: {"f32": base64 of their little-endian bytes}, which no rounding touches.
  mutating func field(_ name: String, _ values: [Float]) {
    key(name)
    object { writer in
      let bytes = values.flatMap { value in
        let bits = value.bitPattern
        return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) }
      }
      writer.field("f32", Base64.text(of: bytes))
    }
  }

  // MARK: - Values of rows

  mutating func parameters(_ value: ParameterValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .int(let value): int(value)
    case .double(let value): real(value)
    case .string(let value): text(value)
    case .array(let values): list(values) { $0.parameters($1) }
    case .object(let entries):
      object { writer in
        for entry in entries {
          writer.key(entry.key)
          writer.parameters(entry.value)
        }
      }
    }
  }

  mutating func column(_ value: ColumnValue) {
    switch value {
    case .null: null()
    case .int(let value): int(value)
    case .real(let value): real(value)
    case .text(let value): text(value)
    case .list(let values): list(values) { $0.column($1) }
    case .messages(let turns): messages(turns)
    }
  }

  mutating func rowText(_ value: RowText) {
    switch value {
    case .text(let value): text(value)
    case .messages(let turns): messages(turns)
    }
  }

  /// {"m": [[role, content], ...]}
  private mutating func messages(_ turns: [Message]) {
    object { writer in
      writer.key("m")
      writer.list(turns) { writer, turn in
        writer.list([turn.role, turn.content]) { $0.text($1) }
      }
    }
  }
}
