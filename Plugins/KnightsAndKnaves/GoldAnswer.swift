/// The right answer, read from numbered lines such as `(1) Zoey is a knave`.
public struct GoldAnswer: Sendable {
  /// One person and the role word that is right for them.
  struct Entry: Sendable {
    let name: Scalars
    let role: Scalars
    /// `Zoey is a knave`: the line without its number.
    let line: Scalars
  }

  let entries: [Entry]
  let roleWords: [Scalars]

  /// Reads the solution text of a dataset row.
  ///
  /// From each line the first run of ASCII letters that forms a word is the name, and the first role
  /// word after it, in whatever case, the role. A name that returns overrides its earlier line.
  /// - Returns: `nil` when no line names a person with a role.
  public init?(solutionText: String, roles: RoleWords = .knightAndKnave) {
    roleWords = [roles.truthful.scalars, roles.lying.scalars]
    var entries: [Entry] = []
    for line in solutionText.scalars.split(separator: 0x0A) {
      guard let entry = Self.entry(of: line.trimmed, roleWords: roleWords) else { continue }
      if let known = entries.firstIndex(where: { $0.name == entry.name }) {
        entries[known] = entry
      } else {
        entries.append(entry)
      }
    }
    if entries.isEmpty { return nil }
    self.entries = entries
  }

  private static func entry(of line: ArraySlice<UInt32>, roleWords: [Scalars]) -> Entry? {
    let folded = line.map(caseFolded)
    let text = Array(line)
    var start = 0
    while start < text.count {
      guard isLetter(folded[start]) else {
        start += 1
        continue
      }
      var end = start
      while end < text.count, isLetter(folded[end]) { end += 1 }
      if text.isWordBoundary(start), text.isWordBoundary(end) {
        guard let role = wholeRoleWord(in: text, folded, from: end, roleWords) else { return nil }
        return Entry(
          name: Array(text[start..<end]),
          role: text[role].map(lowered),
          line: Array(text[start...])
        )
      }
      start = end
    }
    return nil
  }

  private static func wholeRoleWord(
    in text: Scalars,
    _ folded: Scalars,
    from start: Int,
    _ roleWords: [Scalars]
  ) -> Range<Int>? {
    for position in start..<max(start, text.count) {
      for word in roleWords where folded.matches(word, at: position) {
        let end = position + word.count
        if text.isWordBoundary(position), text.isWordBoundary(end) { return position..<end }
      }
    }
    return nil
  }

  private static func isLetter(_ folded: UInt32) -> Bool { (0x61...0x7A).contains(folded) }
}
