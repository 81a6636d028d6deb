/// Arithmetic and traffic of a decoder's tokens: what a step must do at the least.
///
/// Products with weights count two operations a parameter (a tied head once, a gathered embedding not at all), attention four a
/// pair of positions and head dimension; norms and activations are left out, as is usual.
package struct ModelCost: Sendable, Equatable {
  /// Parameters, a tied head counted once.
  package var parameters: Int
  package var layers: Int
  /// Query heads times the width of a head.
  package var attentionWidth: Int
  /// Key-value heads times the width of a head.
  package var keyValueWidth: Int

  package init(parameters: Int, layers: Int, attentionWidth: Int, keyValueWidth: Int) {
    self.parameters = parameters
    self.layers = layers
    self.attentionWidth = attentionWidth
    self.keyValueWidth = keyValueWidth
  }

  /// Operations of one token forward, after `context` tokens on average.
  package func forward(context: Double) -> Double {
    2 * Double(parameters) + 4 * Double(layers * attentionWidth) * context
  }

  /// Operations of one trained token of a sequence: forward and backward, half the sequence before it on average.
  package func train(sequence: Int) -> Double { 3 * forward(context: Double(sequence) / 2) }

  /// Bytes that a decoding step must read: every weight once, and each sequence's keys and values.
  package func decodeBytes(batch: Int, context: Double, bytesPerValue: Double) -> Double {
    let cache = 2 * Double(layers * keyValueWidth) * context * Double(batch)
    return (Double(parameters) + cache) * bytesPerValue
  }
}
