/// How much a package may hold. Whatever it says of itself, no more than this is read.
public struct ArchiveLimits: Sendable, Equatable {
  /// Bytes of the compressed package.
  public var packageSize = 256 << 20
  /// Files.
  public var entries = 4096
  /// Bytes of all files.
  public var totalSize = 512 << 20
  /// Bytes of all files for each compressed byte. Libraries compress three- to sixfold.
  public var ratio = 100
  /// Below this many bytes any ratio will do: a small package may well be a page of zeros.
  public var ratioFloor = 1 << 20

  /// Creates the usual limits.
  public init() {}

  /// The most bytes that a package of this size may unpack to.
  func unpackedLimit(packageSize: Int) -> Int {
    let (product, overflow) = packageSize.multipliedReportingOverflow(by: ratio)
    return min(totalSize, max(ratioFloor, overflow ? .max : product))
  }
}
