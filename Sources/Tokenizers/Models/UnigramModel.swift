/// SentencePiece's unigram model: of all ways to write a word as tokens the most probable one.
///
/// Where no token is a single character at a place, the unknown token stands for that character, at
/// the lowest score of the vocabulary less 10; unknown characters in a row are one token, or their
/// bytes where `byte_fallback` is on and all of these have tokens.
struct UnigramModel: Sendable {
  let vocabulary: Vocabulary
  private let trie: TokenTrie
  private let unknownID: Int32
  private let unknownScore: Double
  /// Ids of `<0x00>` to `<0xFF>`, -1 where absent, with `byte_fallback`.
  private let fallbackIDs: [Int32]?

  /// The library's `K_UNK_PENALTY`, SentencePiece's `kUnkPenalty`.
  private static let unknownPenalty = 10.0

  init(_ node: JSONNode) throws(TokenizerError) {
    for key in ["alpha", "nbest_size"] {
      if let sampling = try node.optional(key), sampling.value != .int(0),
        sampling.value != .double(0)
      {
        throw sampling.unsupported("sampling of segmentations", supported: "null or 0")
      }
    }
    let list = try node.required("vocab")
    var tokens: [String] = []
    var scores: [Double] = []
    for entry in try list.elements() {
      guard case .array(let pair) = entry.value, pair.count == 2, case .string(let token) = pair[0],
        let score = pair[1].number, score.isFinite
      else {
        throw entry.failure(
          "expected [token, log probability]",
          value: entry.value.serialized(),
          cure: "Write the file again with the `tokenizers` library"
        )
      }
      tokens.append(token)
      scores.append(score)
    }
    vocabulary = Vocabulary(list: tokens)
    let unknown = try node.optional("unk_id")
    guard let unknown, let id = Int32(exactly: try unknown.int(atLeast: 0)), id < tokens.count
    else {
      throw (unknown ?? node).failure(
        unknown == nil
          ? "unk_id is missing: text with a character that has no token could not be encoded"
          : "the unknown token is beyond the vocabulary's \(tokens.count) tokens",
        value: unknown?.value.serialized(),
        cure: "Set unk_id to the place of the unknown token in model.vocab"
      )
    }
    unknownID = id
    unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
    fallbackIDs =
      try node.bool("byte_fallback", default: false) ? vocabulary.byteFallbackIDs() : nil
    var trie = TokenTrie()
    for token in tokens {
      // Of two equal tokens the later one counts.
      if let id = vocabulary.id(token) { trie.insert(token, id, scores[Int(id)]) }
    }
    self.trie = trie
  }

  /// Appends the ids of one word.
  func encode(_ word: Bytes, into ids: inout [Int32], _ scratch: inout EncodingScratch) {
    let isCached = word.count <= WordCache.maximumWordLength
    let hash = isCached ? hashBytes(word) : 0
    if isCached, scratch.cache.append(word, hash, to: &ids) { return }
    let start = ids.count
    findBestPath(word, &scratch.lattice)
    appendPath(word, &scratch.lattice, to: &ids)
    if isCached { scratch.cache.insert(word, hash, ids[start...]) }
  }

  /// Fills `lattice`: for each end of a token the best path that ends there.
  private func findBestPath(_ word: Bytes, _ lattice: inout [LatticeNode]) {
    lattice.removeAll(keepingCapacity: true)
    lattice.append(contentsOf: repeatElement(LatticeNode(), count: word.count + 1))
    lattice.withUnsafeMutableBufferPointer { nodes in
      var start = 0
      while start < word.count {
        let score = nodes[start].score
        let length = scalar(at: start, in: word).length
        var hasSingle = false
        trie.forEachPrefix(of: word, from: start) { end, id, tokenScore in
          nodes[end].offer(score + tokenScore, start: start, id)
          if end - start == length { hasSingle = true }
        }
        if !hasSingle { nodes[start + length].offer(score + unknownScore, start: start, unknownID) }
        start += length
      }
    }
  }

