/// A prompt and the samples that are wanted of it; the prompt is computed once for all of them.
public struct GenerationRequest: Sendable, Equatable {
  /// The prompt's tokens; at least one.
  public var prompt: [Int32]
  /// The group: one completion each.
  public var samples: [Sample]

  /// One completion to be drawn.
  public struct Sample: Sendable, Equatable {
    /// Which draws it uses: the same seed and id give the same uniform numbers wherever it runs.
    public var id: UInt64
    /// Tokens that the completion starts with, such as the first steps of a demonstration.
    public var prefix: [Int32]

    /// Creates a sample.
    public init(id: UInt64, prefix: [Int32] = []) {
      self.id = id
      self.prefix = prefix
    }
  }

  /// Creates a request.
  public init(prompt: [Int32], samples: [Sample]) {
    self.prompt = prompt
    self.samples = samples
  }

  /// Creates a request for `count` completions with the ids from `firstID` on.
  public init(prompt: [Int32], count: Int, firstID: UInt64) {
    self.init(
      prompt: prompt,
      samples: (0..<count).map { Sample(id: firstID &+ UInt64($0)) }
    )
  }
}

/// Why a completion ended.
public enum FinishReason: String, Sendable {
  /// Its last token ends the sequence.
  case eos
  /// It reached `max_completion_length`.
  case length
}

/// One completion.
public struct Completion: Sendable, Equatable {
  /// The sample's id.
  public var id: UInt64
  /// The tokens: the given prefix, what was drawn, and the end-of-sequence token if there is one.
  public var tokens: [Int32]
  /// How many of `tokens` were given.
  public var prefixCount: Int
  /// Why it ended.
  public var finishReason: FinishReason
  /// Where asked for: log p of each drawn token, `tokens.count - prefixCount` of them, under the
  /// softmax of logits / temperature over the whole vocabulary, before penalty and filters (TRL's
  /// definition of a policy's log-probs); at temperature 1 for greedy decoding.
  public var logProbs: [Float]

  /// An empty completion of a sample.
  init(_ sample: GenerationRequest.Sample) {
    id = sample.id
    tokens = []
    prefixCount = sample.prefix.count
    finishReason = .length
    logProbs = []
  }
}
