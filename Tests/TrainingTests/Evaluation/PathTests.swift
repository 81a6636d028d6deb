import Testing

@testable import Training

/// What makes two completions the same path.
@Suite struct PathTests {
  @Test(arguments: [
    ("", ""), ("  Two \t plus\r\n2 ", "two plus 2"), ("A\u{00A0}B", "a b"), ("É ÉÉ", "é éé"),
  ])
  func textUpToCaseAndSpace(text: String, normal: String) {
    #expect(EvaluationStatistics.normalisedText(text) == normal)
  }

  static let sequences: [(String, [String])] = [
    ("no number", []),
    ("3 + 4 = 7", ["3", "4", "7"]),
    // Commas before groups of three belong to the number, others separate.
    ("$1,250.50 and 12,34 and 1,000,000", ["1250.5", "12", "34", "1000000"]),
    ("1,2345 then 1234,567", ["1", "2345", "1234", "567"]),
    // One value, one form.
    ("007 7.0 7.00 0.50 .5 0", ["7", "7", "7", "0.5", "5", "0"]),
    // A point that ends a sentence is no decimal point.
    ("It is 12. Then 3.", ["12", "3"]),
    ("1.2.3", ["1.2", "3"]),
    ("1/2 -4", ["1", "2", "4"]),
    ("12,345,678,9", ["12345678", "9"]),
    ("٣ is not ASCII", []),
  ]

  @Test(arguments: sequences)
  func numbers(text: String, expected: [String]) {
    #expect(EvaluationStatistics.numbers(text) == expected)
  }
}
