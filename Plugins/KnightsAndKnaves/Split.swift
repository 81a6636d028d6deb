/// The two halves of the space of puzzles. They never share a puzzle, not even a renamed one.
public enum Split: String, CaseIterable, Sendable {
  /// Puzzles to learn from.
  case train
  /// Puzzles to be judged on.
  case test

  /// One canonical form in this many belongs to `test`.
  ///
  /// A constant and not a parameter: two datasets with different shares would overlap. With 5 there
  /// are enough different three-person puzzles on both sides, see the dataset's README.
  public static let testShare: UInt64 = 5

  /// The half that a canonical form belongs to, whatever the seed, the size or the run.
  public init(of form: CanonicalForm) {
    self = form.digest % Split.testShare == 0 ? .test : .train
  }
}
