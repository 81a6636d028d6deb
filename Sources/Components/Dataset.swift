/// Where rows come from. The host shuffles; a dataset only answers for positions.
///
/// All calls come from one thread at a time. A dataset must answer the same range with the same rows for the life of a run:
/// resume and replay depend on it.
public protocol Dataset: AnyObject {
  /// Who this is.
  var identity: ComponentIdentity { get }

  /// How many rows there are, or `nil` for a stream that has no end.
  var count: Int? { get }

  /// The rows at the positions of `range`. For a stream any range is in bounds.
  ///
  /// - Throws: what the dataset says is wrong; the message names the row.
  func examples(in range: Range<Int>) throws -> [Example]

  /// Tells the dataset that an epoch begins, 0-based. Rows may differ between epochs only where the dataset documents it.
  func beginEpoch(_ epoch: Int) throws

  /// State to be restored on resume, byte-deterministic; empty when there is none.
  func saveState() throws -> [UInt8]

  /// Restores what `saveState` gave. Refuses bytes it does not know.
  func loadState(_ bytes: [UInt8]) throws
}

extension Dataset {
  /// Datasets without epochs need not answer.
  public func beginEpoch(_ epoch: Int) throws {}
  /// Datasets without state have nothing to save.
  public func saveState() throws -> [UInt8] { [] }
  /// Datasets without state have nothing to load.
  public func loadState(_ bytes: [UInt8]) throws {}
}
