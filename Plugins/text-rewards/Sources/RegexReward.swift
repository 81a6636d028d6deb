import StepwisePlugin

/// 1 where a pattern matches, or where what it matches is the row's answer.
struct RegexReward: Reward {
  static var id: String? { "org.stepwise.reward.regex" }
  static var concurrency: Concurrency { .threadSafe }

  private let pattern: Pattern
  private let extent: Pattern.Extent
  private let isNegated: Bool
  private let column: String?

  init(parameters: Parameters) throws {
    let text = try parameters.string("pattern")
    var options: Pattern.Options = []
    for flag in try parameters.strings("flags", default: []) {
      switch flag {
      case "ignore_case": options.insert(.ignoreCase)
      case "dot_all": options.insert(.dotAll)
      case "multi_line": options.insert(.multiLine)
      default:
        throw PluginFailure(
          .argument,
          "parameter 'flags' has \(flag.debugDescription); there are ignore_case, dot_all and multi_line"
        )
      }
    }
    let column = try parameters.string("column", default: "")
    self.column = column.isEmpty ? nil : column
    do {
      pattern = try Pattern(text, options, group: try parameters.int("group", default: 0))
    } catch let problem as Pattern.Problem {
      throw PluginFailure(.argument, "parameter 'pattern': \(problem)")
    }
    extent = try parameters.choice("match", default: .search)
    isNegated = try parameters.bool("negate", default: false)
    if isNegated, self.column != nil {
      throw PluginFailure(
        .argument,
        "parameter 'negate' does not go with 'column': there is nothing to compare without a match"
      )
    }
  }

  var declaration: RewardDeclaration {
    RewardDeclaration(
      name: "regex",
      range: 0...1,
      // Without the row's answer it says nothing of success.
      successThreshold: column == nil ? nil : 1,
      requiredColumns: column.map { [$0] } ?? []
    )
  }

  func score(_ item: RewardItem) throws -> Score {
    guard let column else {
      let isMatch = pattern.firstMatch(in: Array(item.completion.unicodeScalars), extent) != nil
      return isMatch != isNegated ? 1 : 0
    }
    let right: String
    switch item.example.column(column) {
    case .text(let text)?: right = text
    case .int(let number)?: right = String(number)
    default:
      throw PluginFailure(
        .data,
        "column '\(column)' of row \(item.example.id) is neither text nor a whole number"
      )
    }
    guard let given = found(item) else { return 0 }
    return given == Array(right.unicodeScalars).stripped ? 1 : 0
  }

  func answer(_ item: RewardItem) -> String? {
    guard column != nil, let found = found(item) else { return nil }
    return String(String.UnicodeScalarView(found))
  }

  private func found(_ item: RewardItem) -> [Unicode.Scalar]? {
    let text = Array(item.completion.unicodeScalars)
    guard let match = pattern.firstMatch(in: text, extent), let group = match.group else {
      return nil
    }
    return Array(text[group]).stripped
  }
}

extension [Unicode.Scalar] {
  /// Without white space at its ends.
  var stripped: [Unicode.Scalar] {
    guard let first = firstIndex(where: { !$0.isPythonSpace }),
      let last = lastIndex(where: { !$0.isPythonSpace })
    else { return [] }
    return Array(self[first...last])
  }
}

extension Unicode.Scalar {
  /// Python's `str.isspace`.
  var isPythonSpace: Bool { properties.isWhitespace || (value >= 0x1C && value <= 0x1F) }
}
