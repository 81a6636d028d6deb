/// Weights of one input, one below the other, prepared for many products with few rows: decoding.
///
/// A copy: changes of the weights do not reach it. At BF16 it takes half of their memory.
public final class PackedWeights {
  /// Rows of all the weights: the width of a result.
  public let output: Int
  /// Columns: the width of an input.
  public let input: Int
  /// The backend's own layout; nil where it multiplies with the sources.
  let packed: Storage?
  let sources: [Buffer]

  init(output: Int, input: Int, packed: Storage?, sources: [Buffer]) {
    self.output = output
    self.input = input
    self.packed = packed
    self.sources = sources
  }
}
