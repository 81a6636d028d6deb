import Tensors

/// A prompt that has been computed: its keys and values, and the state that predicts the first
/// token of every completion.
final class ComputedPrompt {
  let block: KeyValueBlock
  /// [1, C]
  let lastHidden: Tensor
  let count: Int

  private init(block: KeyValueBlock, lastHidden: Tensor) {
    self.block = block
    self.lastHidden = lastHidden
    count = block.count
  }

  /// Runs prompts through the model, packed: 64 prompts of 128 tokens took 16 % less CPU time than
  /// one by one with 3 M parameters, since the weights are prepared once for all of them.
  static func compute(
    _ prompts: [[Int32]],
    _ model: DecoderModel,
    _ step: DecodeStep
  ) -> [ComputedPrompt] {
    let batch = PackedBatch(prompts)
    let layout = KeyValueLayout(model.configuration)
    let destinations = (0..<prompts.count).map { index in
      let rows = batch.range(of: index)
      return KeyValueDestination(
        block: KeyValueBlock(layout: layout, capacity: rows.count, backend: model.backend),
        position: 0,
        row: rows.lowerBound,
        tokens: rows.count
      )
    }
    let tape = Tape(backend: model.backend, recording: false)
    let x = model.prefill(batch, tape: tape) { layer, keys, values in
      tape.appendKeyValues(keys: keys, values: values, to: destinations, layer: layer)
    }
    // Only the last token of a prompt goes through the rest of the last layer.
    let lastRows = destinations.map { Int32($0.row + $0.tokens - 1) }
    let ends = DecodeTable(
      rows: destinations.map { DecodeRow(own: $0.block, ownCount: $0.tokens) },
      positions: destinations.map { Int32($0.tokens - 1) }
    )
    let hidden = step.finish(
      tape.gatherRows(x, lastRows),
      rows: ends,
      table: model.rotaryTable(covering: destinations.map(\.tokens).max() ?? 1)
    )
    return destinations.enumerated().map { index, destination in
      destination.block.count = destination.tokens
      return ComputedPrompt(
        block: destination.block,
        lastHidden: tape.gatherRows(hidden, [Int32(index)])
      )
    }
  }
}

extension KeyValueLayout {
  /// The cache of a model.
  init(_ configuration: DecoderConfiguration) {
    self.init(
      layers: configuration.layerCount,
      kvHeads: configuration.kvHeadCount,
      headDim: configuration.headDim
    )
  }
}

/// A completion that is being drawn.
struct ActiveSequence {
  /// Its places in the list of requests.
  let request: Int
  let sample: Int
  let prompt: ComputedPrompt
  /// Keys and values of the completion's tokens.
  let own: KeyValueBlock
  let random: Philox4x32
  /// The result so far; its reason is set when it ends.
  var completion: Completion
  /// Given tokens that are not in `completion` yet, last one first.
  var givenLeft: [Int32]

  /// Whether the next token is given rather than drawn.
  var isForced: Bool { !givenLeft.isEmpty }
}

/// Which tokens a sequence has had, each once: what a repetition penalty looks at.
struct SeenTokens {
  private(set) var tokens: [Int32] = []
  private var isSeen: [Bool]

  init(_ prompt: [Int32], vocabulary: Int) {
    isSeen = [Bool](repeating: false, count: vocabulary)
    for token in prompt { insert(token) }
  }

  mutating func insert(_ token: Int32) {
    if isSeen[Int(token)] { return }
    isSeen[Int(token)] = true
    tokens.append(token)
  }
}
