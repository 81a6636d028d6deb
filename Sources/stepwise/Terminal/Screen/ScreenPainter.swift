/// Draws one screen over the one before, in place.
struct ScreenPainter {
  private let device: TerminalDevice
  private var previous: [StyledLine] = []
  private var isHidingCursor = false

  init(_ device: TerminalDevice) {
    self.device = device
  }

  /// What undoes everything that the painter sets; safe to write from a signal handler.
  static let restoreSequence: StaticString = "\u{1b}[?25h\u{1b}[0m\n"

  mutating func paint(_ lines: [StyledLine], columns: Int) {
    device.write(frame(lines, columns: columns))
    previous = lines
    isHidingCursor = true
  }

  /// Writes lines above the screen, where they scroll away.
  mutating func note(_ texts: [String], columns: Int) {
    device.write(frame(texts.map { [Span($0)] } + previous, columns: columns))
  }

  /// Leaves the last screen where it is and gives the cursor back.
  mutating func finish() {
    if isHidingCursor { device.write("\u{1b}[?25h") }
    isHidingCursor = false
    previous = []
  }

  /// The bytes of one redraw: up to the first line of the one before, then every line anew.
  func frame(_ lines: [StyledLine], columns: Int) -> String {
    // The terminal shows a synchronised update (2026) at once, or ignores the marks.
    var out = "\u{1b}[?2026h\u{1b}[?25l"
    let rows = Self.rows(of: previous, columns: columns)
    if rows > 0 { out += "\u{1b}[\(rows)A" }
    out += "\r\u{1b}[J"
    for line in lines { out += line.ansi(colour: device.hasColour) + "\n" }
    return out + "\u{1b}[?2026l"
  }

  /// Rows that lines take after the terminal got another width and wrapped them.
  static func rows(of lines: [StyledLine], columns: Int) -> Int {
    lines.reduce(0) { $0 + max(1, ($1.width + columns - 1) / max(1, columns)) }
  }
}
