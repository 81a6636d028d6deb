/// What each id contributes to decoded text, after the decoder steps that tokens pass alone.
struct TokenPieces: Sendable {
  private var blob: [UInt8] = []
  private var offsets: [Int] = [0]
  private var isPresent: [Bool] = []
  private var isSpecial: [Bool] = []
  /// The states of the remaining steps at the start of a text.
  let stages: [DecodingStage]
  /// Whether text is just the pieces' bytes one after the other, as for byte-level models.
  let isConcatenation: Bool

  /// `texts` are the added tokens' contents, normalised where the token is: the library decodes
  /// these, so that Llama 2's `<s>` has a blank before it.
  init(
    _ vocabulary: Vocabulary,
    _ addedTokens: [AddedToken],
    texts: [Int32: [UInt8]],
    _ decoder: [DecoderStep]
  ) {
    var alone: [DecoderStep] = []
    var rest = decoder[...]
    while let step = rest.first {
      if case .replace = step {
        alone.append(step)
        rest = rest.dropFirst()
        continue
      }
      if step == .byteLevel { alone.append(step) }
      break
    }
    stages = DecodingStage.stages(rest)
    isConcatenation = rest.elementsEqual([.byteLevel])

    // The library asks whether the decoded text is a special token's content and so keeps Llama 2's
    // `</s>` in text that should have no special tokens; here the id decides.
    let specials = Set(addedTokens.lazy.filter(\.isSpecial).map(\.id))
    let limit = max(vocabulary.idLimit, Int(texts.keys.max() ?? -1) + 1)
    isPresent.reserveCapacity(limit)
    offsets.reserveCapacity(limit + 1)
    for id in 0..<Int32(limit) {
      if var token = texts[id] ?? vocabulary.token(id).map(Array.init) {
        isPresent.append(true)
        isSpecial.append(specials.contains(id))
        for step in alone { token = step.applyAlone(to: token) ?? token }
        blob += token
      } else {
        isPresent.append(false)
        isSpecial.append(false)
      }
      offsets.append(blob.count)
    }
  }

  /// One more than the largest id.
  var count: Int { isPresent.count }

  /// Whether decoding passes over the id: it has no token, or a special one that is not wanted.
  @inline(__always)
  func isSkipped(_ id: Int32, _ skipSpecialTokens: Bool) -> Bool {
    guard id >= 0, Int(id) < isPresent.count, isPresent[Int(id)] else { return true }
    return skipSpecialTokens && isSpecial[Int(id)]
  }

  func hasToken(_ id: Int32) -> Bool { !isSkipped(id, false) }

  func isSpecial(_ id: Int32) -> Bool {
    id >= 0 && Int(id) < isSpecial.count && isSpecial[Int(id)]
  }

  /// The bytes of an id that is not skipped.
  @inline(__always)
  func bytes(_ id: Int32) -> ArraySlice<UInt8> { blob[offsets[Int(id)]..<offsets[Int(id) + 1]] }
}
