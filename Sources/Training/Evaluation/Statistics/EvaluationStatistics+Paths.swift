extension EvaluationStatistics {
  /// A completion's reasoning up to case and white space: in lower case, each run of white space one blank, none at the ends. Two
  /// completions are the same path where these are equal.
  ///
  /// The prompt being the same, names and numbers are, too, so that for puzzles and exercises equal text is equal reasoning; a
  /// paraphrase counts as another path.
  public static func normalisedText(_ text: String) -> String {
    words(text).joined(separator: " ")
  }

  /// The completion's words: runs without white space, in lower case.
  public static func words(_ text: String) -> [String] {
    text.lowercased().unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }
  }

  /// The numbers that a completion goes through, in order: its intermediate results, whatever words stand between them.
  ///
  /// A number is a run of ASCII digits, with commas before groups of three, and digits after a point. It is written back without
  /// commas, leading zeros and zeros at the end of the decimals: `$1,250.50` and `01250.5` are both `1250.5`. Signs are left out,
  /// since a minus may be a dash.
  public static func numbers(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    func isDigit(_ index: Int) -> Bool {
      index < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index])
    }
    var found: [String] = []
    var index = 0
    while index < bytes.count {
      guard isDigit(index) else {
        index += 1
        continue
      }
      var whole: [UInt8] = []
      while isDigit(index) {
        whole.append(bytes[index])
        index += 1
      }
      let isGrouped = whole.count <= 3
      // A comma belongs to the number where three digits follow it, and no fourth.
      while isGrouped, index < bytes.count,
        bytes[index] == UInt8(ascii: ","),
        isDigit(index + 1), isDigit(index + 2), isDigit(index + 3), !isDigit(index + 4)
      {
        whole += bytes[(index + 1)...(index + 3)]
        index += 4
      }
      var decimals: [UInt8] = []
      if index < bytes.count, bytes[index] == UInt8(ascii: "."), isDigit(index + 1) {
        index += 1
        while isDigit(index) {
          decimals.append(bytes[index])
          index += 1
        }
      }
      while decimals.last == UInt8(ascii: "0") { decimals.removeLast() }
      let kept = whole.drop { $0 == UInt8(ascii: "0") }
      let digits = kept.isEmpty ? [UInt8(ascii: "0")] : Array(kept)
      found.append(
        String(
          decoding: decimals.isEmpty ? digits : digits + [UInt8(ascii: ".")] + decimals,
          as: UTF8.self
        )
      )
    }
    return found
  }
}
