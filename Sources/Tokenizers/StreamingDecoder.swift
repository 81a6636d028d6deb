/// Decodes ids one at a time, as a generator produces them.
///
/// Bytes that may still become a character are held back. The texts of all calls joined, with that
/// of `flush`, are what `Tokenizer.decode` gives for all the ids.
public struct StreamingDecoder: Sendable {
  private let core: TokenizerCore
  private let skipSpecialTokens: Bool
  private var stages: [DecodingStage]

  init(_ core: TokenizerCore, skipSpecialTokens: Bool) {
    self.core = core
    self.skipSpecialTokens = skipSpecialTokens
    stages = core.pieces.stages
  }

  /// Takes the next id and returns the text that is now certain, possibly none.
  public mutating func append(_ id: Int32) -> String {
    var output: [UInt8] = []
    append(id, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Ends the text: returns what was held back and makes the decoder ready for a new text.
  public mutating func flush() -> String {
    var output: [UInt8] = []
    finish(to: &output)
    stages = core.pieces.stages
    return String(decoding: output, as: UTF8.self)
  }

  mutating func append(_ id: Int32, to output: inout [UInt8]) {
    if core.pieces.isSkipped(id, skipSpecialTokens) { return }
    pass(Array(core.pieces.bytes(id)), from: 0, to: &output)
  }

  mutating func finish(to output: inout [UInt8]) {
    for stage in stages.indices {
      var rest: [[UInt8]] = []
      stages[stage].finish { rest.append($0) }
      for token in rest { pass(token, from: stage + 1, to: &output) }
    }
  }

  private mutating func pass(_ token: [UInt8], from stage: Int, to output: inout [UInt8]) {
    guard stage < stages.count else {
      output += token
      return
    }
    var results: [[UInt8]] = []
    stages[stage].take(token) { results.append($0) }
    for result in results { pass(result, from: stage + 1, to: &output) }
  }
}
