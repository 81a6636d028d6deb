/// A vocabulary of whole words: each pre-token is one token or the unknown token.
struct WordLevelModel: Sendable {
  let vocabulary: Vocabulary
  let unknownID: Int32

  init(_ node: JSONNode) throws(TokenizerError) {
    vocabulary = try Vocabulary(try node.required("vocab"))
    let unknown = try node.required("unk_token")
    let name = try unknown.string()
    guard let id = vocabulary.id(name) else {
      throw unknown.failure(
        "the unknown token is not in model.vocab",
        value: name,
        cure: "Add it to model.vocab, or name a token that is there"
      )
    }
    unknownID = id
  }

  @inline(__always)
  func encode(_ word: Bytes, into ids: inout [Int32]) {
    ids.append(vocabulary.id(word) ?? unknownID)
  }
}
