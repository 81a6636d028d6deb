import KnightsAndKnaves
import RowFiles
import StepwisePlugin

/// Rows of the published records: `names`, `statements` and `quiz` of each puzzle; `solution`, where it is there, is compared with the
/// one that follows. Chain of thought and solution texts follow from the statements, as they do in the published data.
struct RecordsDataset: Dataset, Stateful {
  static let id: String? = "org.stepwise.dataset.knights-and-knaves-records"
  private let path: String
  private let split: String
  private let form: RecordForm
  private var rows: FileRows

  init(parameters: Parameters) throws {
    path = try parameters.string("path")
    split = try parameters.string("split", default: "train")
    form = try RecordForm(parameters)
    rows = try FileRows(parameters, format: .jsonLines)
  }

  mutating func start(_ host: Host) throws {
    let form = form
    let file = try FileSearch.file(path, names: [split], of: "Knights and Knaves")
    try rows.open([file], host, isWanted: { form.isWanted($0) }) { try form.example($0, id: $1) }
  }

  var count: Int? { rows.count }

  func example(at index: Int) throws -> Example {
    try rows.example(at: index) { try form.example($0, id: $1) }
  }

  func saveState(to writer: inout StateWriter) throws { rows.saveState(to: &writer) }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    try rows.loadState(from: &reader)
  }
}

/// How a record becomes an example, and which records are wanted.
private struct RecordForm {
  private let form: ExampleForm
  private let demonstration: Demonstration
  private let style: ReasoningStyle?
  private let template: PromptTemplate?
  private let people: ClosedRange<Int>?

  init(_ parameters: Parameters) throws {
    form = try parameters.choice("form", default: .text)
    demonstration = try parameters.choice("demonstrations", default: .cot)
    style = parameters.value("cot") == nil ? nil : try parameters.choice("cot")
    template =
      parameters.value("prompt_template") == nil
      ? nil : try PromptTemplate(try parameters.string("prompt_template"))
    var options = PuzzleDatasetOptions()
    (options.form, options.style) = (form, style)
    do {
      try options.validate()
    } catch {
      throw PluginFailure(.argument, error.description)
    }
    if parameters.value("people") != nil {
      let fewest = try parameters.int("people")
      let most = try parameters.int("people_max", default: fewest)
      guard fewest <= most else {
        throw PluginFailure(.argument, "people_max \(most) is below people \(fewest); raise it")
      }
      people = fewest...most
    } else if parameters.value("people_max") != nil {
      throw PluginFailure(
        .argument,
        "people_max is given without people; give people, the fewest, too"
      )
    } else {
      people = nil
    }
  }

  func isWanted(_ row: Row) -> Bool {
    guard let people else { return true }
    guard case .array(let names)? = row["names"] else { return true }
    return people.contains(names.count)
  }

  func example(_ row: Row, id: UInt64) throws -> Example {
    let names = try names(row)
    let statements = try statements(row, people: names.count)
    guard let puzzle = Puzzle(statements: statements) else {
      throw row.failure(
        "the statements do not have exactly one solution",
        cure: "fetch the file again, or set on_bad_row: skip"
      )
    }
    if let given = row["solution"], given != .array(puzzle.solution.map { .bool($0) }) {
      throw row.failure(
        "column 'solution' is \(given.compact), and the statements give "
          + "\(JSON.array(puzzle.solution.map { .bool($0) }).compact)",
        cure: "fetch the file again, or set on_bad_row: skip"
      )
    }
    let quiz = try row.text("quiz", of: "Knights and Knaves")
    let puzzleExample = PuzzleExample(
      puzzle: puzzle,
      wording: Wording(names: names, templates: Array(repeating: 0, count: names.count)),
      form: form,
      demonstration: demonstration,
      style: style,
      quiz: quiz
    )
    var example = Example(puzzleExample, id: id, form: form)
    if let template { example.prompt = .text(try template.fill(row)) }
    return example
  }

  private func names(_ row: Row) throws -> [String] {
    guard case .array(let values)? = row["names"] else {
      throw row.failure(
        "column 'names' is \(row["names"]?.kind ?? "missing"), not a list",
        cure: "rows of Knights and Knaves have it; this one has \(row.columnNames)"
      )
    }
    let names = values.compactMap { value -> String? in
      if case .string(let name) = value { return name }
      return nil
    }
    guard names.count == values.count, (2...51).contains(names.count),
      Set(names).count == names.count
    else {
      throw row.failure(
        "column 'names' is \(JSON.array(values).compact)",
        cure: "give 2 to 51 different names"
      )
    }
    return names
  }

  private func statements(_ row: Row, people: Int) throws -> [Statement] {
    var value = row["statements"]
    if case .string(let text)? = value { value = try pythonTuples(text, row) }
    guard case .array(let trees)? = value, trees.count == people else {
      throw row.failure(
        "column 'statements' is \(row["statements"]?.kind ?? "missing"), not a list of \(people)",
        cure: "give one statement for each name"
      )
    }
    return try trees.map { try statement($0, people: people, row) }
  }

  /// The published files of the Hugging Face hub hold the trees as Python writes tuples: `(('lying', 1), ('telling-truth', 0))`.
  private func pythonTuples(_ text: String, _ row: Row) throws -> JSON {
    var json: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "("): json.append(UInt8(ascii: "["))
      case UInt8(ascii: ")"):
        // A tuple of one ends in a comma.
        while json.last == 0x20 || json.last == UInt8(ascii: ",") { json.removeLast() }
        json.append(UInt8(ascii: "]"))
      case UInt8(ascii: "'"): json.append(UInt8(ascii: "\""))
      default: json.append(byte)
      }
    }
    do {
      return try JSON(parsing: String(decoding: json, as: UTF8.self))
    } catch {
      throw row.failure(
        "column 'statements' is neither a list nor a text of Python tuples",
        cure: "give [[\"lying\", 1], ...] or \"(('lying', 1), ...)\""
      )
    }
  }

  private func statement(_ tree: JSON, people: Int, _ row: Row) throws -> Statement {
    func failure(_ what: String) -> PluginFailure {
      row.failure(
        "a statement is \(tree.compact): \(what)",
        cure: "give [TAG, ...] with the tags telling-truth, lying, not, and, or, ->, <=>"
      )
    }
    guard case .array(let parts) = tree, case .string(let tag)? = parts.first else {
      throw failure("no list that begins with a tag")
    }
    if tag == "telling-truth" || tag == "lying" {
      guard parts.count == 2, case .int(let person) = parts[1], (0..<Int64(people)).contains(person)
      else { throw failure("not the number of a person, 0 to \(people - 1)") }
      return tag == "lying" ? .knave(Int(person)) : .knight(Int(person))
    }
    guard ["not", "and", "or", "->", "<=>"].contains(tag) else {
      throw failure("the tag '\(tag)' is none of a statement's")
    }
    let children = try parts.dropFirst().map { try statement($0, people: people, row) }
    switch (tag, children.count) {
    case ("not", 1): return .not(children[0])
    case ("and", 2...): return .and(children)
    case ("or", 2...): return .or(children)
    case ("->", 2): return .implies(children[0], children[1])
    case ("<=>", 2): return .iff(children[0], children[1])
    default: throw failure("\(children.count) parts after the tag '\(tag)'")
    }
  }
}
