/// What a run's seed is used for here: each use has a Philox key of its own, so that one seed gives
/// unrelated numbers to each.
enum RandomUse: UInt64 {
  /// Initial weights; the stream is the parameter's number.
  case initialValues = 0x696E_6974_0000_0000
  /// Completions; the stream is the sample's id, the counter the token's place.
  case sampling = 0x7361_6D70_0000_0000
  /// Initial values of an adapter; the stream is the parameter's number.
  case adapterValues = 0x6C6F_7261_0000_0000

  func key(_ seed: UInt64) -> UInt64 { seed ^ rawValue }
}
