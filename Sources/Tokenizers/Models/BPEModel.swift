/// Byte-pair encoding: a word's characters (or bytes) are merged in the order of the merges.
///
/// Byte-level models (GPT-2, Qwen, Llama 3) are kept over raw bytes; their stand-in characters
/// appear only in the file. Others work on characters, with bytes as the fallback for unknown ones
/// (Llama 2, Mistral).
struct BPEModel: Sendable {
  let vocabulary: Vocabulary
  private var merges: MergeTable
  private let ignoresMerges: Bool
  /// Whole tokens by raw bytes, for a byte-level model with `ignore_merges`.
  private let rawTokens: ByteTable?
  /// Ids of the 256 single bytes where the model works on raw bytes.
  private let byteIDs: [Int32]?
  /// Ids of `<0x00>` to `<0xFF>`, -1 where absent, with `byte_fallback`.
  private let fallbackIDs: [Int32]?
  private let unknownID: Int32?
  private let fusesUnknown: Bool
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  /// Whether a word may be cut before each `▁` that follows another character: no token reaches over
  /// such a place, so no merge does. SentencePiece models take whole texts as one word; cut, they
  /// profit from the cache.
  private let cutsAtMarkers: Bool
  private static let marker: [UInt8] = Array("▁".utf8)

  /// Whether words come as raw bytes instead of stand-in characters.
  var takesRawBytes: Bool { byteIDs != nil }

  /// Reads `model`; `isByteLevel` says that the last pre-tokenizer maps bytes to stand-ins.
  init(_ node: JSONNode, isByteLevel: Bool) throws(TokenizerError) {
    if let dropout = try node.optional("dropout"), dropout.value != .int(0),
      dropout.value != .double(0)
    {
      throw dropout.unsupported("BPE dropout", supported: "null or 0: ids must be reproducible")
    }
    let vocabulary = try Vocabulary(try node.required("vocab"))
    self.vocabulary = vocabulary
    prefix = Array(try node.optional("continuing_subword_prefix")?.string().utf8 ?? "".utf8)
    suffix = Array(try node.optional("end_of_word_suffix")?.string().utf8 ?? "".utf8)
    ignoresMerges = try node.bool("ignore_merges", default: false)
    fusesUnknown = try node.bool("fuse_unk", default: false)

    byteIDs = isByteLevel && prefix.isEmpty && suffix.isEmpty ? Self.byteIDs(of: vocabulary) : nil
    rawTokens = byteIDs != nil && ignoresMerges ? Self.rawTokens(of: vocabulary) : nil
    let fallsBack = try node.bool("byte_fallback", default: false) && byteIDs == nil
    let fallback = fallsBack ? vocabulary.byteFallbackIDs() : nil
    fallbackIDs = fallback
    if let unknown = try node.optional("unk_token") {
      unknownID = vocabulary.id(try unknown.string())
      // Where every character has a token the unknown one is never asked for.
      if unknownID == nil, byteIDs == nil, fallback?.contains(-1) ?? true {
        throw unknown.failure(
          "the unknown token is not in model.vocab",
          value: try unknown.string(),
          cure: "Add it to model.vocab, or set it to null"
        )
      }
    } else {
      unknownID = nil
    }
    cutsAtMarkers =
      byteIDs == nil && prefix.isEmpty && suffix.isEmpty && vocabulary.id(Self.marker) != nil
      && !vocabulary.contains { !Self.markerCuts($0).isEmpty }
    merges = try Self.merges(
      try node.required("merges"),
      vocabulary: vocabulary,
      prefixLength: prefix.count
    )
  }

  private static func byteIDs(of vocabulary: Vocabulary) -> [Int32]? {
    var ids: [Int32] = []
    for byte in UInt8.min...UInt8.max {
      guard let id = vocabulary.id(ByteAlphabet.encode([byte])) else { return nil }
      ids.append(id)
    }
    return ids
  }

  private static func rawTokens(of vocabulary: Vocabulary) -> ByteTable {
    var table = ByteTable(minimumCapacity: vocabulary.size)
    for id in 0..<Int32(vocabulary.idLimit) {
      guard let token = vocabulary.token(id), let raw = ByteAlphabet.decode(token) else { continue }
      raw.withUnsafeBufferPointer { table.insert($0, id) }
    }
    return table
  }

