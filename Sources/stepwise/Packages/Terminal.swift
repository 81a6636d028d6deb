import Glibc

/// A person at a terminal who can be asked. There is none where standard input is a pipe or a file, even if the process has a
/// terminal: a script must never be taken for a person's consent.
struct Terminal {
  /// `nil` where nobody can be asked.
  init?() {
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return nil }
  }

  /// Asks for consent; anything but yes is no.
  func confirms(_ question: String) -> Bool {
    ask(question + " [y/N] ")
    return ["y", "yes"].contains(
      String(decoding: line(), as: UTF8.self).lowercased().filter { $0 != " " }
    )
  }

  /// Reads a line that is not shown.
  func secret(_ question: String) throws -> [UInt8] {
    var before = termios()
    guard tcgetattr(STDIN_FILENO, &before) == 0 else {
      ask(question)
      return line()
    }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
      ask("\n")
    }
    // Only now: what is typed before would be shown, or lost.
    ask(question)
    return line()
  }

  private func ask(_ text: String) {
    _ = try? StandardStream.write(text, to: STDERR_FILENO, name: "standard error")
  }

  private func line() -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 4096 {
      let count = read(STDIN_FILENO, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 || byte == 0x0A { break }
      line.append(byte)
    }
    return line
  }
}
