import CStepwisePlugin
import Components

// Rows, columns and parameters.

extension Message: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(role)
    writer.value(content)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(role: try reader.value(), content: try reader.value())
  }
}

extension RowText: WireValue {
  func write(to writer: inout WireWriter) {
    switch self {
    case .text(let text):
      writer.number(0 as UInt8)
      writer.value(text)
    case .messages(let turns):
      writer.number(1 as UInt8)
      writer.value(turns)
    }
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    switch try reader.number(UInt8.self) {
    case 0: self = .text(try reader.value())
    case 1: self = .messages(try reader.value())
    case let tag: throw WireProblem(description: "\(tag) is no sort of text")
    }
  }
}

extension ColumnValue: WireValue {
  func write(to writer: inout WireWriter) {
    switch self {
    case .null: writer.number(0 as UInt8)
    case .int(let value):
      writer.number(1 as UInt8)
      writer.number(value)
    case .real(let value):
      writer.number(2 as UInt8)
      writer.value(value)
    case .text(let value):
      writer.number(3 as UInt8)
      writer.value(value)
    case .list(let values):
      writer.number(4 as UInt8)
      writer.value(values)
    case .messages(let turns):
      writer.number(5 as UInt8)
      writer.value(turns)
    }
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    self = try Self.read(from: &reader, depth: 0)
  }

  /// A value that nests too deep would end the host's stack.
  private static func read(
    from reader: inout WireReader,
    depth: Int
  ) throws(WireProblem) -> ColumnValue {
    switch try reader.number(UInt8.self) {
    case 0: return .null
    case 1: return .int(try reader.number())
    case 2: return .real(try reader.value())
    case 3: return .text(try reader.value())
    case 4:
      guard depth < Int(STEPWISE_VALUE_DEPTH) else {
        throw WireProblem(description: "a value nests deeper than \(STEPWISE_VALUE_DEPTH) lists")
      }
      var values: [ColumnValue] = []
      for _ in 0..<(try reader.count(ofSize: 1)) {
        values.append(try read(from: &reader, depth: depth + 1))
      }
      return .list(values)
    case 5: return .messages(try reader.value())
    case let tag: throw WireProblem(description: "\(tag) is no sort of value")
    }
  }
}

extension Column: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(name)
    writer.value(value)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(try reader.value(), try reader.value())
  }
}

extension Example: WireValue {
  func write(to writer: inout WireWriter) {
    writer.number(id)
    writer.value(prompt)
    writer.value(completion)
    writer.value(difficulty)
    writer.value(stepBoundaries)
    writer.value(columns)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      id: try reader.number(),
      prompt: try reader.value(),
      completion: try reader.value(),
      difficulty: try reader.value(),
      stepBoundaries: try reader.value(),
      columns: try reader.value()
    )
  }
}

extension ParameterEntry: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(key)
    writer.value(value)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(try reader.value(), try reader.value())
  }
}

/// Only from host to worker: what a worker writes is never read as parameters, so that no depth is checked.
extension ParameterValue: WireValue {
  func write(to writer: inout WireWriter) {
    switch self {
    case .null: writer.number(0 as UInt8)
    case .bool(let value):
      writer.number(1 as UInt8)
      writer.value(value)
    case .int(let value):
      writer.number(2 as UInt8)
      writer.number(value)
    case .double(let value):
      writer.number(3 as UInt8)
      writer.value(value)
    case .string(let value):
      writer.number(4 as UInt8)
      writer.value(value)
    case .array(let values):
      writer.number(5 as UInt8)
      writer.value(values)
    case .object(let entries):
      writer.number(6 as UInt8)
      writer.value(entries)
    }
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    switch try reader.number(UInt8.self) {
    case 0: self = .null
    case 1: self = .bool(try reader.value())
    case 2: self = .int(try reader.number())
    case 3: self = .double(try reader.value())
    case 4: self = .string(try reader.value())
    case 5: self = .array(try reader.value())
    case 6: self = .object(try reader.value())
    case let tag: throw WireProblem(description: "\(tag) is no sort of parameter")
    }
  }
}
