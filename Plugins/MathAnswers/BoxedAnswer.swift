/// Finds the answer that a solution ends in.
public enum BoxedAnswer {
  /// The content of the last `\boxed{...}`, or else of the last `\fbox{...}`, braces balanced. Of `\boxed 2`, with a blank, what
  /// follows up to the next dollar sign. `nil` where there is none, or where its braces never close.
  public static func last(in text: String) -> String? {
    let scalars = Scalars(text)
    for marker in ["\\boxed", "\\fbox"] {
      if let at = scalars.findLast(Scalars(marker)) {
        return content(scalars, from: at + marker.unicodeScalars.count)?.text
      }
    }
    return nil
  }

  private static func content(_ text: Scalars, from start: Int) -> Scalars? {
    var at = start
    if at < text.count, text[at] == " " {
      let end = text[at...].firstIndex(of: "$") ?? text.count
      return Scalars(text[(at + 1)..<end])
    }
    guard at < text.count, text[at] == "{" else { return nil }
    var depth = 0
    while at < text.count {
      if text[at] == "{" { depth += 1 }
      if text[at] == "}" { depth -= 1 }
      if depth == 0 { return Scalars(text[(start + 1)..<at]) }
      at += 1
    }
    return nil
  }

  /// What stands between the last `<answer>` and the `</answer>` after it, without blanks at its ends; `nil` where one is missing.
  public static func tagged(in text: String) -> String? {
    let scalars = Scalars(text)
    let (open, close) = (Scalars("<answer>"), Scalars("</answer>"))
    guard let start = scalars.findLast(open),
      let end = scalars.find(close, from: start + open.count)
    else { return nil }
    return Scalars(scalars[(start + open.count)..<end]).stripped.text
  }
}

extension Scalars {
  fileprivate func findLast(_ part: Scalars) -> Int? {
    var found: Int?
    while let next = find(part, from: found.map { $0 + 1 } ?? 0) { found = next }
    return found
  }
}
