public import Components

/// Renders conversational rows: what the trainer needs of a chat template.
public struct ChatRenderer {
  /// A conversation as text, with or without the opening of the assistant's next turn.
  public typealias Rendering = (_ turns: [Message], _ addGenerationPrompt: Bool) throws -> String

  /// A rendered conversation with the places that the template marks as the assistant's.
  public struct Marked: Sendable, Equatable {
    /// The text.
    public var text: String
    /// UTF-8 byte ranges of the `{% generation %}` blocks; empty where the template has none.
    public var generated: [Range<Int>]

    /// Creates a marked text.
    public init(text: String, generated: [Range<Int>]) {
      self.text = text
      self.generated = generated
    }
  }

  private let render: Rendering
  private let mark: (([Message]) throws -> Marked)?

  /// - Parameters:
  ///   - render: Renders a conversation.
  ///   - mark: Renders a whole conversation and says what is the assistant's; `nil` where the template cannot say.
  public init(_ render: @escaping Rendering, marking mark: (([Message]) throws -> Marked)? = nil) {
    self.render = render
    self.mark = mark
  }

  /// The conversation as text.
  public func callAsFunction(_ turns: [Message], _ addGenerationPrompt: Bool) throws -> String {
    try render(turns, addGenerationPrompt)
  }

  /// A whole conversation with the places of the assistant's turns.
  ///
  /// A template with `{% generation %}` says them itself. Of any other, each turn's place is what the conversation up to it has beyond
  /// the conversation before it with the opening of the assistant's turn; that needs a template that only appends.
  ///
  /// - Returns: the text and the ranges; `nil` where the template changes what it rendered before.
  func assistantTurns(of turns: [Message]) throws -> Marked? {
    if let marked = try mark?(turns), !marked.generated.isEmpty { return marked }
    let whole = try render(turns, false)
    var ranges: [Range<Int>] = []
    for (index, turn) in turns.enumerated() where turn.role == "assistant" {
      let before = try render(Array(turns[..<index]), true)
      let after = try render(Array(turns[...index]), false)
      guard after.utf8.starts(with: before.utf8), whole.utf8.starts(with: after.utf8) else {
        return nil
      }
      ranges.append(before.utf8.count..<after.utf8.count)
    }
    return Marked(text: whole, generated: ranges)
  }
}
