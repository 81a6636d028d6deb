import Training

/// Prompts with their completions and scores, for reading in a terminal or a pager.
struct SampleBrowser {
  /// The names of the rewards, in the order of their scores.
  let rewards: [String]
  /// Columns of a line.
  let columns: Int
  let glyphs: Glyphs
  /// Completions that are shown of each prompt.
  let completions: Int

  init(rewards: [String], columns: Int, glyphs: Glyphs, completions: Int) {
    self.rewards = rewards
    self.columns = max(40, columns)
    self.glyphs = glyphs
    self.completions = completions
  }

  func lines(_ prompt: EvaluatedPrompt) -> [StyledLine] {
    let facts =
      ["\(prompt.set), \(prompt.mode)", "row \(prompt.row)"]
      + prompt.columns.map { "\($0.name) \($0.value)" }
    let title = facts.map(\.printable).joined(separator: " \(glyphs.dot) ")
    let rule = String(glyphs.barRest)
    var lines: [StyledLine] = [
      [Span(String(repeating: rule, count: columns), .quiet)]
    ]
    lines += title.wrapped(to: columns).map { [Span($0, .strong)] }
    lines += text(prompt.prompt)
    for (index, completion) in prompt.completions.prefix(completions).enumerated() {
      lines.append([])
      lines.append(heading(completion, index, of: prompt.completions.count))
      lines += text(completion.text)
    }
    let more = prompt.completions.count - completions
    if more > 0 {
      let correct = prompt.completions.dropFirst(completions).count(where: \.solved)
      lines.append([])
      lines.append([Span("and \(more) more, \(correct) of them correct", .quiet)])
    }
    return lines + [[]]
  }

  private func heading(
    _ completion: EvaluatedCompletion,
    _ index: Int,
    of count: Int
  ) -> StyledLine {
    let verdict = completion.solved ? "correct" : "wrong"
    var facts = ["reward \(completion.reward.map(NumberText.short) ?? "abstained")"]
    if rewards.count > 1 {
      facts += zip(rewards, completion.scores).map { name, score in
        "\(name.printable) \(score.map(NumberText.short) ?? "abstained")"
      }
    }
    if let answer = completion.answer { facts.append("answer \(answer.printable)") }
    facts.append(completion.length)
    let number = count > 1 ? "completion \(index + 1) of \(count): " : "completion: "
    return StyledLine([
      Span(number, .quiet),
      Span(verdict, TextStyle(colour: completion.solved ? .good : nil, isBold: true)),
      Span(" \(glyphs.dot) " + facts.joined(separator: " \(glyphs.dot) "), .quiet),
    ]).clipped(to: columns)
  }

  private func text(_ text: String) -> [StyledLine] {
    text.wrapped(to: columns - 2).map { line in line.isEmpty ? [] : [Span("  " + line)] }
  }
}

extension EvaluatedCompletion {
  /// 1 token; 14 tokens, cut at the limit
  var length: String {
    "\(tokens) token\(tokens == 1 ? "" : "s")\(truncated ? ", cut at the limit" : "")"
  }
}
