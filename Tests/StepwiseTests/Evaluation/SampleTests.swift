import Testing
import Training

@testable import stepwise

/// How completions are shown for reading.
@Suite struct SampleTests {
  static let wrapped: [(String, Int, [String])] = [
    ("", 5, [""]), ("abc", 5, ["abc"]), ("abcde", 5, ["abcde"]), ("ab cde f", 5, ["ab", "cde f"]),
    ("abcdefgh", 5, ["abcde", "fgh"]), ("ab\ncd\n", 5, ["ab", "cd", ""]),
    ("ab\r\ncd", 5, ["ab", "cd"]),
    ("aa bb cc", 5, ["aa bb", "cc"]), ("  indented", 5, ["  ind", "ented"]), ("a\tb", 5, ["a  b"]),
    ("x\u{1b}[31mred", 20, ["x [31mred"]), ("aaaa bbbb", 4, ["aaaa", "bbbb"]),
    ("ab", 0, ["a", "b"]),
    ("日本語のテキスト", 3, ["日本語", "のテキ", "スト"]),
  ]

  @Test(arguments: wrapped)
  func wrapping(text: String, columns: Int, lines: [String]) {
    #expect(text.wrapped(to: columns) == lines)
  }

  @Test func noLineIsTooLong() {
    let text = (0..<500).map { _ in
      ["word", " ", "\n", "averyveryverylongword", "é", "\t"].randomElement()!
    }
    .joined()
    for columns in [1, 2, 7, 40] {
      let lines = text.wrapped(to: columns)
      #expect(lines.allSatisfy { $0.count <= columns })
      let kept = lines.joined().filter { $0 != " " }
      #expect(kept == text.filter { !$0.isWhitespace }, "nothing but blanks is lost")
    }
  }

  static let prompt = EvaluatedPrompt(
    set: "prompts",
    mode: "sampled",
    row: 3,
    id: 3,
    columns: [.init("level", "2")],
    prompt: "What is <b>1 + 1</b>?",
    completions: [
      EvaluatedCompletion(
        text: "It is 2 & \"no\" more",
        tokens: 7,
        scores: [1, nil],
        reward: 1,
        solved: true,
        answer: "2"
      ),
      EvaluatedCompletion(
        text: "3",
        tokens: 1,
        truncated: true,
        scores: [0, 0.5],
        reward: 0.5,
        solved: false
      ),
      EvaluatedCompletion(text: "4", scores: [0, 0], reward: 0, solved: false),
    ]
  )

  @Test func aPromptAsLines() {
    let browser = SampleBrowser(
      rewards: ["exact", "style"],
      columns: 100,
      glyphs: .ascii,
      completions: 2
    )
    let lines = browser.lines(Self.prompt).map(\.text)
    #expect(lines[1] == "prompts, sampled - row 3 - level 2")
    #expect(lines.contains("  What is <b>1 + 1</b>?"))
    #expect(
      lines.contains(
        "completion 1 of 3: correct - reward 1.00 - exact 1.00 - style abstained - answer 2 - 7 tokens"
      )
    )
    #expect(
      lines.contains(
        "completion 2 of 3: wrong - reward 0.500 - exact 0 - style 0.500 - 1 token, cut at the limit"
      )
    )
    #expect(lines.contains("and 1 more, 0 of them correct"))
    let narrow = SampleBrowser(rewards: ["exact"], columns: 40, glyphs: .ascii, completions: 9)
    #expect(narrow.lines(Self.prompt).allSatisfy { $0.width <= 40 })
  }

  @Test func thePageNeedsNothingElse() {
    let page = SamplePage(title: "<eval>", rewards: ["exact", "style"], prompts: [Self.prompt]).html
    #expect(page.contains("What is &lt;b&gt;1 + 1&lt;/b&gt;?"))
    #expect(page.contains("It is 2 &amp; &quot;no&quot; more"))
    #expect(page.contains("<title>&lt;eval&gt;</title>") && page.contains("1 of 3 correct"))
    #expect(!page.contains("http") && !page.contains(" src=") && !page.contains("<link"))
    #expect(SamplePage.escaped("a\u{0}\u{1b}b\tc") == "a\u{FFFD}\u{FFFD}b\tc")
  }
}
