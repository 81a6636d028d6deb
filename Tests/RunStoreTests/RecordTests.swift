import Testing

@testable import RunStore

@Suite struct RecordTests {
  @Test func fieldsKeepTheirOrder() {
    var record: Record = ["step": 3, "kind": "sft", "loss": 0.5, "ok": true, "none": nil]
    record["z"] = [1, 2.5]
    record["loss"] = .double(0.25)
    #expect(
      record.json == #"{"step":3,"kind":"sft","loss":0.25,"ok":true,"none":null,"z":[1,2.5]}"#
    )
    record["kind"] = nil
    #expect(record.fields.map(\.name) == ["step", "loss", "ok", "none", "z"])
  }

  @Test func realsReadBackToTheSameBits() throws {
    var generator = SystemRandomNumberGenerator()
    var reals: [Double] = [0, -0.0, 5, 1e-6, 1e22, .pi, .leastNonzeroMagnitude]
    reals.append(.greatestFiniteMagnitude)
    for _ in 0..<2000 {
      let real = Double(bitPattern: generator.next())
      if real.isFinite { reals.append(real) }
    }
    for real in reals {
      guard case .double(let back) = try JSONReader.value(RecordValue.double(real).json.utf8) else {
        Issue.record("\(real) is not read as a real number")
        continue
      }
      #expect(back.bitPattern == real.bitPattern)
    }
  }

  @Test func whatIsNotFiniteBecomesNull() {
    let record: Record = ["a": .double(.nan), "b": .double(.infinity), "c": .double(-.infinity)]
    #expect(record.json == #"{"a":null,"b":null,"c":null}"#)
  }

  @Test func textSurvivesWhole() throws {
    let hard = "\"\\\n\r\t\u{0}\u{1f}\u{7f}\u{2028}é\u{301}😀\r\n"
    let line = RecordValue.string(hard).json
    #expect(!line.utf8.contains(UInt8(ascii: "\n")))
    let back = try JSONReader.value(line.utf8).text
    #expect(back.map { Array($0.utf8) } == Array(hard.utf8))
    #expect(try JSONReader.value(#""\ud83d\ude00\/""#.utf8) == "😀/")
  }

  @Test(arguments: [
    "", "{", "{\"a\"", "{\"a\":}", "{\"a\":1,}", "[1 2]", "\"a", "\"\\u12\"", "\"\\ud800\"",
    "\"\\ud800\\u0041\"", "nul", "1 2", "--1", "{\"a\":1}}", "\"\\q\"",
  ])
  func whatIsNotJSONIsRefused(text: String) {
    #expect(throws: JSONReader.Failure.self) { try JSONReader.value(text.utf8) }
  }

  @Test func deepNestingIsRefusedNotCrashed() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: JSONReader.Failure.self) { try JSONReader.value(text.utf8) }
  }
}
