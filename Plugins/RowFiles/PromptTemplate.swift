import StepwisePlugin

/// A prompt made of a row's columns: `{question}` stands for the column, `{{` and `}}` for braces.
public struct PromptTemplate: Sendable, Equatable {
  /// A piece of the template.
  enum Piece: Sendable, Equatable {
    /// Text as it is.
    case text(String)
    /// The column of that name.
    case column(String)
  }

  private(set) var pieces: [Piece] = []

  /// Reads a template.
  ///
  /// - Throws: `PluginFailure` where a brace is open or names no column.
  public init(_ template: String) throws {
    var text: [UInt8] = []
    var rest = Array(template.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "{") where rest.first == byte, UInt8(ascii: "}") where rest.first == byte:
        rest.removeFirst()
        text.append(byte)
      case UInt8(ascii: "{"):
        guard let end = rest.firstIndex(of: UInt8(ascii: "}")), end > rest.startIndex,
          !rest[..<end].contains(UInt8(ascii: "{"))
        else { throw Self.failure("a brace is opened but names no column") }
        if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
        text = []
        pieces.append(.column(String(decoding: rest[..<end], as: UTF8.self)))
        rest = rest[(end + 1)...]
      case UInt8(ascii: "}"): throw Self.failure("a brace is closed but not opened")
      default: text.append(byte)
      }
    }
    if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
  }

  /// The prompt of a row.
  public func fill(_ row: Row) throws -> String {
    var prompt = ""
    for piece in pieces {
      switch piece {
      case .text(let text): prompt += text
      case .column(let name):
        switch try row.required(name, by: "prompt_template") {
        case .string(let text): prompt += text
        case .int(let value): prompt += String(value)
        case .double(let value): prompt += value.description
        case let other:
          throw row.failure(
            "column '\(name)' is \(other.kind), which prompt_template cannot insert",
            cure: "name a column of text or numbers"
          )
        }
      }
    }
    return prompt
  }

  private static func failure(_ problem: String) -> PluginFailure {
    PluginFailure(
      .argument,
      "prompt_template: \(problem); write {column} for a column, {{ and }} for braces"
    )
  }
}
