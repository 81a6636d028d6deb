extension Verdict {
  /// Judges a completion of a prompt of the given form.
  ///
  /// - Parameters:
  ///   - prompt: Looked at by the `logic-rl` forms only, whose `<think>` it has opened.
  ///   - completion: What the model wrote, special tokens kept.
  public init(form: ExampleForm, prompt: String, completion: String, gold: GoldAnswer) {
    switch form {
    case .text: self.init(conclusion: completion, gold: gold)
    case .terse: self.init(terse: completion, gold: gold)
    case .logicRL, .logicRLBase: self.init(tagged: prompt + completion, gold: gold)
    }
  }

  /// Logic-RL's rule reward on prompt and completion together.
  ///
  /// What follows the first `Assistant:`, or else the first `<|im_start|>assistant`, must contain each
  /// of the four tags exactly once and in order. Between the answer tags the role words must occur
  /// exactly once per person, plurals counted, and `NAME is a ROLE` for each person.
  public init(tagged text: String, gold: GoldAnswer) {
    let text = text.scalars
    let reply = Self.reply(in: text)
    let tags = ["<think>", "</think>", "<answer>", "</answer>"].map(\.scalars)
    let kept = reply ?? text[...]
    let positions = tags.map { kept.firstIndex(of: $0) ?? -1 }
    guard tags.allSatisfy({ kept.occurrences(of: $0) == 1 }),
      positions.elementsEqual(positions.sorted())
    else {
      self = .malformed
      return
    }
    guard reply != nil else {
      self = .unreadable
      return
    }
    let answer = kept[(positions[2] + tags[2].count)..<positions[3]].trimmed
    self.init(statedRoles: Array(answer), gold: gold)
  }

  private static func reply(in text: Scalars) -> ArraySlice<UInt32>? {
    for header in ["Assistant:", "<|im_start|>assistant"].map(\.scalars) {
      if let found = text.firstIndex(of: header) { return text[(found + header.count)...] }
    }
    return nil
  }

  private init(statedRoles answer: Scalars, gold: GoldAnswer) {
    let lower = answer.map(lowered)
    let mentions = gold.roleWords.map { lower.occurrences(of: $0) }.reduce(0, +)
    guard mentions == gold.entries.count else {
      self = .unreadable
      return
    }
    var allRight = true
    for entry in gold.entries {
      guard let role = Self.statedRole(of: entry.name, in: answer, gold.roleWords) else {
        self = .unreadable
        return
      }
      if lower[role] != entry.role[...] { allRight = false }
    }
    self = allRight ? .correct : .wrong
  }

  /// The role word in the first `NAME is a ROLE`, whole words in whatever case.
  private static func statedRole(
    of name: Scalars,
    in answer: Scalars,
    _ roleWords: [Scalars]
  ) -> Range<Int>? {
    let folded = answer.map(caseFolded)
    let name = name.map(caseFolded)
    var start = 0
    while let found = folded.firstIndex(of: name, from: start) {
      start = found + 1
      let end = found + name.count
      guard answer.isWordBoundary(found), answer.isWordBoundary(end),
        let verb = answer.skippingSpaces(end), folded.matches("is".scalars, at: verb),
        let article = answer.skippingSpaces(verb + 2)
      else { continue }
      for word in roleWords {
        let expected = RoleWords.article(before: word).scalars
        guard folded.matches(expected, at: article),
          let role = answer.skippingSpaces(article + expected.count),
          folded.matches(word, at: role), answer.isWordBoundary(role),
          answer.isWordBoundary(role + word.count)
        else { continue }
        return role..<(role + word.count)
      }
    }
    return nil
  }

  /// The published evaluation of answers that end in `CONCLUSION:` and numbered lines.
  ///
  /// After the marker, and before any sign of starting anew, every line of the solution must occur,
  /// while `if` and a number beyond the last person must not. Without a marker the whole text is judged,
  /// provided that it holds all the numbers.
  public init(conclusion completion: String, gold: GoldAnswer) {
    let text = completion.scalars
    let people = gold.entries.count
    var judged: ArraySlice<UInt32>
    let markers = ["CONCLUSION:", "Conclusion:", "conclusion:"].map(\.scalars)
    let marker = markers.lazy.compactMap { marker in
      text.firstIndex(of: marker).map { $0 + marker.count }
    }.first
    if let marker {
      judged = text[marker...]
    } else if (1...people).allSatisfy({ text.contains("(\($0))".scalars) }) {
      judged = text[...]
    } else {
      self = .malformed
      return
    }
    for restart in [
      "### Reason", "Let's think step by step again", "let's go back and check", "###",
    ] {
      if let found = judged.firstIndex(of: restart.scalars) { judged = judged[..<found] }
    }
    let isRight =
      !judged.contains("(\(people + 1))".scalars) && !judged.contains("if".scalars)
      && gold.entries.allSatisfy { judged.contains($0.line) }
    self = isRight ? .correct : .wrong
  }

  /// The completion of a terse prompt, see `TerseForm`.
  ///
  /// The format asks for the word `answer` exactly once and nothing but pairs of a name and a role
  /// after it; special tokens such as `<eos>` may follow. Each person must then have exactly one role.
  public init(terse completion: String, gold: GoldAnswer) {
    let words = Self.withoutSpecialTokensAtEnd(completion.scalars[...])
      .split(whereSeparator: isSpaceScalar)
    let marker = TerseForm.answerMarker.scalars[...]
    guard let start = words.firstIndex(of: marker), words.lastIndex(of: marker) == start else {
      self = .malformed
      return
    }
    let pairs = Array(words[(start + 1)...])
    let isRole = { (word: ArraySlice<UInt32>) in gold.roleWords.contains { $0[...] == word } }
    guard !pairs.isEmpty, pairs.count.isMultiple(of: 2),
      pairs.indices.allSatisfy({ isRole(pairs[$0]) == !$0.isMultiple(of: 2) })
    else {
      self = .malformed
      return
    }
    guard pairs.count == 2 * gold.entries.count else {
      self = .unreadable
      return
    }
    var allRight = true
    for entry in gold.entries {
      let mentions = stride(from: 0, to: pairs.count, by: 2).filter {
        pairs[$0] == entry.name[...]
      }
      guard mentions.count == 1 else {
        self = .unreadable
        return
      }
      if pairs[mentions[0] + 1] != entry.role[...] { allRight = false }
    }
    self = allRight ? .correct : .wrong
  }

  /// Cuts tokens such as `<eos>` and `[PAD]` off the end, with or without spaces between them.
  private static func withoutSpecialTokensAtEnd(_ text: ArraySlice<UInt32>) -> ArraySlice<UInt32> {
    let brackets: [UInt32: UInt32] = [0x3E: 0x3C, 0x5D: 0x5B]  // > and <, ] and [
    let text = text.trimmed
    guard let last = text.last, let opening = brackets[last],
      let start = text.dropLast().lastIndex(where: {
        $0 == opening || $0 == last || isSpaceScalar($0)
      }),
      text[start] == opening, start < text.endIndex - 2
    else { return text }
    return withoutSpecialTokensAtEnd(text[..<start])
  }
}
