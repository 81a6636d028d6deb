/// What a completion says of everybody, read by the rules of its form.
///
/// Verdicts of the `terse` and `logic-rl` forms are made from it, so that a vote counts what is
/// judged. Names and role words are those of the gold answer; which role is right is not looked at.
enum StatedRoles {
  /// The role word that each person of the gold answer is given, in its order, in lower case.
  case roles([Scalars])
  /// The format is kept, but not each person has one role.
  case unreadable
  /// The format is not kept.
  case malformed
}

extension GoldAnswer {
  /// The answer that a completion gives, in a normal form for majority votes: `Emma knight, Liam knave`.
  ///
  /// The people are in the order of the gold answer, whatever their order in the completion. Case is
  /// free where the form's verdict leaves it free, in the `logic-rl` forms. Completions with the same
  /// answer have the same verdict.
  ///
  /// - Parameters:
  ///   - prompt: Looked at by the `logic-rl` forms only, whose `<think>` it has opened.
  ///   - completion: What the model wrote, special tokens kept.
  /// - Returns: `nil` where the completion does not give each person one role in the way of its form.
  public func answer(form: ExampleForm, prompt: String, completion: String) -> String? {
    let stated: StatedRoles
    switch form {
    case .text: stated = StatedRoles(conclusion: completion, gold: self)
    case .terse: stated = StatedRoles(terse: completion, gold: self)
    case .logicRL, .logicRLBase: stated = StatedRoles(tagged: prompt + completion, gold: self)
    }
    guard case .roles(let roles) = stated else { return nil }
    return zip(entries, roles).map { "\($0.name.text) \($1.text)" }.joined(separator: ", ")
  }
}

// MARK: - logic-rl

extension StatedRoles {
  /// Reads an answer between tags, see `Verdict.init(tagged:gold:)`.
  init(tagged text: String, gold: GoldAnswer) {
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
    self.init(sentences: Array(answer), gold: gold)
  }

  private static func reply(in text: Scalars) -> ArraySlice<UInt32>? {
    for header in ["Assistant:", "<|im_start|>assistant"].map(\.scalars) {
      if let found = text.firstIndex(of: header) { return text[(found + header.count)...] }
    }
    return nil
  }

  private init(sentences answer: Scalars, gold: GoldAnswer) {
    let lower = answer.map(lowered)
    let mentions = gold.roleWords.map { lower.occurrences(of: $0) }.reduce(0, +)
    guard mentions == gold.entries.count else {
      self = .unreadable
      return
    }
    var roles: [Scalars] = []
    for entry in gold.entries {
      guard let role = Self.statedRole(of: entry.name, in: answer, gold.roleWords) else {
        self = .unreadable
        return
      }
      roles.append(Array(lower[role]))
    }
    self = .roles(roles)
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
}

// MARK: - text

extension StatedRoles {
  /// Reads an answer after `CONCLUSION:`, see `Verdict.init(conclusion:gold:)`, whose rule asks only
  /// whether the right lines are there. Here each person must be given exactly one of the two roles,
  /// in the letters of the solution's lines.
  init(conclusion completion: String, gold: GoldAnswer) {
    guard let judged = Self.judgedConclusion(completion.scalars, people: gold.entries.count) else {
      self = .malformed
      return
    }
    guard !Self.hedges(judged, people: gold.entries.count) else {
      self = .unreadable
      return
    }
    var roles: [Scalars] = []
    for entry in gold.entries {
      let stated = gold.roleWords.filter { judged.contains(entry.line(role: $0)) }
      guard stated.count == 1 else {
        self = .unreadable
        return
      }
      roles.append(stated[0])
    }
    self = .roles(roles)
  }

  /// The part of a completion in which the published evaluation looks for the solution; `nil` where the format is not kept.
  static func judgedConclusion(_ text: Scalars, people: Int) -> ArraySlice<UInt32>? {
    let markers = ["CONCLUSION:", "Conclusion:", "conclusion:"].map(\.scalars)
    let marker = markers.lazy.compactMap { marker in
      text.firstIndex(of: marker).map { $0 + marker.count }
    }.first
    var judged: ArraySlice<UInt32>
    if let marker {
      judged = text[marker...]
    } else if (1...people).allSatisfy({ text.contains("(\($0))".scalars) }) {
      judged = text[...]
    } else {
      return nil
    }
    for restart in [
      "### Reason", "Let's think step by step again", "let's go back and check", "###",
    ] {
      if let found = judged.firstIndex(of: restart.scalars) { judged = judged[..<found] }
    }
    return judged
  }

  /// Whether a conclusion has an `if` or a number beyond the last person, with which it is wrong whatever else it says.
  static func hedges(_ judged: ArraySlice<UInt32>, people: Int) -> Bool {
    judged.contains("(\(people + 1))".scalars) || judged.contains("if".scalars)
  }
}

extension GoldAnswer.Entry {
  /// The line of this person with one role or the other: the solution's own where that is the role.
  fileprivate func line(role word: Scalars) -> Scalars {
    if word == role { return line }
    return name + " is \(RoleWords.article(before: word)) ".scalars + word
  }
}

// MARK: - terse

extension StatedRoles {
  /// Reads the completion of a terse prompt, see `Verdict.init(terse:gold:)`.
  init(terse completion: String, gold: GoldAnswer) {
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
    var roles: [Scalars] = []
    for entry in gold.entries {
      let mentions = stride(from: 0, to: pairs.count, by: 2).filter {
        pairs[$0] == entry.name[...]
      }
      guard mentions.count == 1 else {
        self = .unreadable
        return
      }
      roles.append(Array(pairs[mentions[0] + 1]))
    }
    self = .roles(roles)
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
