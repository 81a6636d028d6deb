/// Why completions cannot be generated.
public enum GenerationError: Error, Equatable, CustomStringConvertible {
  /// A sampling option is out of range; the key is TRL's.
  case invalidOption(key: String, value: String, expected: String)
  /// A prompt has no tokens, so that nothing predicts the first one.
  case emptyPrompt(request: Int)
  /// A token of a prompt or a prefix is not in the vocabulary.
  case tokenOutOfRange(request: Int, token: Int32, vocabSize: Int)
  /// A sample's given prefix leaves no room in the completion.
  case prefixTooLong(request: Int, sample: Int, length: Int, maxCompletionLength: Int)
  /// A given prefix goes on after a token that ends the sequence.
  case endInsidePrefix(request: Int, sample: Int, position: Int)
  /// The model's logits hold NaN, or nothing but infinities.
  case notFinite(sequence: UInt64, position: Int)

  /// One line with what was found and the cure.
  public var description: String {
    switch self {
    case .invalidOption(let key, let value, let expected):
      return "\(key) is \(value), expected \(expected)"
    case .emptyPrompt(let request):
      return "prompt \(request) has no tokens; give it at least a beginning-of-sequence token"
    case .tokenOutOfRange(let request, let token, let vocabSize):
      return "prompt \(request) holds token \(token), but the model's vocab_size is \(vocabSize);"
        + " use the tokenizer that belongs to the model"
    case .prefixTooLong(let request, let sample, let length, let maxCompletionLength):
      return "sample \(sample) of prompt \(request) starts with \(length) given tokens, more than"
        + " max_completion_length \(maxCompletionLength); shorten the prefix or raise the limit"
    case .endInsidePrefix(let request, let sample, let position):
      return "the prefix of sample \(sample) of prompt \(request) has an end-of-sequence token at"
        + " \(position), before its last token; cut the prefix there"
    case .notFinite(let sequence, let position):
      return "the logits of sequence \(sequence) at completion token \(position) are not finite;"
        + " the model has diverged: lower the learning rate and resume from an earlier checkpoint"
    }
  }
}
