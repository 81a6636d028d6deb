/// BERT's normalizer: control characters out, blanks around ideographs, accents out, lowercase.
struct BertNormalizer: Sendable {
  private let cleansText: Bool
  private let partsIdeographs: Bool
  private let stripsAccents: Bool
  private let lowercases: Bool

  init(_ node: JSONNode) throws(TokenizerError) {
    cleansText = try node.bool("clean_text", default: true)
    partsIdeographs = try node.bool("handle_chinese_chars", default: true)
    lowercases = try node.bool("lowercase", default: true)
    // Where nothing is said accents go as capitals do.
    stripsAccents = try node.bool("strip_accents", default: lowercases)
  }

  func apply(_ text: Bytes) -> [UInt8]? {
    var steps: [(Bytes) -> [UInt8]?] = []
    if cleansText { steps.append(Self.cleaned) }
    if partsIdeographs { steps.append(Self.parted) }
    if stripsAccents { steps.append(Self.withoutAccents) }
    if lowercases { steps.append(Normalizer.lowercased) }
    return Normalizer.inOrder(steps, text)
  }

  private static func cleaned(_ text: Bytes) -> [UInt8]? {
    let sets = ScalarSets.shared
    return mapScalars(text) { value, result in
      if sets.contains(value, ScalarSets.bertControl) { return }
      appendScalar(CharacterClasses.shared.isBlank(value) ? 0x20 : value, to: &result)
    }
  }

  private static func parted(_ text: Bytes) -> [UInt8]? {
    if isASCII(text) { return nil }
    return mapScalars(text) { value, result in
      let isIdeograph = isIdeograph(value)
      if isIdeograph { result.append(0x20) }
      appendScalar(value, to: &result)
      if isIdeograph { result.append(0x20) }
    }
  }

  private static func isIdeograph(_ value: UInt32) -> Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }

  private static func withoutAccents(_ text: Bytes) -> [UInt8]? {
    if isASCII(text) { return nil }
    let forms = CanonicalForms.shared
    let sets = ScalarSets.shared
    return forms.utf8(
      forms.decomposed(text).filter { !sets.contains($0, ScalarSets.bertAccent) }
    )
  }
}
