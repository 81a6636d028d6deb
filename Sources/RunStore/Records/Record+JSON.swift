extension Record {
  /// Reads back what `json` wrote: one JSON object, its fields in their written order and its reals with their bits.
  ///
  /// Safe with any input: it nests at most 64 levels, and memory stays in proportion to the text.
  public init(json text: some Sequence<UInt8>) throws(RecordSyntaxError) {
    do throws(JSONReader.Failure) {
      guard case .object(let fields) = try JSONReader.value(text) else {
        throw JSONReader.Failure(offset: 0, reason: "not an object")
      }
      self.init(fields)
    } catch {
      throw RecordSyntaxError(offset: error.offset, reason: error.reason)
    }
  }
}

/// Why a text is no record.
public struct RecordSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where, in bytes from the text's beginning.
  public var offset: Int
  /// What is wrong there.
  public var reason: String

  /// One phrase, to stand behind the name of what was read.
  public var description: String { "byte \(offset): \(reason)" }
}

extension RecordValue {
  /// True or false, or `nil`.
  public var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  /// The values, or `nil`.
  public var array: [RecordValue]? {
    if case .array(let values) = self { return values }
    return nil
  }
}
