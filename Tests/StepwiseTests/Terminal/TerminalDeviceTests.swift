import Testing

@testable import stepwise

@Suite struct TerminalDeviceTests {
  private func device(_ environment: [String: String], isTerminal: Bool = true) -> TerminalDevice {
    TerminalDevice(descriptor: -1, environment: { environment[$0] }, isTerminal: isTerminal)
  }

  @Test func capabilitiesFollowTheEnvironment() {
    let full = device(["TERM": "xterm-256color", "LANG": "en_US.UTF-8"])
    #expect(full.form == .screen && full.hasColour)
    #expect(full.glyphs.sft == Glyphs.unicode.sft)
    #expect(!device(["TERM": "xterm", "NO_COLOR": "1"]).hasColour)
    #expect(device(["TERM": "xterm", "NO_COLOR": ""]).hasColour)
    #expect(device(["TERM": "dumb"]).form == .lines)
    #expect(device([:]).form == .lines)
    #expect(device(["TERM": "xterm"], isTerminal: false).form == .lines)
    #expect(device(["TERM": "xterm", "LANG": "de_DE.ISO-8859-1"]).glyphs.sft == Glyphs.ascii.sft)
    #expect(
      device(["TERM": "xterm", "LC_ALL": "C", "LANG": "de_DE@euro"]).glyphs.sft
        == Glyphs.unicode.sft
    )
  }

  @Test func aRedrawGoesBackOverTheOneBefore() {
    let device = device(["TERM": "xterm", "NO_COLOR": "1"])
    var painter = ScreenPainter(device)
    let first = painter.frame([[Span("a")], [Span("b")]], columns: 80)
    #expect(first.contains("\r\u{1b}[Ja\nb\n") && !first.contains("A\r"))
    painter.paint([[Span("a")], [Span("b")]], columns: 80)
    #expect(painter.frame([[Span("c")]], columns: 80).contains("\u{1b}[2A\r\u{1b}[Jc\n"))
  }

  @Test func aNarrowerTerminalHasWrappedTheLinesBefore() {
    let lines: [StyledLine] = [[Span(String(repeating: "x", count: 70))], [], [Span("y")]]
    #expect(ScreenPainter.rows(of: lines, columns: 80) == 3)
    #expect(ScreenPainter.rows(of: lines, columns: 70) == 3)
    #expect(ScreenPainter.rows(of: lines, columns: 30) == 5)
  }

  @Test func coloursAreEscapedAndEnded() {
    let line: StyledLine = [Span("a", .strong), Span("b"), Span("c", TextStyle(colour: .sft))]
    #expect(line.ansi(colour: true) == "\u{1b}[1ma\u{1b}[0mb\u{1b}[38;5;75mc\u{1b}[0m")
    #expect(line.ansi(colour: false) == "abc")
  }

  @Test func picturesHoldTheSameText() {
    let svg = ScreenPicture.svg([[Span("a<b"), Span("  "), Span("&", .quiet)]], columns: 10)
    #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
    #expect(svg.contains(">a&lt;b</text>") && svg.contains("fill=\"#8a8a8a\">&amp;</text>"))
  }
}
