/// A vocabulary of whole words: each pre-token is one token or the unknown token.
struct WordLevelModel: Sendable {
  let vocabulary: Vocabulary
  let unknownID: Int32

  init(_ node: JSONNode) throws(TokenizerError) {
    vocabulary = try Vocabulary(try node.required("vocab"))
    unknownID = try vocabulary.unknownID(try node.required("unk_token"))
  }

  @inline(__always)
  func encode(_ word: Bytes, into ids: inout [Int32]) {
    ids.append(vocabulary.id(word) ?? unknownID)
  }
}

extension Vocabulary {
  /// The id of the token that `unk_token` names.
  func unknownID(_ node: JSONNode) throws(TokenizerError) -> Int32 {
    let name = try node.string()
    guard let id = id(name) else {
      throw node.failure(
        "the unknown token is not in model.vocab",
        value: name,
        cure: "Add it to model.vocab, or name a token that is there"
      )
    }
    return id
  }
}
