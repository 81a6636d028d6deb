import Testing

@testable import KnightsAndKnaves

struct DatasetTests {
  private func rows(_ change: (inout PuzzleDatasetOptions) -> Void) throws -> [PuzzleExample] {
    var options = PuzzleDatasetOptions()
    options.size = 60
    change(&options)
    var dataset = try PuzzleDataset(options)
    return try (0..<options.size).map { try dataset.example(at: $0) }
  }

  @Test func rowsDependOnTheOptionsAlone() throws {
    let forwards = try rows { $0.people = 3...5 }
    var options = PuzzleDatasetOptions()
    options.people = 3...5
    // The size does not change the rows, nor does the order in which they are asked for.
    options.size = 6000
    var dataset = try PuzzleDataset(options)
    for index in forwards.indices.reversed() {
      #expect(try dataset.example(at: index) == forwards[index])
    }
    #expect(forwards.map(\.puzzle.people) == (0..<60).map { 3 + $0 % 3 })
    #expect(Set(forwards.map(\.puzzle)).count == forwards.count)
    #expect(
      try rows {
        $0.people = 3...5
        $0.seed = 1
      } != forwards
    )
  }

  /// The right answer in every form gets the full reward, and the format is the reward's.
  @Test(arguments: ExampleForm.allCases, [Demonstration.cot, .direct])
  func demonstrationsGetFullReward(form: ExampleForm, demonstration: Demonstration) throws {
    let examples = try rows {
      $0.people = 2...6
      $0.form = form
      $0.demonstration = demonstration
      $0.split = nil
    }
    for example in examples {
      let gold = try #require(GoldAnswer(solutionText: example.solutionText))
      let completion = try #require(example.completion)
      let verdict = Verdict(
        form: form,
        prompt: example.prompt,
        completion: completion + "<|im_end|>",
        gold: gold
      )
      #expect(verdict == .correct, "\(example.prompt)\(completion)")
      // Saying it twice does not.
      let twice = Verdict(
        form: form,
        prompt: example.prompt,
        completion: "\(completion) \(completion)",
        gold: gold
      )
      if form != .text { #expect(twice != .correct) }
    }
  }

  /// Cut at its boundaries, a completion falls into its steps and the answer.
  @Test(arguments: ExampleForm.allCases)
  func stepBoundaries(form: ExampleForm) throws {
    for example in try rows({ $0.form = form }) {
      let reasoning = Reasoning(statements: example.puzzle.statements)
      let bytes = Array(try #require(example.completion).utf8)
      let ends = example.stepBoundaries.dropFirst() + [bytes.count]
      let pieces = zip(example.stepBoundaries, ends).map {
        String(decoding: bytes[$0..<$1], as: UTF8.self)
      }
      try #require(pieces.count == reasoning.steps.count + 1)
      for (step, piece) in zip(reasoning.steps, pieces) {
        let start =
          switch step {
          case .assume(let person, _), .conflict(let person, _, _, _):
            form == .terse ? "assume \(example.wording.names[person])" : ""
          case .reconsider: form == .terse ? "reconsider" : "We have exhausted"
          }
        #expect(piece.hasPrefix(" \(start)"))
      }
      let answers = ["\nCONCLUSION:", " answer ", "\n<answer>"]
      #expect(answers.contains { pieces[pieces.count - 1].hasPrefix($0) })
    }
    #expect(try rows { $0.demonstration = .none }.allSatisfy { $0.stepBoundaries.isEmpty })
  }

  @Test func defaultFormIsThePublishedText() throws {
    let example = try rows { _ in }[0]
    #expect(example.prompt.contains("### Question: A very special island is inhabited only by"))
    #expect(example.prompt.hasSuffix("\n### Answer:"))
    let completion = try #require(example.completion)
    #expect(completion.hasPrefix(" " + Reasoning.head + " "))
    #expect(
      completion.hasSuffix(
        "This leads to a feasible solution.\nCONCLUSION:\n" + example.solutionText
      )
    )
  }

  @Test func promptsOfLogicRL() throws {
    let chat = try rows { $0.form = .logicRL }[0]
    #expect(chat.prompt.hasPrefix("<|im_start|>system\n"))
    #expect(
      chat.prompt.hasSuffix(
        "\n<|im_end|>\n<|im_start|>user\n\(chat.quiz)\n<|im_end|>\n<|im_start|>assistant\n<think>"
      )
    )
    let base = try rows { $0.form = .logicRLBase }[0]
    #expect(base.prompt.hasSuffix("\n\nUser:\(base.quiz)\nAssistant: <think>"))
    for prompt in [chat.prompt, base.prompt] {
      // The reward cuts at the first of these, which must be the one that opens the reply.
      let headers = ["Assistant:", "<|im_start|>assistant"].map {
        prompt.scalars.occurrences(of: $0.scalars)
      }
      #expect(headers.reduce(0, +) == 1)
    }
  }

  @Test func demonstrationLimitAndNone() throws {
    let limited = try rows { $0.demonstrationLimit = 7 }
    #expect(limited.map { $0.completion != nil } == (0..<60).map { $0 < 7 })
    let none = try rows { $0.demonstration = .none }
    #expect(none.allSatisfy { $0.completion == nil })
    // The prompts are the same with and without demonstrations.
    let all = try rows { _ in }
    #expect(limited.map(\.prompt) == all.map(\.prompt))
    #expect(none.map(\.prompt) == all.map(\.prompt))
  }

  /// Each row is one statement away from a puzzle of the unperturbed dataset, in the same order.
  @Test(arguments: Perturbation.allCases)
  func perturbedRows(kind: Perturbation) throws {
    var originals = PuzzleGenerator(people: 3...3, seed: 0, split: .test)
    let rows = try rows {
      $0.split = .test
      $0.perturbation = kind
    }
    for puzzle in rows.map(\.puzzle) {
      #expect(Split(of: CanonicalForm(of: puzzle.statements)) == .test)
      var difference: [(Statement, Statement)] = []
      var original: Puzzle
      repeat {
        original = try originals.next()
        difference = zip(original.statements, puzzle.statements).filter { $0 != $1 }
      } while difference.count != 1 || original.solution == puzzle.solution
      if kind == .leaf { #expect(hasOneOtherLeaf(difference[0].0, difference[0].1)) }
    }
    #expect(Set(rows.map(\.puzzle)).count == rows.count)
    // Some puzzles have no perturbation and give no row, but most do.
    #expect(originals.index < 4 * rows.count)
  }

  /// A perturbed row says of which row of the unperturbed dataset it is the perturbation, and has its names.
  @Test(arguments: Perturbation.allCases)
  func perturbedRowsKnowTheirOriginals(kind: Perturbation) throws {
    var options = PuzzleDatasetOptions()
    options.people = 3...3
    options.split = .test
    options.size = 400
    var clean = try PuzzleDataset(options)
    options.size = 100
    options.perturbation = kind
    var perturbed = try PuzzleDataset(options)
    var numbers: [Int] = []
    for index in 0..<options.size {
      let number = try perturbed.number(at: index)
      let (original, row) = (try clean.example(at: number), try perturbed.example(at: index))
      #expect(try clean.number(at: number) == number)
      #expect(original.wording.names == row.wording.names)
      let pairs = zip(original.puzzle.statements, row.puzzle.statements)
      #expect(pairs.count { $0 != $1 } == 1 && original.puzzle.solution != row.puzzle.solution)
      numbers.append(number)
    }
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    // Some of these puzzles have no perturbation: places alone would pair the wrong rows.
    #expect(numbers.last! > options.size - 1)
  }

  private func hasOneOtherLeaf(_ first: Statement, _ second: Statement) -> Bool {
    func parts(_ statement: Statement) -> [String] {
      statement.json.replacing("]", with: "").split(separator: "[").map(String.init)
    }
    let pairs = zip(parts(first), parts(second)).filter { a, b in
      a.split(separator: ",") != b.split(separator: ",")
    }
    return first.depth == second.depth && pairs.count == 1
  }

  @Test func wordings() throws {
    let plain = try rows { _ in }
    let other = try rows {
      $0.roles = RoleWords(truthful: "hero", lying: "villain")
      $0.uncommonNames = true
      $0.shuffledStatements = true
    }
    for (before, after) in zip(plain, other) {
      #expect(before.puzzle == after.puzzle)
      #expect(after.quiz.contains("only by heroes and villains. Heroes always tell the truth"))
      #expect(!after.quiz.contains("knight") && !after.quiz.contains("knave"))
      #expect(after.wording.names.allSatisfy { Names.uncommon.contains($0) })
      #expect(try #require(after.wording.speakingOrder).sorted() == [0, 1, 2])
    }
    #expect(Set(other.map(\.wording.speakingOrder)).count == 6)
    let swapped = try rows { $0.roles = RoleWords(truthful: "knave", lying: "knight") }[0]
    #expect(swapped.quiz.contains("Knaves always tell the truth, and knights always lie."))
    let roles = RoleWords(truthful: "angel", lying: "devil")
    #expect(try rows { $0.roles = roles }[0].quiz.hasSuffix("who is an angel and who is a devil?"))
  }

  @Test func namesAreLimitedAndUniform() throws {
    let few = try rows {
      $0.names = 4
      $0.size = 500
    }
    #expect(Set(few.flatMap(\.wording.names)) == ["Emma", "Liam", "Olivia", "Noah"])
    var counts: [String: Int] = [:]
    for example in try rows({ $0.size = 3000 }) {
      #expect(Set(example.wording.names).count == 3)
      for name in example.wording.names { counts[name, default: 0] += 1 }
    }
    #expect(counts.count == 51)
    for count in counts.values { #expect(abs(count - 176) < 55) }  // four standard deviations
    #expect(Set(Names.common).count == 51)
    #expect(Set(Names.uncommon).count == 50)
    #expect(Set(Names.common).isDisjoint(with: Names.uncommon))
  }

  @Test func terseVocabularyIsEnough() throws {
    for style in [ReasoningStyle.short, .checks] {
      for depth in [2, 3] {
        let words = Set(TerseForm.vocabulary(names: Names.common.prefix(8), nested: depth > 2))
        #expect(words.count == 25 + (depth > 2 ? 2 : 0))
        let examples = try rows {
          $0.people = 3...6
          $0.form = .terse
          $0.names = 8
          $0.depth = depth
          $0.style = style
        }
        for example in examples {
          let text = example.prompt + (example.completion ?? "")
          #expect(Set(text.split(separator: " ").map(String.init)).isSubset(of: words))
        }
      }
    }
  }

  @Test func distinctForms() throws {
    let examples = try rows {
      $0.distinctForms = true
      $0.size = 1500
    }
    #expect(Set(examples.map { CanonicalForm(of: $0.puzzle.statements) }).count == 1500)
  }

  @Test func exhaustedPuzzlesAreAnError() throws {
    var options = PuzzleDatasetOptions()
    options.people = 2...2
    options.size = 100_000
    options.split = .test
    var dataset = try PuzzleDataset(options)
    let error = #expect(throws: GenerationError.self) {
      for index in 0..<options.size { _ = try dataset.example(at: index) }
    }
    let found = try #require(error)
    #expect(found.people == 2 && found.split == .test && found.found > 40)
    #expect("\(found)".contains("ask for a smaller size"))
  }

  @Test func impossibleOptions() {
    func key(_ change: (inout PuzzleDatasetOptions) -> Void) -> String? {
      var options = PuzzleDatasetOptions()
      change(&options)
      do throws(InvalidOption) { try options.validate() } catch { return error.key }
      return nil
    }
    #expect(key { _ in } == nil)
    #expect(key { $0.people = 1...3 } == "people")
    #expect(key { $0.people = 3...52 } == "people")
    #expect(
      key {
        $0.people = 51...51
        $0.uncommonNames = true
      } == "people"
    )
    #expect(
      key {
        $0.people = 3...9
        $0.names = 8
      } == "names"
    )
    #expect(key { $0.names = 52 } == "names")
    #expect(key { $0.depth = 0 } == "depth")
    #expect(key { $0.depth = 9 } == "depth")
    #expect(key { $0.width = 1 } == "width")
    #expect(key { $0.width = 6 } == "width")
    #expect(key { $0.size = 0 } == "size")
    #expect(key { $0.demonstrationLimit = -1 } == "demonstration_limit")
    #expect(key { $0.style = .checks } == "cot")
    #expect(
      key {
        $0.form = .terse
        $0.style = .long
      } == "cot"
    )
    #expect(
      key {
        $0.form = .terse
        $0.style = .checks
      } == nil
    )
  }
}
