/// Text to ids and back as a Hugging Face `tokenizer.json` describes it.
///
/// The ids are those of the `tokenizers` library (compared with 0.23.3). A value never changes and
/// may be used from any number of threads. The file's `truncation` and `padding` are settings of a
/// call in that library and are not applied.
///
/// ```swift
/// let tokenizer = try Tokenizer(contentsOf: "models/qwen/tokenizer.json")
/// let ids = tokenizer.encode("Hello")
/// let text = tokenizer.decode(ids)
/// ```
public struct Tokenizer: Sendable {
  let core: TokenizerCore
  let configuration: TokenizerConfiguration

  init(core: TokenizerCore, configuration: TokenizerConfiguration) {
    self.core = core
    self.configuration = configuration
  }

  // MARK: - Text and ids

  /// The ids of `text`.
  ///
  /// - Parameters:
  ///   - text: Any text. Added tokens in it become their ids.
  ///   - addSpecialTokens: Whether to put the file's template around the text, such as a BOS. A
  ///     rendered chat template contains these already.
  ///   - matchSpecialTokens: With false, special tokens in the text, such as an `<eos>` that a user
  ///     wrote, are plain text.
  public func encode(
    _ text: String,
    addSpecialTokens: Bool = false,
    matchSpecialTokens: Bool = true
  ) -> [Int32] {
    var text = text
    return text.withUTF8 {
      core.encode($0, addSpecialTokens: addSpecialTokens, matchesSpecial: matchSpecialTokens)
    }
  }

  /// The text of `ids`; ids without a token are passed over.
  public func decode(_ ids: some Sequence<Int32>, skipSpecialTokens: Bool = true) -> String {
    var bytes: [UInt8] = []
    if core.pieces.isConcatenation {
      for id in ids where !core.pieces.isSkipped(id, skipSpecialTokens) {
        bytes += core.pieces.bytes(id)
      }
    } else {
      var decoder = streamingDecoder(skipSpecialTokens: skipSpecialTokens)
      for id in ids { decoder.append(id, to: &bytes) }
      decoder.finish(to: &bytes)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A decoder for ids that come one by one.
  public func streamingDecoder(skipSpecialTokens: Bool = true) -> StreamingDecoder {
    StreamingDecoder(core, skipSpecialTokens: skipSpecialTokens)
  }

  // MARK: - Vocabulary

  /// One more than the largest id: the rows that an embedding needs at least.
  public var vocabularySize: Int { core.pieces.count }

  /// The id of a token as the file spells it, nil where there is none.
  public func id(of token: String) -> Int32? { core.id(of: token) }

  /// The token of an id as the file spells it, nil where there is none.
  ///
  /// - Complexity: O(added tokens).
  public func token(_ id: Int32) -> String? {
    if let added = core.addedTokens.first(where: { $0.id == id }) { return added.content }
    return core.model.vocabulary.token(id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The tokens outside the model's vocabulary, special or not, in the file's order.
  public var addedTokens: [AddedToken] { core.addedTokens }

  /// The special tokens, those that decoding leaves out, in the file's order.
  public var specialTokens: [AddedToken] { core.addedTokens.filter(\.isSpecial) }

  /// Whether decoding leaves the id out.
  public func isSpecial(_ id: Int32) -> Bool { core.pieces.isSpecial(id) }

  // MARK: - tokenizer_config.json

  /// The id of `pad_token`, nil where none is given or it has no id.
  public var padID: Int32? { configuration.padToken.flatMap(id(of:)) }
  /// The id of `eos_token`.
  public var eosID: Int32? { configuration.eosToken.flatMap(id(of:)) }
  /// The id of `bos_token`.
  public var bosID: Int32? { configuration.bosToken.flatMap(id(of:)) }
  /// The id of `unk_token`.
  public var unkID: Int32? { configuration.unkToken.flatMap(id(of:)) }
  /// The text of `pad_token`.
  public var padToken: String? { configuration.padToken }
  /// The text of `eos_token`.
  public var eosToken: String? { configuration.eosToken }
  /// The text of `bos_token`.
  public var bosToken: String? { configuration.bosToken }
  /// The source of the chat template: `chat_template.jinja`, else `chat_template` of
  /// `tokenizer_config.json`.
  public var chatTemplateSource: String? { configuration.chatTemplate }
}
