import FoundationEssentials

extension ProcessPaths {
  /// A path as people would type it: relative where it lies below the current directory.
  static func shown(_ url: URL) -> String {
    let path = url.standardizedFileURL.path
    let here = workingDirectory + "/"
    let short = path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
    return short.count > 1 && short.hasSuffix("/") ? String(short.dropLast()) : short
  }

  /// The program as it was called, so that a command it suggests can be typed as it stands.
  static var program: String { CommandLine.arguments.first ?? "stepwise" }
}
