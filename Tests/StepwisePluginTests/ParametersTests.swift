import StepwisePlugin
import Testing

@Suite struct ParametersTests {
  @Test func getters() throws {
    let parameters = try Parameters(
      json:
        #"{"d": 1, "e": -2.5e-3, "i": -7, "b": true, "s": "é\n", "ds": [1, 2.5], "is": [3], "ss": ["x"], "n": null}"#
    )
    #expect(try parameters.double("d") == 1)
    #expect(try parameters.double("e") == -0.0025)
    #expect(try parameters.int("i") == -7)
    #expect(try parameters.bool("b"))
    #expect(try parameters.string("s") == "é\n")
    #expect(try parameters.doubles("ds") == [1, 2.5])
    #expect(try parameters.ints("is") == [3])
    #expect(try parameters.strings("ss") == ["x"])
    #expect(try parameters.int("n", default: 4) == 4)
    #expect(try parameters.int("absent", default: 5) == 5)
    #expect(parameters.value("n") == nil)
  }

  @Test(arguments: [
    ("i", "parameter 'i' is text, not a whole number"), ("x", "parameter 'x' is missing"),
  ])
  func errorsNameTheKey(key: String, words: String) throws {
    let parameters = try Parameters(json: #"{"i": "7"}"#)
    #expect {
      _ = try parameters.int(key)
    } throws: {
      String(describing: $0).contains(words)
    }
  }

  private enum Pace: String, CaseIterable { case slow, fast }

  @Test func choices() throws {
    let parameters = try Parameters(json: #"{"a": "fast", "b": "Fast", "c": 1}"#)
    #expect(try parameters.choice("a") == Pace.fast)
    #expect(try parameters.choice("absent", default: Pace.slow) == .slow)
    for (key, words) in [
      ("b", "parameter 'b' is Fast, not one of slow, fast"),
      ("c", "parameter 'c' is a whole number, not one of slow, fast"),
      ("absent", "parameter 'absent' is missing; it is one of slow, fast"),
    ] {
      #expect {
        let _: Pace = try parameters.choice(key)
      } throws: {
        String(describing: $0) == words
      }
    }
  }

  @Test func onlyAnObject() {
    #expect(throws: PluginFailure.self) { try Parameters(json: "[1]") }
  }
}

@Suite struct JSONTests {
  @Test func values() throws {
    #expect(try JSON(parsing: " [ ] ") == .array([]))
    #expect(try JSON(parsing: "{}") == .object([]))
    #expect(try JSON(parsing: "9223372036854775807") == .int(.max))
    #expect(try JSON(parsing: "9223372036854775808") == .double(0x1p63))
    #expect(try JSON(parsing: "-0") == .int(0))
    #expect(try JSON(parsing: "0.1") == .double(0.1))
    #expect(try JSON(parsing: "1E+2") == .double(100))
    #expect(try JSON(parsing: #""\u00e9\ud83d\ude00\/\\\"\u0000""#) == .string("é😀/\\\"\0"))
    #expect(
      try JSON(parsing: #"{"a":{"b":[null,false]}}"#)["a"]?["b"] == .array([.null, .bool(false)])
    )
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "tru", "nul",
    "01",
    "1.", ".5", "1e", "+1", "--1", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
    "\"\\ud800\\u0041\"",
    "\"\u{1}\"", "1 2", "1e999", "[1]]", "'a'", "NaN",
  ])
  func refuses(text: String) {
    #expect(throws: PluginFailure.self) { try JSON(parsing: text) }
  }

  @Test func depthIsLimited() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: PluginFailure.self) { try JSON(parsing: deep) }
  }

  @Test func everyPrefixIsRefusedOrRead() {
    let text = #"{"a": [1, -2.5e3, "x\u00e9\n", true, null], "b": {"c": "\ud83d\ude00"}}"#
    for count in 0..<text.utf8.count {
      let prefix = String(decoding: Array(text.utf8)[..<count], as: UTF8.self)
      #expect(throws: PluginFailure.self) { try JSON(parsing: prefix) }
    }
  }
}
