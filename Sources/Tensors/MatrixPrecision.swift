/// What matrices are multiplied in. Parameters, gradients and activations are FP32 in memory at either.
public enum MatrixPrecision: String, Sendable, CaseIterable {
  /// FP32 operands.
  case fp32
  /// Operands rounded to BF16 (to nearest, ties to even), products added up in FP32: what PyTorch's
  /// autocast does to linear layers. Keys and values are cached in BF16.
  case bf16
}
