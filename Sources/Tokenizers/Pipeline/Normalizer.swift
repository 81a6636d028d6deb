/// One step that rewrites text before it is split.
indirect enum Normalizer: Sendable {
  case nfc
  case nfd
  case lowercase
  case strip(left: Bool, right: Bool)
  case prepend([UInt8])
  case replace(TextPattern, with: [UInt8])
  case sequence([Normalizer])

  static let supported =
    "NFC, NFD, Lowercase, Strip, Prepend, Replace, Sequence"

  init(_ node: JSONNode) throws(TokenizerError) {
    switch try node.type() {
    case "NFC": self = .nfc
    case "NFD": self = .nfd
    case "Lowercase": self = .lowercase
    case "Strip":
      self = .strip(
        left: try node.bool("strip_left", default: true),
        right: try node.bool("strip_right", default: true)
      )
    case "Prepend": self = .prepend(Array(try node.required("prepend").string().utf8))
    case "Replace":
      self = .replace(
        try TextPattern(try node.required("pattern")),
        with: Array(try node.required("content").string().utf8)
      )
    case "Sequence":
      var steps: [Normalizer] = []
      for step in try node.required("normalizers").elements() { steps.append(try Self(step)) }
      self = .sequence(steps)
    case let type: throw node.unsupported("normalizer \"\(type)\"", supported: Self.supported)
    }
  }

  /// The normal form of `text`, nil where it is `text` itself.
  func apply(_ text: Bytes) -> [UInt8]? {
    switch self {
    case .nfc:
      let forms = CanonicalForms.shared
      return forms.isCertainlyComposed(text) ? nil : forms.composed(text)
    case .nfd:
      let forms = CanonicalForms.shared
      return forms.utf8(forms.decomposed(text))
    case .lowercase:
      var result: [UInt8] = []
      result.reserveCapacity(text.count)
      var index = 0
      while index < text.count {
        let (value, length) = scalar(at: index, in: text)
        CharacterClasses.shared.appendLowercase(of: value, to: &result)
        index += length
      }
      return result
    case .strip(let left, let right):
      var range = 0..<text.count
      while left, !range.isEmpty, case let (value, length) = scalar(at: range.lowerBound, in: text),
        CharacterClasses.shared.isBlank(value)
      {
        range = range.lowerBound + length..<range.upperBound
      }
      while right, !range.isEmpty,
        case let (value, length) = scalar(before: range.upperBound, in: text),
        CharacterClasses.shared.isBlank(value)
      {
        range = range.lowerBound..<range.upperBound - length
      }
      return Array(text[range])
    case .prepend(let prefix):
      if text.isEmpty { return nil }
      var result: [UInt8] = []
      result.reserveCapacity(prefix.count + text.count)
      result.append(contentsOf: prefix)
      result.append(contentsOf: text)
      return result
    case .replace(let pattern, let content):
      return pattern.replace(in: text, with: content)
    case .sequence(let steps):
      var result: [UInt8]?
      for step in steps {
        if let current = result {
          result = current.withUnsafeBufferPointer { step.apply($0) } ?? current
        } else {
          result = step.apply(text)
        }
      }
      return result
    }
  }
}
