public import FoundationEssentials

/// A checkpoint on disk.
public struct Checkpoint: Sendable, Equatable {
  /// Optimizer steps that were complete when it was made.
  public let step: Int
  /// The directory with its files.
  public let url: URL

  /// Creates a reference to a checkpoint.
  public init(step: Int, url: URL) {
    self.step = step
    self.url = url
  }

  static let prefix = "step-"

  /// `step-00000123`: names sort as steps do.
  static func directoryName(step: Int) -> String {
    let digits = String(step)
    return prefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  /// The step in a directory's name, or `nil` when the name is not a checkpoint's.
  static func step(inName name: String) -> Int? {
    guard name.hasPrefix(prefix), let step = Int(name.dropFirst(prefix.count)), step >= 0,
      directoryName(step: step) == name
    else { return nil }
    return step
  }
}
