import Testing

@testable import Tokenizers

/// Real templates against transformers: texts, the assistant's places in them, and refusals.
@Suite struct ChatFixtureTests {
  static let entries = try! Fixtures.json("chat.json")
  static let names = entries.dropFirst().map { $0["name"]!.string }

  @Test("templates of the TRL package", arguments: names)
  func rendering(name: String) throws {
    let entry = try #require(Self.entries.dropFirst().first { $0["name"]!.string == name })
    let template = try ChatTemplate(
      entry["template"]!.string,
      variables: entry["values"]!.object
    )
    var texts = 0
    var marked = 0
    for row in entry["rows"]!.array {
      let messages = Self.entries[0]["messages"]![row["case"]!.string]!.array
      let tools = row["tools"]!.bool ? Self.entries[0]["tools"]!.array : nil
      let label =
        "\(row["case"]!.string), tools \(row["tools"]!.bool), prompt \(row["prompt"]!.bool)"
      func render() throws -> String {
        try template.render(
          messages: messages,
          tools: tools,
          addGenerationPrompt: row["prompt"]!.bool
        )
      }
      guard let text = row["text"] else {
        #expect(throws: ChatTemplateError.self, "\(label)") { try render() }
        continue
      }
      #expect(try render().bytes == text.bytes, "\(label)")
      texts += 1
      guard let generated = row["generated"] else { continue }
      let rendering = try template.renderMarkingGeneration(messages: messages, tools: tools)
      #expect(rendering.text.bytes == text.bytes, "\(label)")
      #expect(
        rendering.generated == generated.array.map { $0.array[0].int..<$0.array[1].int },
        "\(label)"
      )
      marked += 1
    }
    #expect(texts >= 20)
    #expect((marked > 0) == name.hasSuffix("_training"))
  }
}
