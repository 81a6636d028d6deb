import Tensors

/// A prompt that has been computed: its keys and values, and the state that predicts the first
/// token of every completion.
final class ComputedPrompt {
  let block: KeyValueBlock
  /// [1, C]
  let lastHidden: Buffer
  let count: Int

  private init(block: KeyValueBlock, lastHidden: Buffer, count: Int) {
    self.block = block
    self.lastHidden = lastHidden
    self.count = count
  }

  /// Runs prompts through the model, packed: few long products in place of many short ones.
  static func compute(
    _ prompts: [[Int32]],
    _ layout: KeyValueLayout,
    _ step: DecodeStep,
    table: RotaryTable,
    backend: any Backend
  ) -> [ComputedPrompt] {
    let blocks = prompts.map {
      KeyValueBlock(layout: layout, capacity: $0.count, backend: backend)
    }
    let hidden = step.prefill(PackedBatch(prompts), blocks: blocks, table: table)
    let width = hidden.count / prompts.count
    return prompts.indices.map { index in
      ComputedPrompt(
        block: blocks[index],
        lastHidden: hidden.slice(index * width, count: width),
        count: prompts[index].count
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
