import Glibc

/// The terminal behind a descriptor, and what it can do.
struct TerminalDevice: Sendable {
  /// How events are shown.
  enum Form: Equatable, Sendable {
    /// Redrawn in place.
    case screen
    /// One line after the other.
    case lines
  }

  let descriptor: Int32
  let form: Form
  let hasColour: Bool
  let glyphs: Glyphs

  /// Looks at the descriptor and at TERM, NO_COLOR and the locale.
  init(
    descriptor: Int32 = STDOUT_FILENO,
    environment: (String) -> String? = Self.environment,
    isTerminal: Bool? = nil
  ) {
    self.descriptor = descriptor
    let terminal = environment("TERM") ?? ""
    let isTerminal = isTerminal ?? (isatty(descriptor) == 1)
    form = isTerminal && !terminal.isEmpty && terminal != "dumb" ? .screen : .lines
    // https://no-color.org: any value that is not empty.
    hasColour = form == .screen && (environment("NO_COLOR") ?? "").isEmpty
    let names = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment)
    let locale = names.first { !$0.isEmpty }?.lowercased() ?? "c"
    // Containers often have the C locale and a terminal that shows UTF-8 all the same.
    let isUnicode = locale.contains("utf") || locale == "c" || locale == "posix"
    glyphs = isUnicode ? .unicode : .ascii
  }

  /// Columns and rows, or 80 by 24 where the terminal does not say.
  var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Writes at once. What cannot be shown is lost: a closed terminal must not stop a run.
  func write(_ text: String) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        Glibc.write(descriptor, raw.baseAddress! + written, raw.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      written += count
    }
  }

  /// The value of an environment variable.
  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
