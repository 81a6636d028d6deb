/// Rows of puzzles, drawn on demand and in order, and kept.
public struct PuzzleDataset: Sendable {
  /// What the rows consist of.
  public let options: PuzzleDatasetOptions

  private var generator: PuzzleGenerator
  private var puzzles: [Puzzle] = []
  /// Which of the drawn puzzles each row is, or was before its perturbation.
  private var numbers: [Int] = []
  private var perturbedPuzzles: Set<Puzzle> = []

  /// - Throws: `InvalidOption`, naming the option, its value and the cure.
  public init(_ options: PuzzleDatasetOptions) throws(InvalidOption) {
    try options.validate()
    self.options = options
    generator = PuzzleGenerator(
      people: options.people,
      depth: options.depth,
      width: options.width,
      seed: options.seed,
      split: options.split,
      distinctForms: options.distinctForms
    )
  }

  /// The row `index`, the puzzles up to it being drawn if they were not yet.
  /// - Throws: When there are not enough different puzzles.
  public mutating func example(at index: Int) throws(GenerationError) -> PuzzleExample {
    try draw(to: index)
    return example(puzzles[index], index: index)
  }

  /// The row's number among the puzzles of the unperturbed dataset: a perturbed row and its original have the same one, and the
  /// same names. Without a perturbation it is `index`.
  /// - Throws: When there are not enough different puzzles.
  public mutating func number(at index: Int) throws(GenerationError) -> Int {
    try draw(to: index)
    return numbers[index]
  }

  private mutating func draw(to index: Int) throws(GenerationError) {
    precondition(
      (0..<options.size).contains(index),
      "row \(index) of a dataset of \(options.size) rows"
    )
    while puzzles.count <= index {
      let puzzle = try generator.next()
      // A puzzle without a perturbation gives no row, so that every row of a perturbed set is one.
      if let row = perturbed(puzzle) {
        puzzles.append(row)
        numbers.append(generator.index - 1)
      }
    }
  }

  private func example(_ puzzle: Puzzle, index: Int) -> PuzzleExample {
    let stream = UInt64(numbers[index])
    var random = SeededGenerator(options.seed, StreamPurpose.text.rawValue, stream)
    let pool = (options.uncommonNames ? Names.uncommon : Names.common).prefix(options.names)
    var wording = Wording(people: puzzle.people, names: pool, using: &random)
    wording.roles = options.roles
    if options.shuffledStatements {
      wording.speakingOrder = random.choose(puzzle.people, from: puzzle.people)
    }
    let hasDemonstration = options.demonstrationLimit.map { index < $0 } ?? true
    return PuzzleExample(
      puzzle: puzzle,
      wording: wording,
      form: options.form,
      demonstration: options.demonstration,
      style: options.style,
      withCompletion: hasDemonstration
    )
  }

  private mutating func perturbed(_ puzzle: Puzzle) -> Puzzle? {
    guard let kind = options.perturbation else { return puzzle }
    let sampler = StatementSampler(
      people: puzzle.people,
      depth: options.depth,
      width: options.width
    )
    var random = SeededGenerator(
      options.seed,
      StreamPurpose.perturbation.rawValue,
      UInt64(generator.index)
    )
    let split = options.split
    let changed = puzzle.perturbed(kind, sampler: sampler, using: &random) { changed in
      (split == nil || Split(of: CanonicalForm(of: changed.statements)) == split)
        && !perturbedPuzzles.contains(changed)
    }
    if let changed { perturbedPuzzles.insert(changed) }
    return changed
  }
}
