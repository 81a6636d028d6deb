import Components

extension KeyType where Value == [String] {
  /// A list of texts that are not empty; a single text is a list of one.
  static func texts(_ what: String) -> Self {
    let name = "a list of \(what)"
    return KeyType(
      name: name,
      decode: { value throws(KeyRefusal) in
        let elements: [ParameterValue] =
          switch value {
          case .array(let values): values
          case .string: [value]
          default: throw .wrongType(value, name)
          }
        var texts: [String] = []
        for element in elements {
          guard case .string(let text) = element else { throw .wrongType(element, "text") }
          guard !text.isEmpty else { throw .outOfRange(element, "text that is not empty") }
          texts.append(text)
        }
        return texts
      },
      encode: { .array($0.map(ParameterValue.string)) }
    )
  }
}
