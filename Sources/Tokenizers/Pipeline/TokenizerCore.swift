/// What a tokenizer consists of; immutable but for the idle caches.
final class TokenizerCore: Sendable {
  enum Model: Sendable {
    case bpe(BPEModel)
    case wordLevel(WordLevelModel)
    case wordPiece(WordPieceModel)
    case unigram(UnigramModel)

    var vocabulary: Vocabulary {
      switch self {
      case .bpe(let model): model.vocabulary
      case .wordLevel(let model): model.vocabulary
      case .wordPiece(let model): model.vocabulary
      case .unigram(let model): model.vocabulary
      }
    }
  }

  /// The file as it was read, which is what is saved again.
  let source: [UInt8]
  let addedTokens: [AddedToken]
  let model: Model
  let pieces: TokenPieces
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher
  private let normalizer: Normalizer?
  private let preTokenizers: [PreTokenizer]
  private let postProcessor: PostProcessor
  private let addedIDs: ByteTable
  private let scratches = ScratchPool()

  init(source: [UInt8], file: String) throws(TokenizerError) {
    self.source = source
    let root = JSONNode(try JSONParser.parse(source, file: file), file: file)
    let normalizer = try root.optional("normalizer").map { (node) throws(TokenizerError) in
      try Normalizer(node)
    }
    self.normalizer = normalizer
    var steps: [PreTokenizer] = []
    if let node = try root.optional("pre_tokenizer") { steps = try PreTokenizer.steps(node) }
    postProcessor =
      try root.optional("post_processor").map { (node) throws(TokenizerError) in
        try PostProcessor(node)
      } ?? PostProcessor()
    let decoder = try DecoderStep.steps(try root.optional("decoder"))
    try Self.checkGrowth(root, "normalizer", normalizer?.growth ?? 1)
    try Self.checkGrowth(root, "pre_tokenizer", steps.reduce(1) { $0 * $1.growth })
    try Self.checkGrowth(root, "decoder", decoder.reduce(1) { $0 * $1.growth })

    let modelNode = try root.required("model")
    var isByteLevel = false
    if case .byteLevel? = steps.last { isByteLevel = true }
    model = try Self.model(modelNode, isByteLevel: isByteLevel)
    if case .bpe(let bpe) = model, bpe.takesRawBytes,
      case .byteLevel(let addsBlank, let cuts, _)? = steps.last
    {
      steps[steps.count - 1] = .byteLevel(addsBlank: addsBlank, cuts: cuts, mapsBytes: false)
    }
    preTokenizers = steps

    addedTokens = try Self.addedTokens(root, model.vocabulary)
    var texts: [Int32: [UInt8]] = [:]
    var raw = AddedTokenMatcher()
    var normalized = AddedTokenMatcher()
    var addedIDs = ByteTable(minimumCapacity: addedTokens.count)
    // The library lists special tokens first; of two with one normal form the first one matches.
    for token in addedTokens.filter(\.isSpecial) + addedTokens.filter({ !$0.isSpecial }) {
      var content = Array(token.content.utf8)
      addedIDs.insert(token.content, token.id)
      if token.isNormalized {
        content = content.withUnsafeBufferPointer { normalizer?.apply($0) } ?? content
        normalized.add(token, matching: content)
      } else {
        raw.add(token, matching: content)
      }
      texts[token.id] = content
    }
    rawMatcher = raw
    normalizedMatcher = normalized
    self.addedIDs = addedIDs
    pieces = TokenPieces(model.vocabulary, addedTokens, texts: texts, decoder)
    if let node = try root.optional("post_processor") { try checkAddedIDs(node) }
  }

  /// Steps that make text thousands of times as long, one after the other, would fill the memory.
  private static func checkGrowth(
    _ root: JSONNode,
    _ key: String,
    _ growth: Double
  ) throws(TokenizerError) {
    guard growth > 4096, let node = try root.optional(key) else { return }
    throw node.failure(
      "the steps together may make text \(Int(min(growth, 1e12))) times as long",
      cure: "Shorten what Replace steps put in; at most 4096 times is read"
    )
  }

  /// An id without a token would reach beyond the embedding.
  private func checkAddedIDs(_ node: JSONNode) throws(TokenizerError) {
    for id in postProcessor.prefix + postProcessor.suffix where !pieces.hasToken(id) {
      throw node.failure(
        "the post-processor adds an id that no token has",
        value: String(id),
        cure: "Use the ids of model.vocab and added_tokens"
      )
    }
  }

