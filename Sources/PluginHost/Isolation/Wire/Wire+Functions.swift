extension FunctionSignature.CallForm: WireValue {}
extension FunctionSignature.CType: WireValue {}
extension FunctionSignature.Value: WireValue {}

extension FunctionSignature.Source: WireValue {
  func write(to writer: inout WireWriter) {
    switch self {
    case .value(let value):
      writer.number(0 as UInt8)
      writer.value(value)
    case .column(let name):
      writer.number(1 as UInt8)
      writer.value(name)
    case .parameter(let name):
      writer.number(2 as UInt8)
      writer.value(name)
    case .scores: writer.number(3 as UInt8)
    }
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    switch try reader.number(UInt8.self) {
    case 0: self = .value(try reader.value())
    case 1: self = .column(try reader.value())
    case 2: self = .parameter(try reader.value())
    case 3: self = .scores
    case let other: throw WireProblem(description: "\(other) is no source of an argument")
    }
  }
}

extension FunctionSignature.Argument: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(source)
    writer.value(type)
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(source: try reader.value(), type: try reader.value())
  }
}

extension FunctionSignature.Result: WireValue {
  func write(to writer: inout WireWriter) {
    switch self {
    case .score(let type):
      writer.number(0 as UInt8)
      writer.value(type)
    case .status: writer.number(1 as UInt8)
    case .void: writer.number(2 as UInt8)
    }
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    switch try reader.number(UInt8.self) {
    case 0: self = .score(try reader.value())
    case 1: self = .status
    case 2: self = .void
    case let other: throw WireProblem(description: "\(other) is no result")
    }
  }
}

extension FunctionSignature: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(symbol)
    writer.value(library)
    writer.value(call)
    writer.value(arguments)
    writer.value(result)
    writer.value(abstain)
    writer.value(isThreadSafe)
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      symbol: try reader.value(),
      library: try reader.value(),
      call: try reader.value(),
      arguments: try reader.value(),
      result: try reader.value(),
      abstain: try reader.value(),
      isThreadSafe: try reader.value()
    )
  }
}
