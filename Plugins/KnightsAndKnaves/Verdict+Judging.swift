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
    self.init(StatedRoles(tagged: text, gold: gold), gold: gold)
  }

  /// The published evaluation of answers that end in `CONCLUSION:` and numbered lines.
  ///
  /// After the marker, and before any sign of starting anew, every line of the solution must occur,
  /// while `if` and a number beyond the last person must not. Without a marker the whole text is judged,
  /// provided that it holds all the numbers.
  public init(conclusion completion: String, gold: GoldAnswer) {
    let people = gold.entries.count
    guard let judged = StatedRoles.judgedConclusion(completion.scalars, people: people) else {
      self = .malformed
      return
    }
    let isRight =
      !StatedRoles.hedges(judged, people: people)
      && gold.entries.allSatisfy { judged.contains($0.line) }
    self = isRight ? .correct : .wrong
  }

  /// The completion of a terse prompt, see `TerseForm`.
  ///
  /// The format asks for the word `answer` exactly once and nothing but pairs of a name and a role
  /// after it; special tokens such as `<eos>` may follow. Each person must then have exactly one role.
  public init(terse completion: String, gold: GoldAnswer) {
    self.init(StatedRoles(terse: completion, gold: gold), gold: gold)
  }

  private init(_ stated: StatedRoles, gold: GoldAnswer) {
    switch stated {
    case .malformed: self = .malformed
    case .unreadable: self = .unreadable
    case .roles(let roles): self = roles == gold.entries.map(\.role) ? .correct : .wrong
    }
  }
}