  private static func model(_ node: JSONNode, isByteLevel: Bool) throws(TokenizerError) -> Model {
    // GPT-2's file names no type.
    let type = try node.optional("type")
    switch try type?.string() ?? "BPE" {
    case "BPE": return .bpe(try BPEModel(node, isByteLevel: isByteLevel))
    case "WordLevel": return .wordLevel(try WordLevelModel(node))
    case "WordPiece": return .wordPiece(try WordPieceModel(node))
    case "Unigram": return .unigram(try UnigramModel(node))
    case let name:
      throw node.unsupported("model \"\(name)\"", supported: "BPE, Unigram, WordLevel, WordPiece")
    }
  }

  /// Reads `added_tokens`; each id must be the one that the library would give the token.
  private static func addedTokens(
    _ root: JSONNode,
    _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    var seen = ByteTable()
    var largest: Int32 = -1
    for node in try root.optional("added_tokens")?.elements() ?? [] {
      let token = try AddedToken(node)
      if token.content.isEmpty { continue }
      // The library ignores the file's id: it takes the model's, or else the next one.
      let expected =
        seen.find(token.content).map { tokens[Int($0)].id } ?? vocabulary.id(token.content)
        ?? (largest >= Int32(vocabulary.size) ? largest + 1 : Int32(vocabulary.size))
      guard token.id == expected else {
        throw try node.required("id").failure(
          "the `tokenizers` library gives this token the id \(expected)",
          value: String(token.id),
          cure: "Number added tokens on from the vocabulary's \(vocabulary.size) tokens"
        )
      }
      largest = max(largest, token.id)
      if let index = seen.find(token.content) {
        tokens[Int(index)] = token  // The later of two entries counts.
      } else {
        seen.insert(token.content, Int32(tokens.count))
        tokens.append(token)
      }
    }
    return tokens
  }

  /// The id of a token, added or of the model.
  func id(of token: String) -> Int32? { addedIDs.find(token) ?? model.vocabulary.id(token) }

  func encode(_ text: Bytes, addSpecialTokens: Bool, matchesSpecial: Bool) -> [Int32] {
    var ids: [Int32] = []
    ids.reserveCapacity(text.count / 3 + 8)
    if addSpecialTokens { ids += postProcessor.prefix }
    var scratch = scratches.take()
    rawMatcher.split(text, matchesSpecial: matchesSpecial) { segment in
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        let piece = Bytes(rebasing: text[range])
        let isFirst = range.lowerBound == 0
        if let normal = normalizer?.apply(piece) {
          normal.withUnsafeBufferPointer {
            encodeNormalized($0, isFirst, matchesSpecial, &ids, &scratch)
          }
        } else {
          encodeNormalized(piece, isFirst, matchesSpecial, &ids, &scratch)
        }
      }
    }
    scratches.giveBack(scratch)
    if addSpecialTokens { ids += postProcessor.suffix }
    return ids
  }

  private func encodeNormalized(
    _ text: Bytes,
    _ isFirst: Bool,
    _ matchesSpecial: Bool,
    _ ids: inout [Int32],
    _ scratch: inout EncodingScratch
  ) {
    normalizedMatcher.split(text, matchesSpecial: matchesSpecial) { segment in
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        cut(Bytes(rebasing: text[range]), isFirst && range.lowerBound == 0, step: 0) { word in
          switch model {
          case .bpe(let model): model.encode(word, into: &ids, &scratch)
          case .wordLevel(let model): model.encode(word, into: &ids)
          case .wordPiece(let model): model.encode(word, into: &ids)
          case .unigram(let model): model.encode(word, into: &ids, &scratch)
          }
        }
      }
    }
  }

  /// Calls `body` with the words of `text` after all pre-tokenizers from number `step`.
  private func cut(_ text: Bytes, _ isFirst: Bool, step: Int, _ body: (Bytes) -> Void) {
    guard step < preTokenizers.count else {
      if !text.isEmpty { body(text) }
      return
    }
    preTokenizers[step].apply(to: text, isFirst: isFirst) { piece, isFirst in
      cut(piece, isFirst, step: step + 1, body)
    }
  }

  /// The words that the model would see, as text; for tests against the library.
  func words(of text: String) -> [[UInt8]] {
    var text = text
    var words: [[UInt8]] = []
    text.withUTF8 { bytes in
      let normal = normalizer?.apply(bytes) ?? Array(bytes)
      if normal.isEmpty { return }
      normal.withUnsafeBufferPointer { cut($0, true, step: 0) { words.append(Array($0)) } }
    }
    return words
  }
}
