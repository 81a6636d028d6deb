/// The state of one decoder step while tokens pass through it one by one.
///
/// Decoding and streaming are the same code, so a stream's pieces joined are always what `decode`
/// gives for all the ids.
enum DecodingStage: Sendable {
  case joinWithBlank(isFirst: Bool)
  /// Takes raw bytes and passes whole characters on.
  case utf8(pending: [UInt8])
  case byteFallback(run: [UInt8])
  case fuse
  case strip(content: [UInt8], start: Int, stop: Int)
  /// Strip after Fuse: `left` more may go at the start, `held` are kept back at the end.
  case stripText(content: [UInt8], left: Int, stop: Int, held: [UInt8])
  case replace([UInt8], with: [UInt8])
  /// Replace after Fuse: `held` may be the start of a match.
  case replaceText([UInt8], with: [UInt8], held: [UInt8])
  case metaspace(replacement: [UInt8], dropsNext: Bool)
  case wordPiece(prefix: [UInt8], cleansUp: Bool, isFirst: Bool)
  /// The last token, whose suffix gives no blank, is known only at the end.
  case suffix([UInt8], held: [UInt8]?)

  /// The states at the start of a text of all steps that tokens do not pass alone.
  static func stages(_ steps: some Sequence<DecoderStep>) -> [DecodingStage] {
    var fused = false
    return steps.map { step in
      switch step {
      case .joinWithBlank: return .joinWithBlank(isFirst: true)
      case .byteLevel:
        fused = true
        return .utf8(pending: [])
      case .byteFallback: return .byteFallback(run: [])
      case .fuse:
        fused = true
        return .fuse
      case .strip(let content, let start, let stop):
        return fused
          ? .stripText(content: content, left: start, stop: stop, held: [])
          : .strip(content: content, start: start, stop: stop)
      case .replace(let pattern, let content):
        return fused
          ? .replaceText(pattern, with: content, held: []) : .replace(pattern, with: content)
      case .metaspace(let replacement, let dropsFirst):
        return .metaspace(replacement: replacement, dropsNext: dropsFirst)
      case .wordPiece(let prefix, let cleansUp):
        return .wordPiece(prefix: prefix, cleansUp: cleansUp, isFirst: true)
      case .suffix(let suffix): return .suffix(suffix, held: nil)
      }
    }
  }

  /// Takes one token (or a stretch of the fused text) and passes on what is certain.
  mutating func take(_ token: [UInt8], _ emit: ([UInt8]) -> Void) {
    switch self {
    case .joinWithBlank(let isFirst):
      emit(isFirst ? token : [0x20] + token)
      self = .joinWithBlank(isFirst: false)
    case .utf8(var pending):
      pending += token
      let held = incompleteSuffixLength(pending)
      if held < pending.count { emit(Self.repaired(pending[..<(pending.count - held)])) }
      self = .utf8(pending: Array(pending.suffix(held)))
    case .byteFallback(var run):
      if let byte = Self.fallbackByte(token) {
        self = .fuse  // Else two hold the run, and each byte would copy it.
        run.append(byte)
        self = .byteFallback(run: run)
      } else {
        finish(emit)
        emit(token)
      }
    case .fuse: emit(token)
    case .strip(let content, let start, let stop):
      emit(Array(Self.stripped(token, content, start, stop)))
    case .stripText(let content, var left, let stop, var held):
      held += token
      while left > 0, held.starts(with: content) {
        held.removeFirst(content.count)
        left -= 1
      }
      // A stretch that is shorter than the character may still become one.
      if left > 0, held.count < content.count, content.starts(with: held) {
        self = .stripText(content: content, left: left, stop: stop, held: held)
        return
      }
      let kept = held.count - Self.stripped(held, content, 0, stop).count
      if kept < held.count { emit(Array(held.dropLast(kept))) }
      self = .stripText(content: content, left: 0, stop: stop, held: Array(held.suffix(kept)))
    case .replace(let pattern, let content): emit(Self.replaced(token, pattern, content))
    case .replaceText(let pattern, let content, var held):
      held += token
      var (text, rest) = Self.replacedPrefix(held, pattern, content)
      var keep = min(rest.count, pattern.count - 1)
      while keep > 0, !pattern.starts(with: rest.suffix(keep)) { keep -= 1 }
      text += rest.dropLast(keep)
      rest = rest.suffix(keep)
      if !text.isEmpty { emit(text) }
      self = .replaceText(pattern, with: content, held: Array(rest))
    case .metaspace(let replacement, let dropsNext):
      emit(Self.replaced(token, replacement, dropsNext ? [] : [0x20]))
      self = .metaspace(replacement: replacement, dropsNext: false)
    case .wordPiece(let prefix, let cleansUp, let isFirst):
      var text = token
      if !isFirst {
        if token.starts(with: prefix) {
          text.removeFirst(prefix.count)
        } else {
          text.insert(0x20, at: 0)
        }
      }
      emit(cleansUp ? Self.cleanedUp(text) : text)
      self = .wordPiece(prefix: prefix, cleansUp: cleansUp, isFirst: false)
    case .suffix(let suffix, let held):
      if let held { emit(Self.replaced(held, suffix, [0x20])) }
      self = .suffix(suffix, held: token)
    }
  }

