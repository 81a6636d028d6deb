extension StyledLine {
  /// The line with terminal escape sequences, or without any.
  func ansi(colour: Bool) -> String {
    guard colour else { return text }
    return spans.map { span in
      let codes = span.style.codes
      return codes.isEmpty ? span.text : "\u{1b}[\(codes)m\(span.text)\u{1b}[0m"
    }.joined()
  }
}

extension TextStyle {
  fileprivate var codes: String {
    var codes: [String] = []
    if isBold { codes.append("1") }
    switch colour {
    case .sft: codes.append("38;5;75")
    case .rl: codes.append("38;5;215")
    case .both: codes.append("38;5;141")
    case .quiet: codes.append("38;5;245")
    case .good: codes.append("38;5;78")
    case nil: break
    }
    return codes.joined(separator: ";")
  }
}
