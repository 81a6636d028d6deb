import Tensors

/// A prompt that has been computed: its keys and values, and the state that predicts the first
/// token of every completion.
final class ComputedPrompt {
  let block: KeyValueBlock
  /// [1, C]
  let lastHidden: Tensor
  let count: Int

  /// Runs the prompt through the model.
  ///
  /// Prompts are computed one at a time, so that a prompt's bits do not depend on which others are
  /// waiting with it.
  init(_ tokens: [Int32], _ model: DecoderModel) {
    let configuration = model.configuration
    let layout = KeyValueLayout(
      layers: configuration.layerCount,
      kvHeads: configuration.kvHeadCount,
      headDim: configuration.headDim
    )
    let block = KeyValueBlock(layout: layout, capacity: tokens.count, backend: model.backend)
    let whole = KeyValueDestination(block: block, position: 0, row: 0, tokens: tokens.count)
    let tape = Tape(backend: model.backend, recording: false)
    let hidden = model.forward(PackedBatch([tokens]), tape: tape) { layer, keys, values in
      tape.appendKeyValues(keys: keys, values: values, to: [whole], layer: layer)
    }
    block.count = tokens.count
    self.block = block
    lastHidden = tape.gatherRows(hidden, [Int32(tokens.count - 1)])
    count = tokens.count
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
