import Components
import Testing

@Suite("The reward regex")
struct RegexTests {
  private struct Case: Decodable {
    let pattern, text: String
    let search, start, full, group: String?
  }

  /// What is matched shows as an answer, where it is compared with a column.
  private func reward(_ pattern: String, _ more: [ParameterEntry] = []) throws -> ShippedReward {
    try ShippedReward("regex", .object([ParameterEntry("pattern", .string(pattern))] + more))
  }

  private func stripped(_ text: String?) -> String? {
    text.map { text in
      let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
      var kept = String.UnicodeScalarView(scalars)
      while kept.last?.properties.isWhitespace == true { kept.removeLast() }
      return String(kept)
    }
  }

  @Test("matches are those of Python's re")
  func python() throws {
    let cases = try TestData.fixture("regex", as: Case.self)
    let column = Column("answer", .text("no answer at all"))
    for pattern in Set(cases.map(\.pattern)) {
      let rows = cases.filter { $0.pattern.utf8.elementsEqual(pattern.utf8) }
      let items = rows.map { ShippedReward.item($0.text, [column]) }
      for (name, value) in [
        ("search", \Case.search), ("start", \Case.start), ("full", \Case.full),
      ] {
        let match = ParameterEntry("match", .string(name))
        let scores = try reward(pattern, [match]).scores(items)
        let found = try reward(pattern, [match, ParameterEntry("column", "answer")])
        for (row, score) in zip(rows, scores) {
          let right = row[keyPath: value]
          #expect(
            (score == 1) == (right != nil),
            "\(name) \(pattern) in \(row.text.debugDescription)"
          )
          let given = try found.answer(row.text, [column])
          #expect(
            given == stripped(right),
            "\(name) \(pattern) in \(row.text.debugDescription)"
          )
        }
      }
      guard pattern.contains("("), rows.contains(where: { $0.group != nil }) else { continue }
      let group = try reward(
        pattern,
        [ParameterEntry("group", 1), ParameterEntry("column", "answer")]
      )
      for row in rows {
        #expect(
          try group.answer(row.text, [column]) == stripped(row.group),
          "group of \(pattern) in \(row.text.debugDescription)"
        )
      }
    }
  }

  @Test("no pattern takes long", .timeLimit(.minutes(1)))
  func linear() throws {
    let text = String(repeating: "a", count: 20_000) + "!"
    for pattern in ["(a*)*$b", "(a+)+$", "(a|a)*b", "(a?){50}a{50}b", "(.*)(.*)(.*)(.*)x"] {
      #expect(try reward(pattern).score(text) == 0, "\(pattern)")
    }
  }

  @Test("a pattern is read in time whatever its repetitions repeat", .timeLimit(.minutes(1)))
  func emptyRepetitions() throws {
    let nothing = String(repeating: "(", count: 20) + String(repeating: "){1000}", count: 20)
    #expect(try reward(nothing + "a").score("ba") == 1)
    #expect(try reward(nothing + "a").score("b") == 0)
  }

  @Test("octal escapes and braces are Python's")
  func escapes() throws {
    #expect(try reward(#"^a\012b[\011]\08$"#).score("a\nb\t\u{0}8") == 1)
    #expect(try reward("^{a}{}{$").score("{a}{}{") == 1)
  }

  @Test("a group is compared with a column")
  func column() throws {
    let reward = try ShippedReward(
      "regex",
      ["pattern": "answer: *([^\\n]*)", "group": 1, "column": "answer", "flags": ["ignore_case"]]
    )
    #expect(reward.function.description.successThreshold == 1)
    #expect(try reward.score("ANSWER: 12 \n", [Column("answer", .text(" 12"))]) == 1)
    #expect(try reward.score("answer: 12", [Column("answer", .int(12))]) == 1)
    #expect(try reward.score("answer: 13", [Column("answer", .text("12"))]) == 0)
    #expect(try reward.score("no", [Column("answer", .text("12"))]) == 0)
    #expect(
      message { _ = try reward.score("answer: 1", [Column("answer", .real(1))]) }
        .contains("neither text nor a whole number")
    )
    let none = try self.reward("apple", [ParameterEntry("negate", true)])
    #expect(try none.score("an apple") == 0)
    #expect(try none.score("a pear") == 1)
    #expect(none.function.description.successThreshold == nil)
  }

  @Test(arguments: [
    ("(?=a)", "not supported"), ("(?<=a)b", "not supported"), (#"(a)\1"#, "backreferences"),
    ("(a", "not closed"),
    ("a)", "never opened"), ("[a", "not closed"), ("*a", "nothing to repeat"),
    ("a**", "follows another"),
    ("a{3,2}", "reversed"), ("[b-a]", "reversed"), (#"\q"#, "not known"), ("a{2000}", "more than"),
    ("((a{900}){900}){9}", "too large"), ("a++", "possessive"), ("(?x)a", "not supported"),
    ("\\", "ends the pattern"), ("a|{2}", "at character 2: nothing to repeat"),
    (#"\x+f"#, "hexadecimal digits"),
  ])
  func refused(pattern: String, problem: String) {
    let text = message { _ = try reward(pattern) }
    #expect(text.contains("'pattern'") && text.contains(problem), "\(text)")
  }
}