  /// Reads `"a b"` strings or `["a", "b"]` pairs.
  private static func merges(
    _ node: JSONNode,
    vocabulary: Vocabulary,
    prefixLength: Int
  ) throws(TokenizerError) -> MergeTable {
    guard case .array(let values) = node.value else {
      throw node.failure(
        "expected an array",
        cure: "Write the file again with the `tokenizers` library"
      )
    }
    var table = MergeTable(minimumCapacity: values.count)
    var product: [UInt8] = []
    for (rank, value) in values.enumerated() {
      guard let (left, right) = parts(of: value) else {
        throw failure(node, rank, value, "expected \"a b\" or [\"a\", \"b\"]")
      }
      product.removeAll(keepingCapacity: true)
      product.append(contentsOf: left.utf8)
      product.append(contentsOf: right.utf8.dropFirst(prefixLength))
      guard let leftID = vocabulary.id(left), let rightID = vocabulary.id(right),
        let productID = vocabulary.id(product)
      else { throw failure(node, rank, value, "a part or the product is not in model.vocab") }
      table.insert(leftID, rightID, rank: rank, product: productID)
    }
    return table
  }

  private static func parts(of value: JSONValue) -> (String, String)? {
    switch value {
    case .string(let pair):
      guard let blank = pair.utf8.firstIndex(of: 0x20) else { return nil }
      let right = pair.utf8[pair.utf8.index(after: blank)...]
      guard !right.contains(0x20) else { return nil }
      return (String(Substring(pair.utf8[..<blank])), String(Substring(right)))
    case .array(let pair):
      guard pair.count == 2, case .string(let left) = pair[0], case .string(let right) = pair[1]
      else { return nil }
      return (left, right)
    default: return nil
    }
  }

  private static func failure(
    _ node: JSONNode,
    _ index: Int,
    _ value: JSONValue,
    _ problem: String
  ) -> TokenizerError {
    JSONNode(value, path: "\(node.path)[\(index)]", file: node.file).failure(
      problem,
      value: value.serialized(),
      cure: "Vocabulary and merges must come from the same file; write it again"
    )
  }

  /// Appends the ids of one word.
  func encode(_ word: Bytes, into ids: inout [Int32], _ scratch: inout EncodingScratch) {
    if ignoresMerges, let id = rawTokens.map({ $0.find(word) }) ?? vocabulary.id(word) {
      ids.append(id)
      return
    }
    guard cutsAtMarkers else { return encodePart(word, into: &ids, &scratch) }
    var start = 0
    for cut in Self.markerCuts(word) + [word.count] {
      encodePart(Bytes(rebasing: word[start..<cut]), into: &ids, &scratch)
      start = cut
    }
  }

  /// The places where a marker follows another character.
  private static func markerCuts(_ text: Bytes) -> [Int] {
    var cuts: [Int] = []
    var index = 0
    var endOfMarker = 0
    while index + marker.count <= text.count {
      if text[index] == marker[0], text[index + 1] == marker[1], text[index + 2] == marker[2] {
        if index > endOfMarker { cuts.append(index) }
        index += marker.count
        endOfMarker = index
      } else {
        index += 1
      }
    }
    return cuts
  }

  private func encodePart(
    _ word: Bytes,
    into ids: inout [Int32],
    _ scratch: inout EncodingScratch
  ) {
    let isCached = word.count <= WordCache.maximumWordLength
    let hash = isCached ? hashBytes(word) : 0
    if isCached, scratch.cache.append(word, hash, to: &ids) { return }
    let start = ids.count
    scratch.symbols.removeAll(keepingCapacity: true)
    appendSymbols(of: word, to: &scratch.symbols)
    merge(&scratch)
    ids.append(contentsOf: scratch.symbols)
    if isCached { scratch.cache.insert(word, hash, ids[start...]) }
  }

  private func appendSymbols(of word: Bytes, to symbols: inout [Int32]) {
    if let byteIDs {
      byteIDs.withUnsafeBufferPointer { table in
        for byte in word { symbols.append(table[Int(byte)]) }
      }
      return
    }
    var pendingUnknown = false
    var index = 0
    while index < word.count {
      let start = index
      index += scalar(at: index, in: word).length
      let character = Bytes(rebasing: word[start..<index])
      let (isFirst, isLast) = (start == 0, index == word.count)
      if let id = symbolID(character, isFirst: isFirst, isLast: isLast) {
        if pendingUnknown, let unknownID { symbols.append(unknownID) }
        pendingUnknown = false
        symbols.append(id)
        continue
      }
      // The library appends fallback bytes before an unknown token that is still pending.
      if appendBytes(of: character, isFirst: isFirst, isLast: isLast, to: &symbols) { continue }
      guard let unknownID else { continue }
      if pendingUnknown, !fusesUnknown { symbols.append(unknownID) }
      pendingUnknown = true
    }
    if pendingUnknown, let unknownID { symbols.append(unknownID) }
  }

