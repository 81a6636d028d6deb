import KnightsAndKnaves
import StepwisePlugin

/// Rows of generated puzzles; the same parameters give the same rows on every machine.
struct KnightsAndKnavesDataset: Dataset {
  static let id: String? = "org.stepwise.dataset.knights-and-knaves"
  private var dataset: PuzzleDataset

  init(parameters: Parameters) throws {
    do {
      dataset = try PuzzleDataset(PuzzleDatasetOptions(parameters))
    } catch let option as InvalidOption {
      throw PluginFailure(.argument, option.description)
    }
  }

  var count: Int? { dataset.options.size }

  /// Puzzles are drawn in order and kept, so the first row of a shuffled epoch may take a moment.
  mutating func example(at index: Int) throws -> Example {
    do {
      return try Example(
        dataset.example(at: index),
        id: UInt64(dataset.number(at: index)),
        form: dataset.options.form
      )
    } catch {
      throw PluginFailure(.data, "row \(index): \(error)")
    }
  }
}

extension Example {
  /// A row with the columns that the reward `knights-and-knaves` and people want.
  ///
  /// - Parameter id: The puzzle's number before any perturbation, by which an evaluation pairs the two.
  init(_ puzzle: PuzzleExample, id: UInt64, form: ExampleForm) {
    let roles = puzzle.wording.roles
    self.init(
      id: id,
      prompt: .text(puzzle.prompt),
      completion: puzzle.completion.map { .text($0) },
      difficulty: Double(puzzle.puzzle.people),
      stepBoundaries: puzzle.stepBoundaries,
      columns: [
        Column("form", .text(form.rawValue)),
        Column("quiz", .text(puzzle.quiz)),
        Column("solution_text", .text(puzzle.solutionText)),
        Column("names", .list(puzzle.wording.names.map { .text($0) })),
        Column("roles", .list(puzzle.puzzle.solution.map { .text(roles[$0]) })),
        Column("role_words", .list([.text(roles.truthful), .text(roles.lying)])),
        Column("people", .int(Int64(puzzle.puzzle.people))),
        Column("statements", .text(puzzle.puzzle.json)),
      ]
    )
  }
}
