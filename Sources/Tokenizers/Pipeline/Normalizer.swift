/// One step that rewrites text before it is split.
indirect enum Normalizer: Sendable {
  case composed(compatibly: Bool)
  case decomposed(compatibly: Bool)
  case lowercase
  case strip(left: Bool, right: Bool)
  case stripAccents
  case prepend([UInt8])
  case replace(TextPattern, with: [UInt8])
  /// Stand-in characters for bytes.
  case byteLevel
  /// SentencePiece's removal of control characters.
  case nmt
  case bert(BertNormalizer)
  /// SentencePiece's own table.
  case precompiled(CharacterMap)
  case sequence([Normalizer])

  static let supported =
    "NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Prepend, Replace, ByteLevel, Nmt, "
    + "Precompiled, BertNormalizer, Sequence"

  init(_ node: JSONNode) throws(TokenizerError) {
    switch try node.type() {
    case "NFC": self = .composed(compatibly: false)
    case "NFD": self = .decomposed(compatibly: false)
    case "NFKC": self = .composed(compatibly: true)
    case "NFKD": self = .decomposed(compatibly: true)
    case "Lowercase": self = .lowercase
    case "Strip":
      self = .strip(
        left: try node.bool("strip_left", default: true),
        right: try node.bool("strip_right", default: true)
      )
    case "StripAccents": self = .stripAccents
    case "Prepend": self = .prepend(Array(try node.required("prepend").string().utf8))
    case "Replace":
      self = .replace(
        try TextPattern(try node.required("pattern")),
        with: Array(try node.required("content").string().utf8)
      )
    case "ByteLevel": self = .byteLevel
    case "Nmt": self = .nmt
    case "BertNormalizer": self = .bert(try BertNormalizer(node))
    case "Precompiled":
      self = .precompiled(try CharacterMap(try node.required("precompiled_charsmap")))
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
    case .composed(let compatibly):
      let forms = CanonicalForms.shared
      if compatibly ? isASCII(text) : forms.isCertainlyComposed(text) { return nil }
      return forms.composed(text, compatibly: compatibly)
    case .decomposed(let compatibly):
      if isASCII(text) { return nil }
      let forms = CanonicalForms.shared
      return forms.utf8(forms.decomposed(text, compatibly: compatibly))
    case .lowercase: return Self.lowercased(text)
    case .strip(let left, let right): return Self.stripped(text, left, right)
    case .stripAccents:
      return isASCII(text) ? nil : ScalarSets.shared.without(ScalarSets.accent, text)
    case .prepend(let prefix):
      if text.isEmpty { return nil }
      var result: [UInt8] = []
      result.reserveCapacity(prefix.count + text.count)
      result.append(contentsOf: prefix)
      result.append(contentsOf: text)
      return result
    case .replace(let pattern, let content): return pattern.replace(in: text, with: content)
    case .byteLevel: return ByteAlphabet.encode(text)
    case .nmt: return Self.withoutControls(text)
    case .bert(let settings): return settings.apply(text)
    case .precompiled(let map): return map.apply(text)
    case .sequence(let steps):
      return Self.inOrder(steps.lazy.map { step in { step.apply($0) } }, text)
    }
  }

  /// The result of several steps, nil where none changes anything.
  static func inOrder(
    _ steps: some Sequence<(Bytes) -> [UInt8]?>,
    _ text: Bytes
  ) -> [UInt8]? {
    var result: [UInt8]?
    for step in steps {
      if let current = result {
        result = current.withUnsafeBufferPointer { step($0) } ?? current
      } else {
        result = step(text)
      }
    }
    return result
  }

  static func lowercased(_ text: Bytes) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let (value, length) = scalar(at: index, in: text)
      if value < 0x80 {
        result.append(UInt8(value) | (0x41...0x5A ~= value ? 0x20 : 0))
      } else {
        CharacterClasses.shared.appendLowercase(of: value, to: &result)
      }
      index += length
    }
    return result
  }

  private static func stripped(_ text: Bytes, _ left: Bool, _ right: Bool) -> [UInt8]? {
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
    return range.count == text.count ? nil : Array(text[range])
  }

  private static func withoutControls(_ text: Bytes) -> [UInt8] {
    let sets = ScalarSets.shared
    return mapScalars(text) { value, result in
      if sets.contains(value, ScalarSets.nmtControl) { return }
      appendScalar(sets.contains(value, ScalarSets.nmtBlank) ? 0x20 : value, to: &result)
    }
  }

  /// How many times as long as its input the result may be, for steps that the file can make long.
  var growth: Double {
    switch self {
    case .replace(let pattern, let content):
      max(1, Double(content.count) / Double(pattern.minimumLength))
    case .byteLevel: 2
    case .precompiled(let map): Double(map.longestReplacement)
    case .sequence(let steps): steps.reduce(1) { $0 * $1.growth }
    default: 1
    }
  }
}

/// Calls `body` with each scalar of `text` and the result to append to.
@inline(__always)
func mapScalars(_ text: Bytes, _ body: (UInt32, inout [UInt8]) -> Void) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(text.count)
  var index = 0
  while index < text.count {
    let (value, length) = scalar(at: index, in: text)
    body(value, &result)
    index += length
  }
  return result
}

/// Whether no byte of `text` is above 0x7F.
func isASCII(_ text: Bytes) -> Bool {
  var index = 0
  var seen: UInt64 = 0
  let base = UnsafeRawPointer(text.baseAddress)
  while let base, index + 8 <= text.count {
    seen |= base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    index += 8
  }
  while index < text.count {
    seen |= UInt64(text[index])
    index += 1
  }
  return seen & 0x8080_8080_8080_8080 == 0
}