  /// Passes on what was kept back: no more tokens will come.
  mutating func finish(_ emit: ([UInt8]) -> Void) {
    switch self {
    case .utf8(let pending):
      if !pending.isEmpty { emit(Self.repaired(pending[...])) }
      self = .utf8(pending: [])
    case .byteFallback(let run):
      self = .byteFallback(run: [])
      guard !run.isEmpty else { return }
      if String(validating: run, as: UTF8.self) != nil {
        emit(run)
      } else {
        for _ in run { emit([0xEF, 0xBF, 0xBD]) }
      }
    case .stripText(let content, let left, let stop, let held):
      // What is held is a run of the character that ends the text.
      let rest = Self.stripped(held, content, left, stop)
      if !rest.isEmpty { emit(Array(rest)) }
      self = .stripText(content: content, left: 0, stop: stop, held: [])
    case .replaceText(let pattern, let content, let held):
      if !held.isEmpty { emit(held) }
      self = .replaceText(pattern, with: content, held: [])
    case .suffix(let suffix, let held):
      if let held { emit(Self.replaced(held, suffix, [])) }
      self = .suffix(suffix, held: nil)
    case .joinWithBlank, .fuse, .strip, .replace, .metaspace, .wordPiece: break
    }
  }

  /// The library's clean-up of English text, token by token, in its order.
  private static func cleanedUp(_ text: [UInt8]) -> [UInt8] {
    let rules: [(StaticString, StaticString)] = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
      (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    return rules.reduce(text) { text, rule in
      replaced(text, Array(rule.0.description.utf8), Array(rule.1.description.utf8))
    }
  }

  /// UTF-8 with each maximal bad part replaced by U+FFFD.
  private static func repaired(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    String(validating: bytes, as: UTF8.self) != nil
      ? Array(bytes) : Array(String(decoding: bytes, as: UTF8.self).utf8)
  }

  private static func fallbackByte(_ token: [UInt8]) -> UInt8? {
    guard token.count == 6, token[0] == UInt8(ascii: "<"), token[1] == UInt8(ascii: "0"),
      token[2] == UInt8(ascii: "x"), token[5] == UInt8(ascii: ">"),
      let high = hexadecimalDigit(token[3]), let low = hexadecimalDigit(token[4])
    else { return nil }
    return high << 4 | low
  }

  private static func stripped(
    _ token: [UInt8],
    _ content: [UInt8],
    _ start: Int,
    _ stop: Int
  ) -> ArraySlice<UInt8> {
    var rest = token[...]
    var left = start
    while left > 0, rest.starts(with: content) {
      rest = rest.dropFirst(content.count)
      left -= 1
    }
    left = stop
    while left > 0, rest.count >= content.count, rest.suffix(content.count).elementsEqual(content) {
      rest = rest.dropLast(content.count)
      left -= 1
    }
    return rest
  }

  private static func replaced(_ token: [UInt8], _ pattern: [UInt8], _ content: [UInt8]) -> [UInt8]
  {
    let (text, rest) = replacedPrefix(token, pattern, content)
    return text + rest
  }

  /// The text up to the last match with matches replaced, and what follows it.
  private static func replacedPrefix(
    _ token: [UInt8],
    _ pattern: [UInt8],
    _ content: [UInt8]
  ) -> (text: [UInt8], rest: ArraySlice<UInt8>) {
    var text: [UInt8] = []
    var done = 0
    token.withUnsafeBufferPointer { bytes in
      TextPattern.literal(pattern).forEachMatch(in: bytes) { range in
        text += bytes[done..<range.lowerBound]
        text += content
        done = range.upperBound
      }
    }
    return (text, token[done...])
  }
}
