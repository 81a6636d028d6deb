import Testing

@testable import Tokenizers

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONValue(json: text.utf8) }

  @Test("values")
  func values() throws {
    #expect(try parse(" [1, -2, 3.5, 1e3, true, false, null, \"x\"] ").array.count == 8)
    #expect(try parse("1e3") == .double(1000))
    #expect(try parse("-0") == .int(0))
    #expect(try parse("9223372036854775807") == .int(.max))
    #expect(try parse("9223372036854775808") == .double(9_223_372_036_854_775_808))
    #expect(try parse("\"\\u0000\\ud83d\\ude42\\n\\/\"").string == "\0🙂\n/")
    #expect(try parse("\u{FEFF}{}") == .object(JSONObject()))
  }

  @Test("keys are bytes and keep their order")
  func keys() throws {
    let object = try parse("{\"\u{e9}\": 1, \"e\u{301}\": 2, \"b\": 3, \"a\": 4}").object
    #expect(object.keys.map(\.bytes) == ["\u{e9}", "e\u{301}", "b", "a"].map(\.bytes))
    #expect(object["\u{e9}"] == 1)
    #expect(object["e\u{301}"] == 2)
    #expect(JSONValue.string("\u{e9}") != .string("e\u{301}"))
  }

  @Test(
    "bad numbers and strings",
    arguments: [
      "01", "+1", "1.", ".5", "1e", "--1", "\"\\x\"", "\"\n\"", "\"\\u12\"", "nul", "[1,]", "{1:2}",
    ]
  )
  func refusals(text: String) {
    #expect(throws: TokenizerError.self) { try parse(text) }
  }

  @Test(
    "numbers print as Python prints them",
    arguments: [
      (1.0, "1.0"), (0.1, "0.1"), (1e16, "1e+16"), (1e15, "1000000000000000.0"), (1e-5, "1e-05"),
      (0.0001, "0.0001"), (123456.789, "123456.789"), (-1.5e300, "-1.5e+300"),
      (Double.leastNonzeroMagnitude, "5e-324"),
      (-0.0, "-0.0"), (1.7976931348623157e308, "1.7976931348623157e+308"),
      (9007199254740993.0, "9007199254740992.0"), (12345678901234567.0, "1.2345678901234568e+16"),
      (0.00012345, "0.00012345"), (100.0, "100.0"),
    ]
  )
  func numbers(value: Double, text: String) {
    #expect(pythonRepresentation(of: value) == text)
  }

  @Test("what is written reads back")
  func roundTrip() throws {
    let value: JSONValue = [
      "a": [1, 2.5, nil, true, "\"\\\n\u{1}\u{7f}🙂\u{2028}"], "b": [:], "c": [], "d": ["e": [[1]]],
    ]
    #expect(try parse(value.serialized()) == value)
    #expect(try parse(value.serialized(.indented(2))) == value)
    #expect(value.serialized().hasPrefix("{\"a\": [1, 2.5, null, true, \"\\\"\\\\\\n\\u0001"))
  }
}
