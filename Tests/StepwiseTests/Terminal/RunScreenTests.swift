import Components
import Testing
import Training

@testable import stepwise

@Suite struct RunScreenTests {
  private func text(
    _ state: RunScreenState,
    columns: Int = 92,
    rows: Int = .max,
    glyphs: Glyphs = .unicode
  ) -> [String] {
    RunScreen(state, columns: columns, glyphs: glyphs).lines(rows: rows).map(\.text)
  }

  @Test func everythingIsOnTheScreen() {
    let screen = text(SampleRun.state(steps: 214)).joined(separator: "\n")
    for part in [
      "stepwise · kk", "sasr · 811.3 k parameters", "step 214 of 300", "71 %", "left", "SFT 65",
      "GRPO 149", "p_t", "SFT loss", "reward", "SFT ‖∇‖", "GRPO ‖∇‖", "KL", "tokens/s", "22.5 k",
      "held out", "0.463", "[0.435, 0.491]", "step 200, 1,200 prompts", "+0.043 since step 40",
      "a = 0.71 >= p_t = 0.31",
    ] {
      #expect(screen.contains(part), "\(part) in:\n\(screen)")
    }
    // 86 steps to go at 0.4 s each.
    #expect(screen.contains("0:34 left"))
  }

  @Test(arguments: [20, 33, 48, 60, 80, 92, 200])
  func noLineIsWiderThanTheTerminal(columns: Int) {
    for steps in [0, 1, 50, 214, 300] {
      for line in text(SampleRun.state(steps: steps), columns: columns) {
        #expect(line.count <= columns, "\(line)")
      }
    }
  }

  @Test(arguments: 1...24)
  func aLowTerminalGetsWhatMattersMost(rows: Int) {
    let screen = text(SampleRun.state(steps: 214), rows: rows)
    #expect(screen.count <= max(rows, 2))
    #expect(screen.contains { $0.contains("step 214 of 300") })
  }

  @Test func theStripShowsEachStepAlsoWithoutColour() {
    let glyphs = Glyphs.unicode
    let line = Charts.strip([.sft, .sft, .rl, .both, .rl], columns: 10, glyphs: glyphs)
    #expect(line.text == "██▂▅▂")
    #expect(line.spans.map(\.style.colour) == [.sft, .rl, .both, .rl])
    #expect(Charts.strip([.sft, .rl, .rl], columns: 2, glyphs: glyphs).text == "▂▂")
    let ascii = Charts.strip([.sft, .rl, .both], columns: 9, glyphs: .ascii)
    #expect(ascii.text == "SgB")
    #expect(!ascii.ansi(colour: false).contains("\u{1b}"))
  }

  @Test func anASCIIScreenIsASCII() {
    for line in text(SampleRun.state(steps: 214), glyphs: .ascii) {
      #expect(line.allSatisfy { $0.isASCII }, "\(line)")
    }
  }

  @Test func sparklines() {
    #expect(
      Charts.sparkline([0, 1, 2, 3, 4, 5, 6, 7], columns: 8, glyphs: .unicode) == "▁▂▃▄▅▆▇█"
    )
    #expect(Charts.sparkline([0, 0, 7, 7], columns: 2, glyphs: .unicode) == "▁█")
    #expect(Charts.sparkline([1, .nan, 2], columns: 8, glyphs: .unicode) == "▁ █")
    #expect(Charts.sparkline([3, 3], columns: 8, glyphs: .unicode) == "▅▅")
    #expect(Charts.sparkline([.nan, .nan], columns: 8, glyphs: .unicode) == "  ")
    #expect(Charts.sparkline([], columns: 8, glyphs: .unicode) == "")
  }

  @Test func barsFillUp() {
    #expect(Charts.bar(share: 0, columns: 4, glyphs: .unicode).text == "╸───")
    #expect(Charts.bar(share: 0.5, columns: 4, glyphs: .unicode).text == "━━╸─")
    #expect(Charts.bar(share: 1, columns: 4, glyphs: .unicode).text == "━━━━")
    #expect(Charts.bar(share: 7, columns: 4, glyphs: .unicode).text == "━━━━")
  }

  @Test func activitiesAreSaid() {
    var state = SampleRun.state(steps: 50)
    state.apply(.generating(done: 64, total: 256), at: 130)
    #expect(text(state).last == "  Generating completions: 64 of 256")
    state.stopping()
    state.apply(.generating(done: 65, total: 256), at: 130)
    #expect(text(state).last?.contains("writing a checkpoint") == true)
    state.apply(.finished(steps: 51, reason: .interrupted), at: 131)
    #expect(text(state).last == "  Stopped · runs/kk")
  }

  @Test func namesCannotMoveTheCursor() {
    var state = RunScreenState(title: "a\u{1b}[2Jb\n", strategy: "s\r", path: "p")
    state.apply(.started(step: 0, horizon: 1, parameters: 1), at: 0)
    for line in text(state) {
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
    }
  }

  @Test func aResumedRunShowsItsPast() {
    var state = RunScreenState(title: "kk", strategy: "s", path: "p")
    state.preload(kinds: [.sft, .sft, .rl])
    state.apply(.started(step: 3, horizon: 10, parameters: 1), at: 0)
    let screen = text(state)
    #expect(screen.contains { $0.contains("step 3 of 10") })
    #expect(screen.contains("  ██▂"))
  }
}
