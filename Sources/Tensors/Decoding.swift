/// Sizes of one model's key-value cache.
public struct KeyValueLayout: Sendable, Equatable {
  /// Decoder layers.
  public var layers: Int
  /// Key-value heads of a layer.
  public var kvHeads: Int
  /// Width of a head.
  public var headDim: Int

  /// Takes each field as given.
  public init(layers: Int, kvHeads: Int, headDim: Int) {
    self.layers = layers
    self.kvHeads = kvHeads
    self.headDim = headDim
  }
}

/// Keys and values of all layers for up to `capacity` tokens of one sequence (or of one prompt that
/// several sequences share).
///
/// The memory comes from the backend's pool and returns to it with the last reference. Its layout is
/// the backend's business.
public final class KeyValueBlock {
  /// Sizes of the model's cache.
  public let layout: KeyValueLayout
  /// Tokens that fit; the request rounded up to a multiple of 32.
  public let capacity: Int
  let storage: Storage

  /// Makes an empty block.
  public init(layout: KeyValueLayout, capacity: Int, backend: any Backend) {
    self.layout = layout
    self.capacity = max(1, (capacity + 31) / 32) * 32
    perValue = backend.precision == .bf16 ? 2 : 1
    storage = backend.makeStorage(
      count: 2 * layout.layers * layout.kvHeads * layout.headDim * self.capacity / perValue
    )
  }

  /// Elements in the space of one FP32 value.
  private let perValue: Int
  /// Space of the keys of one layer, in FP32 values; the values take as much and follow.
  var layerCount: Int { layout.kvHeads * layout.headDim * capacity / perValue }
  func keys(layer: Int) -> Buffer {
    Buffer(storage, offset: 2 * layer * layerCount, count: layerCount)
  }
  func values(layer: Int) -> Buffer {
    Buffer(storage, offset: (2 * layer + 1) * layerCount, count: layerCount)
  }
}

/// What one row of a decode batch attends to: the prefix, if any, then its own tokens.
///
/// Neighbouring rows with the same prefix read it once for all of them: keep groups together.
public struct DecodeRow {
  /// Shared tokens, attended to first; nil for none.
  public var prefix: KeyValueBlock?
  /// Tokens of the prefix attended to.
  public var prefixCount: Int
  /// The sequence's own tokens.
  public var own: KeyValueBlock
  /// Own tokens attended to, the new one (already appended) included.
  public var ownCount: Int

  /// Takes each field as given.
  public init(prefix: KeyValueBlock? = nil, prefixCount: Int = 0, own: KeyValueBlock, ownCount: Int)
  {
    precondition(prefixCount + ownCount > 0, "a row without tokens attends to nothing")
    precondition(ownCount <= own.capacity, "\(ownCount) tokens in a block of \(own.capacity)")
    precondition(
      prefixCount <= (prefix?.capacity ?? 0),
      "\(prefixCount) tokens in a prefix of \(prefix?.capacity ?? 0)"
    )
    self.prefix = prefix
    self.prefixCount = prefixCount
    self.own = own
    self.ownCount = ownCount
  }
}

/// How a row's next token is drawn. The filters apply in the order of transformers: repetition
/// penalty, temperature, top-k, top-p, min-p.
public struct SamplingOptions: Sendable, Equatable {
  /// Divides the logits; 0 takes the largest.
  public var temperature: Float
  /// Keep the k largest (and what ties with the k-th); 0 keeps all.
  public var topK: Int
  /// Keep the smallest set of largest probabilities that sums to this; 1 keeps all.
  public var topP: Float
  /// Drop what is less likely than this times the likeliest; 0 drops nothing.
  public var minP: Float
  /// Divides positive and multiplies negative logits of tokens seen before; 1 does nothing.
  public var repetitionPenalty: Float

  /// Takes each field as given.
  public init(
    temperature: Float = 1,
    topK: Int = 0,
    topP: Float = 1,
    minP: Float = 0,
    repetitionPenalty: Float = 1
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
  }
}

/// One drawn token.
public struct SampledToken: Sendable, Equatable {
  /// Index in the vocabulary.
  public var token: Int32
  /// Log p under softmax(logits / temperature) over the whole vocabulary, before penalty and
  /// truncation: what a trainer recomputes. At temperature 0 the temperature counts as 1.
  public var logProb: Float
}
