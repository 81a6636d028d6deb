/// A token outside the model's own vocabulary, matched in the text as a whole.
public struct AddedToken: Sendable, Equatable {
  /// The token's text.
  public var content: String
  /// The token's id.
  public var id: Int32
  /// Whether it is left out of decoded text, such as `<eos>`.
  public var isSpecial: Bool
  /// Whether it matches only where no word character touches it.
  public var isSingleWord: Bool
  /// Whether it swallows the blanks before it.
  public var stripsLeft: Bool
  /// Whether it swallows the blanks after it.
  public var stripsRight: Bool
  /// Whether it is matched in the normalised text instead of the raw text.
  public var isNormalized: Bool

  /// Makes a token that is matched anywhere in the raw text.
  public init(
    content: String,
    id: Int32,
    isSpecial: Bool,
    isSingleWord: Bool = false,
    stripsLeft: Bool = false,
    stripsRight: Bool = false,
    isNormalized: Bool = false
  ) {
    self.content = content
    self.id = id
    self.isSpecial = isSpecial
    self.isSingleWord = isSingleWord
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isNormalized = isNormalized
  }

  init(_ node: JSONNode) throws(TokenizerError) {
    content = try node.required("content").string()
    id = try node.required("id").tokenID()
    isSpecial = try node.bool("special", default: false)
    isSingleWord = try node.bool("single_word", default: false)
    stripsLeft = try node.bool("lstrip", default: false)
    stripsRight = try node.bool("rstrip", default: false)
    isNormalized = try node.bool("normalized", default: !isSpecial)
  }
}

/// Splits text at added tokens: leftmost, of several at one place the longest.
struct AddedTokenMatcher: Sendable {
  /// A node of the trie of all contents, its children a list of siblings.
  private struct Node: Sendable {
    var byte: UInt8
    var child: Int32 = -1
    var sibling: Int32 = -1
    var token: Int32 = -1
  }

  private var nodes = [Node(byte: 0)]
  private var tokens: [AddedToken] = []
  /// Whether a token starts with the byte.
  private var starts = [Bool](repeating: false, count: 256)

  /// Adds a token under the text that it matches, its content or its normalised content.
  mutating func add(_ token: AddedToken, matching text: [UInt8]) {
    guard let first = text.first else { return }
    starts[Int(first)] = true
    var node = 0
    for byte in text {
      var next = Int(nodes[node].child)
      while next >= 0, nodes[next].byte != byte { next = Int(nodes[next].sibling) }
      if next < 0 {
        next = nodes.count
        nodes.append(Node(byte: byte, sibling: nodes[node].child))
        nodes[node].child = Int32(next)
      }
      node = next
    }
    // Two contents may be equal once normalised: the first one counts, as in the library.
    guard nodes[node].token < 0 else { return }
    nodes[node].token = Int32(tokens.count)
    tokens.append(token)
  }

  /// A stretch of the text.
  enum Segment {
    /// Text between tokens.
    case text(Range<Int>)
    /// The id of an added token.
    case token(Int32)
  }

  /// Calls `body` with the stretches of `text` in order; none is empty.
  ///
  /// With `matchesSpecial` false special tokens are found and left as text. A token that swallows
  /// blanks does not keep later tokens from matching in them: so does the library.
  func split(
    _ text: Bytes,
    matchesSpecial: Bool,
    _ body: (Segment) -> Void
  ) {
    if tokens.isEmpty {
      if !text.isEmpty { body(.text(0..<text.count)) }
      return
    }
    var done = 0
    var position = 0
    while let (start, end, token) = nextMatch(in: text, from: position) {
      position = end
      if token.isSpecial && !matchesSpecial { continue }
      if token.isSingleWord && (isWord(before: start, text) || isWord(after: end, text)) {
        continue
      }
      var range = start..<end
      if token.stripsLeft {
        range = max(startOfBlanks(before: start, text), done)..<end
      }
      if token.stripsRight {
        range = range.lowerBound..<endOfBlanks(after: end, text)
      }
      if done < range.lowerBound { body(.text(done..<range.lowerBound)) }
      body(.token(token.id))
      done = range.upperBound
    }
    if done < text.count { body(.text(done..<text.count)) }
  }

  private func nextMatch(in text: Bytes, from position: Int) -> (Int, Int, AddedToken)? {
    starts.withUnsafeBufferPointer { starts in
      nodes.withUnsafeBufferPointer { nodes in
        for start in position..<text.count where starts[Int(text[start])] {
          var best: (end: Int, token: Int)?
          var node = 0
          var index = start
          while index < text.count {
            var next = Int(nodes[node].child)
            while next >= 0, nodes[next].byte != text[index] { next = Int(nodes[next].sibling) }
            if next < 0 { break }
            index += 1
            node = next
            if nodes[node].token >= 0 { best = (index, Int(nodes[node].token)) }
          }
          if let best { return (start, best.end, tokens[best.token]) }
        }
        return nil
      }
    }
  }

  private func isWord(before index: Int, _ text: Bytes) -> Bool {
    guard index > 0 else { return false }
    return CharacterClasses.shared.isWord(scalar(before: index, in: text).value)
  }

  private func isWord(after index: Int, _ text: Bytes) -> Bool {
    guard index < text.count else { return false }
    return CharacterClasses.shared.isWord(scalar(at: index, in: text).value)
  }

  private func startOfBlanks(before index: Int, _ text: Bytes) -> Int {
    var index = index
    while index > 0 {
      let (value, length) = scalar(before: index, in: text)
      guard CharacterClasses.shared.isBlank(value) else { break }
      index -= length
    }
    return index
  }

  private func endOfBlanks(after index: Int, _ text: Bytes) -> Int {
    var index = index
    while index < text.count {
      let (value, length) = scalar(at: index, in: text)
      guard CharacterClasses.shared.isBlank(value) else { break }
      index += length
    }
    return index
  }
}
