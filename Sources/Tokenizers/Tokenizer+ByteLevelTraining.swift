extension Tokenizer {
  /// Learns a byte-level BPE tokenizer from `texts`; the same texts give the same ids.
  ///
  /// As GPT-2's, with each digit a word of its own, so that a small model sees the digits of a number. Words are cut as GPT-2's
  /// pattern cuts ASCII; any other text still has tokens, since every byte is one. The file opens in `tokenizers` and gives the same
  /// ids. Ids: padding, end, the 256 bytes, then the merges in their order.
  ///
  /// - Parameters:
  ///   - texts: The texts to learn from.
  ///   - vocabularySize: Most tokens; fewer where the texts have no pair left that occurs twice. At least 258.
  public static func trainByteLevel(
    texts: some Sequence<String>,
    vocabularySize: Int,
    padToken: String = "<pad>",
    eosToken: String = "<eos>"
  ) throws(TokenizerError) -> Tokenizer {
    let specials = [padToken, eosToken]
    var counts: [[UInt8]: Int] = [:]
    for text in texts { ByteWords.count(Array(text.utf8), into: &counts) }
    let words = counts.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
    }
    var trainer = PairMerger(words.map { ($0.key, $0.value) })
    let merges = trainer.merge(until: max(256, vocabularySize - specials.count))

    let spelling = trainer.tokens.map {
      String(decoding: ByteAlphabet.encode($0), as: UTF8.self)
    }
    var members: [JSONObject.Member] = []
    for token in specials + spelling { members.append((token, .int(members.count))) }
    let rules = merges.map { left, right -> JSONValue in
      .array([.string(spelling[left]), .string(spelling[right])])
    }
    let added = specials.enumerated().map { id, token -> JSONValue in
      [
        "id": .int(id), "content": .string(token), "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true,
      ]
    }
    let byteLevel: JSONValue = [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    ]
    let file: JSONValue = [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added),
      "normalizer": nil,
      "pre_tokenizer": [
        "type": "Sequence",
        "pretokenizers": [["type": "Digits", "individual_digits": true], byteLevel],
      ],
      "post_processor": nil, "decoder": byteLevel,
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false,
        "ignore_merges": false, "vocab": .object(JSONObject(members)), "merges": .array(rules),
      ],
    ]
    let configuration: JSONValue = [
      "tokenizer_class": "PreTrainedTokenizerFast", "pad_token": .string(padToken),
      "eos_token": .string(eosToken), "clean_up_tokenization_spaces": false,
    ]
    return try Tokenizer(
      json: (file.serialized(.indented(2)) + "\n").utf8,
      configuration: Array((configuration.serialized(.indented(2)) + "\n").utf8),
      file: "byte-level tokenizer"
    )
  }
}

/// Cuts text as GPT-2's pattern cuts ASCII, each digit by itself.
private enum ByteWords {
  private enum Kind { case letter, digit, blank, other }

  static func count(_ bytes: [UInt8], into counts: inout [[UInt8]: Int]) {
    var start = 0
    while start < bytes.count {
      let end = endOfWord(bytes, from: start)
      counts[Array(bytes[start..<end]), default: 0] += 1
      start = end
    }
  }

  private static func endOfWord(_ bytes: [UInt8], from start: Int) -> Int {
    func kind(_ index: Int) -> Kind {
      switch bytes[index] {
      case 0x30...0x39: .digit
      case 0x41...0x5A, 0x61...0x7A, 0x80...: .letter
      case 0x09...0x0D, 0x20: .blank
      default: .other
      }
    }
    if kind(start) == .digit { return start + 1 }
    var end = start
    // One space goes with the word or the signs after it; a digit stands alone.
    if bytes[start] == 0x20, start + 1 < bytes.count, kind(start + 1) != .blank,
      kind(start + 1) != .digit
    {
      end += 1
    }
    let run = kind(end)
    while end < bytes.count, kind(end) == run { end += 1 }
    // Of several blanks the last one belongs to what follows.
    if run == .blank, end < bytes.count, end - start > 1, bytes[end - 1] == 0x20,
      kind(end) != .digit
    {
      end -= 1
    }
    return end
  }
}

/// Finds the most frequent pair again and again. Pairs are counted once, then only the words with the merged pair are looked at.
private struct PairMerger {
  private struct Pair: Hashable {
    var left: Int
    var right: Int
  }

  /// The bytes of each token.
  private(set) var tokens: [[UInt8]] = (0..<256).map { [UInt8($0)] }
  private var ids: [[UInt8]: Int] = [:]
  private var words: [(ids: [Int], count: Int)]
  private var counts: [Pair: Int] = [:]
  /// Words that have had the pair; some may have lost it.
  private var places: [Pair: Set<Int>] = [:]

  init(_ words: [([UInt8], Int)]) {
    self.words = words.map { ($0.0.map(Int.init), $0.1) }
    for index in self.words.indices { add(index, 1) }
  }

  /// Merges until there are so many tokens, or no pair occurs twice.
  mutating func merge(until count: Int) -> [(left: Int, right: Int)] {
    var merges: [(left: Int, right: Int)] = []
    while tokens.count < count {
      // Among equals the pair of the lowest ids, so that the order of a dictionary says nothing.
      let best = counts.max { a, b in
        a.value != b.value
          ? a.value < b.value : (a.key.left, a.key.right) > (b.key.left, b.key.right)
      }
      guard let best, best.value > 1 else { break }
      // `ab` `c` and `a` `bc` are two merges and one token.
      let bytes = tokens[best.key.left] + tokens[best.key.right]
      let new = ids[bytes] ?? tokens.count
      if new == tokens.count {
        tokens.append(bytes)
        ids[bytes] = new
      }
      merges.append((best.key.left, best.key.right))
      for index in places[best.key] ?? [] { replace(best.key, by: new, in: index) }
      counts[best.key] = nil
      places[best.key] = nil
    }
    return merges
  }

  private mutating func replace(_ pair: Pair, by new: Int, in index: Int) {
    let old = words[index].ids
    var ids: [Int] = []
    ids.reserveCapacity(old.count)
    var position = 0
    while position < old.count {
      if position + 1 < old.count, old[position] == pair.left, old[position + 1] == pair.right {
        ids.append(new)
        position += 2
      } else {
        ids.append(old[position])
        position += 1
      }
    }
    guard ids.count < old.count else { return }
    add(index, -1)
    words[index].ids = ids
    add(index, 1)
  }

  private mutating func add(_ index: Int, _ sign: Int) {
    let (ids, count) = words[index]
    for (left, right) in zip(ids, ids.dropFirst()) {
      let pair = Pair(left: left, right: right)
      let total = (counts[pair] ?? 0) + sign * count
      counts[pair] = total == 0 ? nil : total
      if sign > 0 { places[pair, default: []].insert(index) }
    }
  }
}
