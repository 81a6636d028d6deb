/// BERT's model: from the left the longest token that fits, or the unknown token for the whole word.
struct WordPieceModel: Sendable {
  let vocabulary: Vocabulary
  private let unknownID: Int32
  private let prefix: [UInt8]
  private let maximumCharacters: Int

  init(_ node: JSONNode) throws(TokenizerError) {
    vocabulary = try Vocabulary(try node.required("vocab"))
    unknownID = try vocabulary.unknownID(try node.required("unk_token"))
    prefix = Array(try node.optional("continuing_subword_prefix")?.string().utf8 ?? "##".utf8)
    let limit = try node.optional("max_input_chars_per_word")
    maximumCharacters = try limit?.int(atLeast: 0) ?? 100
  }

  /// Appends the ids of one word.
  ///
  /// - Complexity: O(characters²) for a word, of which the file allows 100 unless it says otherwise.
  func encode(_ word: Bytes, into ids: inout [Int32]) {
    let first = ids.count
    guard word.lazy.filter({ $0 & 0xC0 != 0x80 }).count <= maximumCharacters else {
      ids.append(unknownID)
      return
    }
    var candidate: [UInt8] = []
    var start = 0
    while start < word.count {
      candidate.removeAll(keepingCapacity: true)
      if start > 0 { candidate += prefix }
      candidate += word[start...]
      var end = word.count
      var found: Int32?
      while end > start {
        found = vocabulary.id(candidate)
        if found != nil { break }
        let length = scalar(before: end, in: word).length
        end -= length
        candidate.removeLast(length)
      }
      guard let found else {
        ids.removeLast(ids.count - first)
        ids.append(unknownID)
        return
      }
      ids.append(found)
      start = end
    }
  }
}