  private func symbolID(_ character: Bytes, isFirst: Bool, isLast: Bool) -> Int32? {
    if prefix.isEmpty && suffix.isEmpty { return vocabulary.id(character) }
    return vocabulary.id(marked(character, isFirst: isFirst, isLast: isLast))
  }

  /// A character with what marks its place in the word.
  private func marked(_ character: Bytes, isFirst: Bool, isLast: Bool) -> [UInt8] {
    (isFirst ? [] : prefix) + character + (isLast ? suffix : [])
  }

  /// Appends the fallback tokens of a character's bytes; false where there are none.
  ///
  /// As in the library the bytes are also those of a prefix and a suffix.
  private func appendBytes(
    of character: Bytes,
    isFirst: Bool,
    isLast: Bool,
    to symbols: inout [Int32]
  ) -> Bool {
    guard let fallbackIDs else { return false }
    func append(_ bytes: some Collection<UInt8>) -> Bool {
      guard bytes.allSatisfy({ fallbackIDs[Int($0)] >= 0 }) else { return false }
      for byte in bytes { symbols.append(fallbackIDs[Int(byte)]) }
      return true
    }
    return prefix.isEmpty && suffix.isEmpty
      ? append(character) : append(marked(character, isFirst: isFirst, isLast: isLast))
  }
}

extension BPEModel {
  /// Words up to this many symbols are merged by scanning; the scan is faster than a heap.
  private static let scanLimit = 40

  /// Merges `scratch.symbols` until no pair is left, the lowest rank first, then the leftmost.
  private func merge(_ scratch: inout EncodingScratch) {
    let count = scratch.symbols.count
    guard count > 1 else { return }
    if count <= Self.scanLimit {
      mergeByScanning(&scratch)
    } else {
      mergeWithHeap(&scratch)
    }
  }

  private func mergeByScanning(_ scratch: inout EncodingScratch) {
    var count = scratch.symbols.count
    scratch.pairs.removeAll(keepingCapacity: true)
    for index in 0..<count - 1 {
      scratch.pairs.append(merges.find(scratch.symbols[index], scratch.symbols[index + 1]))
    }
    scratch.symbols.withUnsafeMutableBufferPointer { symbols in
      scratch.pairs.withUnsafeMutableBufferPointer { pairs in
        while count > 1 {
          var best = MergeTable.none
          var place = 0
          for index in 0..<count - 1 where pairs[index] < best {
            best = pairs[index]
            place = index
          }
          if best == MergeTable.none { break }
          symbols[place] = Int32(truncatingIfNeeded: best)
          count -= 1
          var index = place + 1
          while index < count {
            symbols[index] = symbols[index + 1]
            pairs[index - 1] = pairs[index]
            index += 1
          }
          if place > 0 { pairs[place - 1] = merges.find(symbols[place - 1], symbols[place]) }
          if place < count - 1 { pairs[place] = merges.find(symbols[place], symbols[place + 1]) }
        }
      }
    }
    scratch.symbols.removeLast(scratch.symbols.count - count)
  }

  /// The same with a heap over a linked list: SentencePiece models take a whole text as one word.
  private func mergeWithHeap(_ scratch: inout EncodingScratch) {
    let count = scratch.symbols.count
    scratch.prepareLists(count)
    for index in 0..<count {
      let pair =
        index + 1 < count
        ? merges.find(scratch.symbols[index], scratch.symbols[index + 1]) : MergeTable.none
      scratch.pairs.append(pair)
      if pair != MergeTable.none { scratch.heap.append((pair & ~0xFFFF_FFFF) | UInt64(index)) }
    }
    scratch.heap.makeHeap()
    while let entry = scratch.heap.popMinimum() {
      let place = Int(entry & 0xFFFF_FFFF)
      let pair = scratch.pairs[place]
      // A place whose pair has changed since has a newer entry of its own.
      guard pair != MergeTable.none, pair >> 32 == entry >> 32 else { continue }
      let right = Int(scratch.next[place])
      scratch.symbols[place] = Int32(truncatingIfNeeded: pair)
      scratch.symbols[right] = -1
      scratch.pairs[right] = MergeTable.none
      let after = Int(scratch.next[right])
      scratch.next[place] = Int32(after)
      scratch.pairs[place] = MergeTable.none
      if after < count {
        scratch.previous[after] = Int32(place)
        scratch.renewPair(at: place, merges.find(scratch.symbols[place], scratch.symbols[after]))
      }
      let before = Int(scratch.previous[place])
      if before >= 0 {
        scratch.renewPair(at: before, merges.find(scratch.symbols[before], scratch.symbols[place]))
      }
    }
    scratch.symbols.removeAll { $0 < 0 }
  }
}