  /// Reads the best path off, from its end.
  private func appendPath(
    _ word: Bytes,
    _ lattice: inout [LatticeNode],
    to ids: inout [Int32]
  ) {
    // The starts of the path's tokens, in their order, are linked through the nodes.
    var end = word.count
    var next = -1
    while end > 0 {
      let start = Int(lattice[end].start)
      lattice[end].next = Int32(next)
      next = end
      end = start
    }
    var start = 0
    end = next
    while end > 0 {
      if lattice[end].id != unknownID {
        ids.append(lattice[end].id)
      } else {
        while case let after = Int(lattice[end].next), after > 0, lattice[after].id == unknownID {
          end = after
        }
        appendUnknown(Bytes(rebasing: word[start..<end]), to: &ids)
      }
      start = end
      end = Int(lattice[end].next)
    }
  }

  /// As the library does, characters that have no token of their own may be one together.
  private func appendUnknown(_ text: Bytes, to ids: inout [Int32]) {
    if let id = vocabulary.id(text) {
      ids.append(id)
    } else if let fallbackIDs, text.allSatisfy({ fallbackIDs[Int($0)] >= 0 }) {
      for byte in text { ids.append(fallbackIDs[Int(byte)]) }
    } else {
      ids.append(unknownID)
    }
  }
}

/// The best path that ends at a place of a word.
struct LatticeNode: Sendable {
  var score = 0.0
  /// Where the path's last token starts; -1 while no path ends here.
  var start: Int32 = -1
  /// Where the token after it ends, on the best path of all.
  var next: Int32 = -1
  var id: Int32 = 0

  /// Takes a path if it is better; of two equal ones the first stays.
  @inline(__always)
  mutating func offer(_ score: Double, start: Int, _ id: Int32) {
    guard self.start < 0 || score > self.score else { return }
    self.score = score
    self.start = Int32(start)
    self.id = id
  }
}

/// Tokens by their prefixes: a hash table from a node and a byte to the next node.
struct TokenTrie: Sendable {
  private struct Node: Sendable {
    var id: Int32 = -1
    var score = 0.0
  }

  private struct Slot: Sendable {
    /// `node << 8 | byte` plus one; 0 is an empty slot.
    var key: UInt64 = 0
    var node: Int32 = 0
  }

  private var nodes = [Node()]
  private var slots = [Slot](repeating: Slot(), count: 1 << 10)

  @inline(__always)
  private static func place(_ key: UInt64, _ count: Int) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (count - 1)
  }

  mutating func insert(_ token: String, _ id: Int32, _ score: Double) {
    guard !token.isEmpty else { return }
    var node = 0
    for byte in token.utf8 { node = child(of: node, byte) }
    nodes[node] = Node(id: id, score: score)
  }

  /// The node after `node`, made where it is missing.
  private mutating func child(of node: Int, _ byte: UInt8) -> Int {
    if nodes.count * 2 > slots.count { grow() }
    let key = (UInt64(node) << 8 | UInt64(byte)) + 1
    var slot = Self.place(key, slots.count)
    while slots[slot].key != 0 {
      if slots[slot].key == key { return Int(slots[slot].node) }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Slot(key: key, node: Int32(nodes.count))
    nodes.append(Node())
    return nodes.count - 1
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(), count: old.count * 2)
    for entry in old where entry.key != 0 {
      var slot = Self.place(entry.key, slots.count)
      while slots[slot].key != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }

  /// Calls `body` with end, id and score of each token that `text` has at `start`, the shortest first.
  @inline(__always)
  func forEachPrefix(of text: Bytes, from start: Int, _ body: (Int, Int32, Double) -> Void) {
    nodes.withUnsafeBufferPointer { nodes in
      slots.withUnsafeBufferPointer { slots in
        var node = 0
        var index = start
        while index < text.count {
          let key = (UInt64(node) << 8 | UInt64(text[index])) + 1
          var slot = Self.place(key, slots.count)
          while slots[slot].key != key {
            if slots[slot].key == 0 { return }
            slot = (slot + 1) & (slots.count - 1)
          }
          node = Int(slots[slot].node)
          index += 1
          if nodes[node].id >= 0 { body(index, nodes[node].id, nodes[node].score) }
        }
      }
    }
  }
}
