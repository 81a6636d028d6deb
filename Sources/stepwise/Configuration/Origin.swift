/// Where a configured value was written.
enum Origin: Sendable, Equatable, CustomStringConvertible {
  /// In a file; lines and columns count from 1.
  case file(String, line: Int, column: Int)
  /// On the command line, as `key.sub=value`.
  case commandLine(String)

  var description: String {
    switch self {
    case .file(let name, let line, let column): return "\(name):\(line):\(column)"
    case .commandLine(let text): return "command line, \(text)"
    }
  }
}
