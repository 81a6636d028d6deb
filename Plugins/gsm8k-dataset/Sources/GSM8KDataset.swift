import RowFiles
import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.dataset.gsm8k", version: "1.0.0", datasets: [GSM8KDataset.self])
    .exported
}

/// GSM8K as published (Cobbe et al., arXiv 2110.14168): each line has `question` and `answer`, a worked solution with calculator marks
/// whose last line is `#### ` and the answer.
struct GSM8KDataset: Dataset, Stateful {
  /// What a completion holds.
  enum Demonstration: String, CaseIterable {
    case solution, answer, none
  }

  private let path: String
  private let split: String
  private let form: Form
  private var rows: FileRows

  init(parameters: Parameters) throws {
    path = try parameters.string("path")
    split = try parameters.string("split", default: "train")
    form = Form(
      template: try PromptTemplate(
        try parameters.string("prompt_template", default: "{question}\n")
      ),
      demonstration: try parameters.choice("demonstrations", default: .solution),
      keepsMarks: try parameters.bool("calculator", default: false)
    )
    rows = try FileRows(parameters, format: .jsonLines)
  }

  mutating func start(_ host: Host) throws {
    let form = form
    let file = try FileSearch.file(path, names: [split], of: "GSM8K")
    try rows.open([file], host) { try form.example($0, id: $1) }
  }

  var count: Int? { rows.count }

  func example(at index: Int) throws -> Example {
    try rows.example(at: index) { try form.example($0, id: $1) }
  }

  func saveState(to writer: inout StateWriter) throws { rows.saveState(to: &writer) }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    try rows.loadState(from: &reader)
  }

  /// How a row becomes an example.
  struct Form {
    var template: PromptTemplate
    var demonstration: Demonstration
    var keepsMarks: Bool

    func example(_ row: Row, id: UInt64) throws -> Example {
      let question = try row.text("question", of: "GSM8K")
      let solution = try row.text("answer", of: "GSM8K")
      guard !question.isEmpty else {
        throw row.failure(
          "the question is empty",
          cure: "fetch the file again, or leave the row out"
        )
      }
      guard let answer = Self.answer(of: solution) else {
        throw row.failure(
          "the answer does not end in a line '#### ' and a number",
          cure: "fetch the file again, or use the jsonl dataset"
        )
      }
      let completion: String? =
        switch demonstration {
        case .solution: keepsMarks ? solution : Self.withoutMarks(solution)
        case .answer: "#### \(answer)"
        case .none: nil
        }
      return Example(
        id: id,
        prompt: .text(try template.fill(row)),
        completion: completion.map { .text($0) },
        // Each line of a solution is a step of it.
        stepBoundaries: completion.map(Self.lineStarts) ?? [],
        columns: [
          Column("question", .text(question)), Column("answer", .text(solution)),
          Column("final_answer", .text(answer)),
        ]
      )
    }

    /// What stands after the last `#### `; `nil` where that is nothing.
    static func answer(of solution: String) -> String? {
      let bytes = Array(solution.utf8)
      let mark = Array("#### ".utf8)
      guard bytes.count > mark.count else { return nil }
      for start in stride(from: bytes.count - mark.count, through: 0, by: -1)
      where bytes[start..<(start + mark.count)].elementsEqual(mark) {
        var answer = bytes[(start + mark.count)...]
        while let last = answer.last, last == 0x0A || last == 0x0D || last == 0x20 {
          answer.removeLast()
        }
        let isAnswer = !answer.isEmpty && !answer.contains(0x0A)
        return isAnswer ? String(decoding: answer, as: UTF8.self) : nil
      }
      return nil
    }

    /// A solution without `<<48/2=24>>`: a model that is not given a calculator has no use for them.
    static func withoutMarks(_ solution: String) -> String {
      var kept: [UInt8] = []
      var rest = Array(solution.utf8)[...]
      while let byte = rest.first {
        if byte == UInt8(ascii: "<"), rest.dropFirst().first == byte,
          let end = rest.indices.dropLast().first(where: {
            rest[$0] == UInt8(ascii: ">") && rest[$0 + 1] == UInt8(ascii: ">")
          })
        {
          rest = rest[(end + 2)...]
        } else {
          kept.append(byte)
          rest.removeFirst()
        }
      }
      return String(decoding: kept, as: UTF8.self)
    }

    private static func lineStarts(_ text: String) -> [Int] {
      [0]
        + text.utf8.enumerated().filter { $0.element == 0x0A }.map { $0.offset + 1 }
        .filter { $0 < text.utf8.count }
    }
  }
}
