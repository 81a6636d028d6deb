import Components
import Foundation
import Testing

@testable import PluginHost

@Suite struct FunctionRewardTests {
  private static let completion = "arguments: [{ value: completion, as: string }]"
  private static let text = "arguments: [{ value: completion, as: text }]"
  private static let tokens = "arguments: [{ value: completion_tokens, as: int32 }]"

  /// Symbol, arguments, result, and the scores of "short" and "" (three tokens each, the second one cut).
  static let forms: [(String, String, String, [Double])] = [
    ("length", completion, "int32", [5, 0]),
    ("negative", completion, "int64", [-5, 0]),
    ("bytes", text, "uint64", [5, 0]),
    ("third", tokens, "float", [1, 1]),
    ("half", tokens, "double", [1.5, 1.5]),
    ("is_cut", "arguments: [{ value: truncated, as: bool }]", "int32", [0, 1]),
    (
      "same", "arguments: [{ value: completion, as: string }, { column: answer, as: string }]",
      "bool", [1, 0]
    ),
    (
      "written", "arguments: [{ value: completion, as: string }, { out: scores, as: double }]",
      "status", [0, 0]
    ),
    ("length", "arguments: [{ value: prompt, as: string }]", "int32", [6, 6]),
  ]

  @Test(arguments: forms, [true, false])
  func results(_ test: (String, String, String, [Double]), isGuarded: Bool) throws {
    let fixture = try FunctionFixture("symbol: \(test.0)\n\(test.1)\nresult: \(test.2)")
    let columns = [Column("answer", .text("short"))]
    #expect(
      try fixture.score(["short", ""], columns: columns, isGuarded: isGuarded)
        == test.3.map { .score($0) }
    )
  }

  static let scalars = """
    symbol: scalars
    arguments:
      - { column: a, as: int32 }
      - { column: b, as: int64 }
      - { parameter: c, as: uint64 }
      - { column: d, as: float }
      - { parameter: e, as: double }
      - { column: f, as: bool }
      - { parameter: g, as: bool }
    result: int32
    """
  static let scalarParameters = """
    parameters:
      c: { type: integer, default: \(UInt64(1) << 62) }
      e: { type: number, default: 1e300 }
      g: { type: boolean, default: false }
    """
  static let scalarColumns = [
    Column("a", .int(-5)), Column("b", .int(-(1 << 40))), Column("d", .real(0.5)),
    Column("f", .int(1)),
  ]

  @Test func everyScalarArrives() throws {
    let fixture = try FunctionFixture(Self.scalars, more: Self.scalarParameters)
    #expect(try fixture.score(["x"], columns: Self.scalarColumns) == [.score(1)])
  }

  /// More arguments than registers, of both sorts: the rest is passed on the stack.
  @Test func manyArguments() throws {
    let names = (0..<18).map { String(UnicodeScalar(UInt8(97 + $0))) }
    let arguments = names.enumerated().map { index, name in
      "  - { column: \(name), as: \(index < 10 ? "double" : "int32") }"
    }
    let fixture = try FunctionFixture(
      "symbol: many\narguments:\n\(arguments.joined(separator: "\n"))\nresult: double"
    )
    let columns = names.enumerated().map { Column($1, .int(Int64($0 + 1))) }
    let expected = (1...18).reduce(0) { $0 + $1 * $1 }
    #expect(try fixture.score(["x"], columns: columns) == [.score(Double(expected))])
  }

  static let scaled = """
    symbol: scaled
    arguments:
      - { value: completion, as: string }
      - { parameter: scale, as: double }
      - { parameter: word, as: string }
    result: double
    """
  static let scaledParameters = """
    parameters:
      scale: { type: number, default: 2, changeable: true }
      word: { type: string, default: wort }
    """

  @Test func parameters() throws {
    let fixture = try FunctionFixture(Self.scaled, more: Self.scaledParameters)
    #expect(try fixture.score(["a wort", "no"]) == [.score(2), .score(0)])
    let given = ParameterValue.object([ParameterEntry("word", .string("größe"))])
    #expect(try fixture.score(["a wort", "die größe"], given) == [.score(0), .score(2)])
    let reward = try fixture.reward()
    try reward.reconfigure(.object([ParameterEntry("scale", .double(-0.5))]))
    #expect(try reward.score(batch(["wort"])) == [.score(-0.5)])
    let error = pluginError {
      try reward.reconfigure(.object([ParameterEntry("word", .string("x"))]))
    }
    #expect(error?.description.contains("cannot change while the run goes on") == true)
    let nul = ParameterValue.object([ParameterEntry("word", .string("a\0b"))])
    let refused = pluginError { _ = try fixture.reward(nul) }
    #expect(refused?.problem == .parameters)
    #expect(refused?.description.contains("the parameter 'word' has a NUL") == true)
  }

  static let batchForm = """
    symbol: batch
    call: batch
    arguments:
      - { value: count, as: uint64 }
      - { value: completion, as: text }
      - { column: answer, as: string }
      - { value: completion_tokens, as: int32 }
      - { value: truncated, as: bool }
      - { column: weight, as: double }
      - { parameter: scale, as: double }
      - { out: scores, as: double }
    result: status
    """

  @Test(arguments: [true, false]) func wholeBatch(isGuarded: Bool) throws {
    let fixture = try FunctionFixture(
      Self.batchForm,
      more: "parameters: { scale: { type: number, default: 0.5 } }"
    )
    let columns = [Column("answer", .text("four")), Column("weight", .real(0.25))]
    let completions =
      ["four", "", "a\0b"] + (0..<40).map { String(repeating: "é", count: 400 * $0) }
    let expected = completions.enumerated().map { index, text -> RewardOutcome in
      let size = Double(text.utf8.count)
      let cut = index == 1 ? 10000.0 : 0
      return .score(0.5 * (size + (size == 4 ? 100 : 0) + 3000 + cut + 0.25))
    }
    let reward = try fixture.reward(isGuarded: isGuarded)
    #expect(try reward.score(batch(completions, columns: columns)) == expected)
    // The memory is used again.
    #expect(try reward.score(batch(["four"], columns: columns)) == [expected[0]])
    #expect(try reward.score(batch([], columns: columns)) == [])
    let error = pluginError { _ = try reward.score(batch(["a", "!"], columns: columns)) }
    #expect(error?.problem == .refused(status: -1))
    #expect(error?.description.contains("it answered -1") == true, "\(error!)")
  }

  @Test func itemsThatDoNotApplyAreLeftOut() throws {
    let fixture = try FunctionFixture(
      Self.batchForm,
      more: "parameters: { scale: { type: number, default: 1 } }"
    )
    var three = batch(["aa", "bb", "cc"], columns: [Column("weight", .int(0))])
    for (index, answer) in [ColumnValue.text("xx"), .null, .text("x")].enumerated() {
      three.items[index].example.columns.append(Column("answer", answer))
    }
    #expect(
      try fixture.reward().score(three) == [.score(3102), .abstained, .score(3002)]
    )
  }

  // MARK: - Text with NUL, columns that do not fit

  @Test func completionWithNUL() throws {
    let terminated = try FunctionFixture("symbol: length\n\(Self.completion)\nresult: int32")
    #expect(try terminated.score(["42\0 or 43", "42"]) == [.abstained, .score(2)])
    let counted = try FunctionFixture("symbol: zeros\n\(Self.text)\nresult: int32")
    #expect(try counted.score(["42\0 or\0", "42"]) == [.score(2), .score(0)])
  }

  private static let same = """
    symbol: same
    arguments: [{ value: completion, as: string }, { column: answer, as: string }]
    result: bool
    """

  /// What a row has, and words of the error.
  static let badColumns: [([Column], [String])] = [
    ([], ["needs the column 'answer'", "row 0 does not have; it has none"]),
    ([Column("anwser", .text("x"))], ["needs the column 'answer'", "it has anwser"]),
    (
      [Column("answer", .int(42))],
      [
        "item 0 (id 100, row 0) could not be scored: the column 'answer' is the whole number 42",
        "wants string",
      ]
    ),
    ([Column("answer", .real(0.5))], ["is the real number 0.5"]),
    ([Column("answer", .list([.text("x")]))], ["is a list"]),
    ([Column("answer", .messages([]))], ["is a conversation"]),
    ([Column("answer", .text("a\0b"))], ["has a NUL", "pass it as text"]),
  ]

  @Test(arguments: badColumns) func badColumn(columns: [Column], words: [String]) throws {
    let fixture = try FunctionFixture(Self.same)
    let error = try #require(pluginError { _ = try fixture.score(["x"], columns: columns) })
    #expect(error.problem == .output)
    #expect(error.hook == "same")
    for word in words { #expect(error.description.contains(word), "\(error)") }
  }

  @Test func nullColumnDoesNotApply() throws {
    let fixture = try FunctionFixture(Self.same)
    #expect(try fixture.score(["x"], columns: [Column("answer", .null)]) == [.abstained])
    #expect(try fixture.reward().description.requiredColumns == ["answer"])
  }

  static let badScalars: [(Int, ColumnValue, String)] = [
    (0, .int(1 << 31), "2147483648, which no int32 can be"),
    (0, .real(0.5), "0.5, which no int32 can be"),
    (0, .text("5"), "is text, the function wants int32"),
    (3, .int(2), "2, which no bool can be"),
  ]

  @Test(arguments: badScalars)
  func scalarThatDoesNotFit(column: Int, value: ColumnValue, words: String) throws {
    let fixture = try FunctionFixture(Self.scalars, more: Self.scalarParameters)
    var columns = Self.scalarColumns
    columns[column].value = value
    let error = try #require(pluginError { _ = try fixture.score(["x"], columns: columns) })
    #expect(error.description.contains(words), "\(error)")
    // A real number without fraction is a whole one.
    columns[column] = Self.scalarColumns[column]
    columns[0].value = .real(-5)
    #expect(try fixture.score(["x"], columns: columns) == [.score(1)])
  }

  // MARK: - Scores that are refused

  @Test func sameChecksAsForAnyReward() throws {
    let function = "symbol: not_a_number\n\(Self.completion)\nresult: double"
    let error = try #require(pluginError { _ = try FunctionFixture(function).score(["a", "n"]) })
    #expect(error.description.contains("the score of item 1 (id 101, row 1) is nan"), "\(error)")
    let bounded = try FunctionFixture(function, more: "measures: { minimum: 0.6, maximum: 1 }")
    let range = try #require(pluginError { _ = try bounded.score(["a"]) })
    #expect(range.description.contains("is 0.5, declared is 0.6 to 1.0"), "\(range)")
    let abstaining = try FunctionFixture(function + "\nabstain: .nan")
    #expect(try abstaining.score(["a", "n"]) == [.score(0.5), .abstained])
    let half = try FunctionFixture(function + "\nabstain: 0.5")
    #expect(try half.score(["a"]) == [.abstained])
  }

  @Test func statusOfAnItem() throws {
    let fixture = try FunctionFixture(
      """
      symbol: written
      arguments: [{ value: completion, as: string }, { out: scores, as: double }]
      result: status
      """
    )
    let error = try #require(pluginError { _ = try fixture.score(["a", "!"]) })
    #expect(
      error.description.contains("item 1 (id 101, row 1) could not be scored: it answered 7"),
      "\(error)"
    )
  }

  @Test func scoresLeftUnwritten() throws {
    let one = try FunctionFixture(
      """
      symbol: unwritten
      arguments: [{ value: completion, as: string }, { out: scores, as: double }]
      result: void
      """
    )
    let error = try #require(pluginError { _ = try one.score(["a", "b"]) })
    #expect(error.description.contains("it left item 1 (id 101, row 1) without an answer"))
    let function = """
      symbol: batch_short
      call: batch
      arguments: [{ value: count, as: uint64 }, { out: scores, as: double }]
      result: void
      """
    let last = pluginError { _ = try FunctionFixture(function).score(["a", "b", "c"]) }
    #expect(last?.description.contains("it left item 2") == true)
    let long = function.replacing("batch_short", with: "batch_long")
    let over = pluginError {
      _ = try FunctionFixture(long).score(["a", "b", "c"], isGuarded: false)
    }
    #expect(over?.description.contains("wrote behind the 3 scores") == true)
  }

  @Test func boolThatIsNone() throws {
    let fixture = try FunctionFixture("symbol: no_bool\n\(Self.completion)\nresult: bool")
    #expect(try fixture.score(["a"]) == [.score(1)])
    let error = try #require(pluginError { _ = try fixture.score(["aaa"]) })
    #expect(error.description.contains("a bool that is 3"), "\(error)")
  }
}
