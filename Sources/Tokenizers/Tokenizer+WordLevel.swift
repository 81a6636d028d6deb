extension Tokenizer {
  /// Makes a tokenizer whose tokens are whole words between blanks.
  ///
  /// Ids: padding, end, unknown, then the words in their order. Decoding joins with one blank.
  /// The same file opens in `tokenizers` and `transformers` and gives the same ids.
  ///
  /// - Parameter vocabulary: Words without blanks, each once, none of them a special token.
  /// - Throws: `TokenizerError` that names the word that breaks these rules.
  public static func wordLevel(
    vocabulary: [String],
    padToken: String = "<pad>",
    eosToken: String = "<eos>",
    unkToken: String = "<unk>"
  ) throws(TokenizerError) -> Tokenizer {
    let specials = [padToken, eosToken, unkToken]
    try check(specials + vocabulary)
    var members: [JSONObject.Member] = []
    for (id, token) in (specials + vocabulary).enumerated() { members.append((token, .int(id))) }
    let added = specials.enumerated().map { id, token -> JSONValue in
      [
        "id": .int(id), "content": .string(token), "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true,
      ]
    }
    let file: JSONValue = [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added),
      "normalizer": nil, "pre_tokenizer": ["type": "WhitespaceSplit"], "post_processor": nil,
      "decoder": nil,
      "model": [
        "type": "WordLevel", "vocab": .object(JSONObject(members)), "unk_token": .string(unkToken),
      ],
    ]
    let configuration: JSONValue = [
      "tokenizer_class": "PreTrainedTokenizerFast", "pad_token": .string(padToken),
      "eos_token": .string(eosToken), "unk_token": .string(unkToken),
      "clean_up_tokenization_spaces": false,
    ]
    return try Tokenizer(
      json: (file.serialized(.indented(2)) + "\n").utf8,
      configuration: Array((configuration.serialized(.indented(2)) + "\n").utf8),
      file: "word-level tokenizer"
    )
  }

  private static func check(_ tokens: [String]) throws(TokenizerError) {
    var seen = ByteTable(minimumCapacity: tokens.count)
    for (index, token) in tokens.enumerated() {
      func failure(_ problem: String) -> TokenizerError {
        TokenizerError(
          file: "word-level tokenizer",
          path: "token \(index)",
          problem: problem,
          value: token.debugDescription,
          cure: "Give each word once, without blanks in it"
        )
      }
      if token.isEmpty { throw failure("the token is empty") }
      if token.unicodeScalars.contains(where: { CharacterClasses.shared.isBlank($0.value) }) {
        throw failure("the token has a blank in it and could never match")
      }
      if seen.find(token) != nil { throw failure("the token appears twice") }
      seen.insert(token, Int32(index))
    }
  }

  /// The order of a trained vocabulary.
  public enum WordOrder: Sendable {
    /// As the words first appear in the texts.
    case firstAppearance
    /// The most frequent first, equal ones by their bytes.
    case frequency
  }

  /// Makes a word-level tokenizer of the words in `texts`; the same texts give the same ids.
  ///
  /// - Parameters:
  ///   - texts: The texts to read.
  ///   - order: How words are numbered after the special tokens.
  ///   - minimumFrequency: Words that appear less often are unknown.
  ///   - maximumSize: Most tokens, the three special ones included; nil for no limit. The most
  ///     frequent words stay.
  public static func trainWordLevel(
    texts: some Sequence<String>,
    order: WordOrder = .firstAppearance,
    minimumFrequency: Int = 1,
    maximumSize: Int? = nil,
    padToken: String = "<pad>",
    eosToken: String = "<eos>",
    unkToken: String = "<unk>"
  ) throws(TokenizerError) -> Tokenizer {
    let specials = [padToken, eosToken, unkToken]
    var matcher = AddedTokenMatcher()
    for (id, token) in specials.enumerated() {
      matcher.add(
        AddedToken(content: token, id: Int32(id), isSpecial: true),
        matching: Array(token.utf8)
      )
    }
    var table = ByteTable()
    var words: [(word: String, count: Int)] = []
    for var text in texts {
      text.withUTF8 { bytes in
        matcher.split(bytes, matchesSpecial: true) { segment in
          guard case .text(let range) = segment else { return }
          PreTokenizer.split(.scalars(CharacterClasses.blank), .removed, inverted: false)
            .apply(to: Bytes(rebasing: bytes[range]), isFirst: true) { word, _ in
              if let index = table.find(word) {
                words[Int(index)].count += 1
              } else {
                table.insert(word, Int32(words.count))
                words.append((String(decoding: word, as: UTF8.self), 1))
              }
            }
        }
      }
    }
    let byFrequency = words.indices.sorted { left, right in
      let (a, b) = (words[left], words[right])
      return a.count != b.count
        ? a.count > b.count : a.word.utf8.lexicographicallyPrecedes(b.word.utf8)
    }
    let room = max(0, (maximumSize ?? .max) - specials.count)
    let kept = byFrequency.lazy.filter { words[$0].count >= minimumFrequency }.prefix(room)
    let ordered = order == .frequency ? Array(kept) : kept.sorted()
    return try wordLevel(
      vocabulary: ordered.map { words[$0].word },
      padToken: padToken,
      eosToken: eosToken,
      unkToken: unkToken
    )
  }
}
