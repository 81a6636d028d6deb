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

  init(_ vocabulary: Vocabulary, _ addedTokens: [AddedToken], _ decoder: [DecoderStep]) {
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

    var added: [Int32: AddedToken] = [:]
    for token in addedTokens { added[token.id] = token }
    // A special token is one whose content is a special token's, wherever its id comes from.
    let specials = Set(addedTokens.lazy.filter(\.isSpecial).map { Array($0.content.utf8) })
    let limit = max(vocabulary.idLimit, Int(added.keys.max() ?? -1) + 1)
    isPresent.reserveCapacity(limit)
    offsets.reserveCapacity(limit + 1)
    for id in 0..<Int32(limit) {
      if var token = added[id].map({ Array($0.content.utf8) })
        ?? vocabulary.token(id).map(Array.init)
      {
        isPresent.append(true)
        isSpecial.append(added[id]?.isSpecial ?? false || specials.contains(token))
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

  func isSpecial(_ id: Int32) -> Bool {
    id >= 0 && Int(id) < isSpecial.count && isSpecial[Int(id)]
  }

  /// The bytes of an id that is not skipped.
  @inline(__always)
  func bytes(_ id: Int32) -> ArraySlice<UInt8> { blob[offsets[Int(id)]..<offsets[Int(id) + 1]] }
}
