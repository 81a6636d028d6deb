import Components

/// The arguments of one call at a time: memory that calls after one another share, and the slots that libffi reads.
final class FunctionWorkspace {
  private let signature: FunctionSignature
  private let call: FunctionCall
  private let isGuarded: Bool
  private let memory: CallMemory
  /// The C arguments, in order.
  private var slots: [UInt64] = []
  /// What a function that writes no score leaves: a signalling NaN that no computation gives.
  static let poison: UInt64 = 0x7FF4_5A5A_5A5A_5A5A
  /// Entries behind the scores in which a write past the end shows, where no guard page does it.
  private static let margin = 8

  init(_ signature: FunctionSignature, _ call: FunctionCall, isGuarded: Bool) {
    self.signature = signature
    self.call = call
    self.isGuarded = isGuarded
    memory = CallMemory(isGuarded: isGuarded)
  }

  /// What one call gave.
  struct Result {
    var answer: FunctionCall.Answer
    /// What it wrote, one for each item; bits, so that the poison is told from other NaNs.
    var scores: [UInt64]
    /// Whether it wrote behind the scores.
    var isOverrun: Bool
  }

  /// Calls the function for these items: one in the item form, any number in the batch form.
  ///
  /// - Parameters:
  ///   - items: the values of each item's arguments.
  ///   - parameters: the value of each argument that is a parameter.
  func run(
    _ items: [[ArgumentValue?]],
    _ parameters: [ArgumentValue?]
  ) throws(CallMemory.AllocationFailure) -> Result {
    slots.removeAll(keepingCapacity: true)
    var scores: UnsafeMutableRawPointer?
    for (index, argument) in signature.arguments.enumerated() {
      switch argument.source {
      case .parameter: try appendScalarOrText(parameters[index]!, argument.type, region: index)
      case .value(.count): slots.append(UInt64(items.count))
      case .scores:
        let room = try scoreRoom(items.count, region: index)
        scores = room
        append(UnsafeRawPointer(room))
      case .value, .column:
        if signature.call == .item {
          try appendScalarOrText(items[0][index]!, argument.type, region: index)
        } else {
          try appendArray(items.map { $0[index]! }, argument.type, argument: index)
        }
      }
    }
    let answer = slots.withUnsafeMutableBufferPointer { call.call($0.baseAddress!) }
    var result = Result(answer: answer, scores: [], isOverrun: false)
    if let scores {
      let words = scores.assumingMemoryBound(to: UInt64.self)
      result.scores = (0..<items.count).map { words[$0] }
      if !isGuarded {
        result.isOverrun = (0..<Self.margin).contains { words[items.count + $0] != Self.poison }
      }
    }
    return result
  }

  private func append(_ pointer: UnsafeRawPointer) {
    slots.append(UInt64(UInt(bitPattern: pointer)))
  }

  private func appendScalarOrText(
    _ value: ArgumentValue,
    _ type: FunctionSignature.CType,
    region: Int
  ) throws(CallMemory.AllocationFailure) {
    switch value {
    case .bits(let bits): slots.append(bits)
    case .text(let text):
      append(try memory.text(region, text, isTerminated: type == .string))
      if type == .text { slots.append(UInt64(text.utf8.count)) }
    }
  }

  /// An array with one entry for each item; for `text` a second one with the sizes.
  private func appendArray(
    _ values: [ArgumentValue],
    _ type: FunctionSignature.CType,
    argument: Int
  ) throws(CallMemory.AllocationFailure) {
    let count = signature.arguments.count
    var words: [UInt64] = []
    var sizes: [UInt64] = []
    for (item, value) in values.enumerated() {
      switch value {
      case .bits(let bits): words.append(bits)
      case .text(let text):
        // Behind the regions of arrays and sizes, one for each text of each item.
        let region = count * (2 + item) + argument
        let pointer = try memory.text(region, text, isTerminated: type == .string)
        words.append(UInt64(UInt(bitPattern: pointer)))
        sizes.append(UInt64(text.utf8.count))
      }
    }
    append(try array(words, width: type.isScalar ? type.width : 8, region: argument))
    if type == .text { append(try array(sizes, width: 8, region: count + argument)) }
  }

  private func array(
    _ words: [UInt64],
    width: Int,
    region: Int
  ) throws(CallMemory.AllocationFailure) -> UnsafeRawPointer {
    let room = try memory.room(region, count: words.count * width)
    for (index, word) in words.enumerated() {
      let place = room + index * width
      switch width {
      case 1: place.storeBytes(of: UInt8(truncatingIfNeeded: word), as: UInt8.self)
      case 4: place.storeBytes(of: UInt32(truncatingIfNeeded: word), as: UInt32.self)
      default: place.storeBytes(of: word, as: UInt64.self)
      }
    }
    return UnsafeRawPointer(room)
  }

  private func scoreRoom(
    _ count: Int,
    region: Int
  ) throws(CallMemory.AllocationFailure) -> UnsafeMutableRawPointer {
    let whole = count + (isGuarded ? 0 : Self.margin)
    let room = try memory.room(region, count: 8 * whole)
    room.initializeMemory(as: UInt64.self, repeating: Self.poison, count: whole)
    return room
  }
}

extension FunctionSignature {
  /// The C arguments, in order: what libffi has to know.
  var callArguments: [FunctionCall.ArgumentType] {
    arguments.flatMap { argument -> [FunctionCall.ArgumentType] in
      switch argument.source {
      case .scores: return [.pointer]
      case .parameter where argument.type.isScalar, .value(.count): return [.scalar(argument.type)]
      case .value where call == .item && argument.type.isScalar,
        .column where call == .item && argument.type.isScalar:
        return [.scalar(argument.type)]
      case .parameter:
        return argument.type == .text ? [.pointer, .scalar(.uint64)] : [.pointer]
      case .value, .column:
        guard argument.type == .text else { return [.pointer] }
        return call == .item ? [.pointer, .scalar(.uint64)] : [.pointer, .pointer]
      }
    }
  }
}

extension FunctionSignature.CType {
  /// Bytes of one in an array.
  var width: Int {
    switch self {
    case .bool: return 1
    case .int32, .float: return 4
    case .int64, .uint64, .double, .string, .text: return 8
    }
  }
}
