import Components
import Foundation
import LanguageModels
import Testing
import Tokenizers

@testable import Training

/// What transformers makes of conversations; see `Fixtures/make_data_fixtures.py`.
private struct ConversationFixture: Decodable {
  var messages: [Message]
  var text: String
  var inputIds: [Int32]
  var assistantMasks: [Int]
}

@Suite("Conversations, assistant_only_loss")
struct ConversationTests {
  private let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

  private func tokenizer() throws -> Tokenizer {
    try Tokenizer(contentsOf: folder.appendingPathComponent("chat").path)
  }

  private func renderer(_ tokenizer: Tokenizer, marking: Bool) throws -> ChatRenderer {
    let template = try #require(try tokenizer.chatTemplate())
    func json(_ turns: [Message]) -> [JSONValue] {
      turns.map { ["role": .string($0.role), "content": .string($0.content)] }
    }
    let render: ChatRenderer.Rendering = {
      try template.render(messages: json($0), addGenerationPrompt: $1)
    }
    guard marking else { return ChatRenderer(render) }
    return ChatRenderer(render) {
      let found = try template.renderMarkingGeneration(messages: json($0))
      return .init(text: found.text, generated: found.generated)
    }
  }

  private func example(_ messages: [Message], id: UInt64 = 0) -> Example {
    Example(
      id: id,
      prompt: .messages(Array(messages.dropLast())),
      completion: .messages([messages.last!])
    )
  }

  private func rows(marking: Bool) throws -> RowTokenizer {
    let tokenizer = try tokenizer()
    return RowTokenizer(
      tokenizer: tokenizer,
      chat: try renderer(tokenizer, marking: marking),
      eosID: tokenizer.eosID!
    )
  }

  private func all(_ row: RowTokenizer.Row) -> (ids: [Int32], mask: [Int]) {
    (
      row.prompt + row.completion,
      row.prompt.map { _ in 0 } + row.trained!.map { $0 ? 1 : 0 }
    )
  }

  @Test("generation blocks give the ids and masks of transformers")
  func golden() throws {
    let fixtures = try LossFixture.load("conversations.json", as: [ConversationFixture].self)
    #expect(fixtures.count == 4)
    let rows = try rows(marking: true)
    for fixture in fixtures {
      let row = try rows.conversation(
        example(fixture.messages),
        completionOnly: false,
        slot: "demonstrations"
      )
      let (ids, mask) = all(row)
      #expect(ids == fixture.inputIds)
      #expect(mask == fixture.assistantMasks)
    }
  }

  @Test("without blocks, what each turn appends is the assistant's")
  func prefixes() throws {
    let fixtures = try LossFixture.load("conversations.json", as: [ConversationFixture].self)
    let rows = try rows(marking: false)
    for fixture in fixtures {
      let (ids, mask) = all(
        try rows.conversation(
          example(fixture.messages),
          completionOnly: false,
          slot: "demonstrations"
        )
      )
      #expect(ids == fixture.inputIds)
      // The line end that closes a turn belongs to it here; the blocks of the template leave it out.
      let newline = ids.indices.filter { mask[$0] == 1 && fixture.assistantMasks[$0] == 0 }
      #expect(newline.count == fixture.messages.count { $0.role == "assistant" })
      #expect(ids.indices.allSatisfy { mask[$0] == 1 || fixture.assistantMasks[$0] == 0 })
    }
  }

  @Test("with completion_only_loss: true the turns of the prompt are left out")
  func completionOnly() throws {
    let fixture = try LossFixture.load("conversations.json", as: [ConversationFixture].self)[2]
    let rows = try rows(marking: true)
    let (ids, mask) = all(
      try rows.conversation(example(fixture.messages), completionOnly: true, slot: "x")
    )
    #expect(ids == fixture.inputIds)
    let second = fixture.assistantMasks.lastIndex(of: 0)!
    let start = fixture.assistantMasks[..<second].lastIndex(of: 0)! + 1
    #expect(mask[..<start].allSatisfy { $0 == 0 })
    #expect(mask[start...].elementsEqual(fixture.assistantMasks[start...]))
  }

  @Test("a template that changes earlier turns is refused with a cure")
  func changing() throws {
    let tokenizer = try tokenizer()
    // As templates that drop the reasoning of all but the last turn.
    let chat = ChatRenderer { turns, opens in
      turns.enumerated().map { index, turn in
        "\(turn.role): \(index < turns.count - 1 ? turn.content.uppercased() : turn.content)\n"
      }.joined() + (opens ? "assistant: " : "")
    }
    let rows = RowTokenizer(tokenizer: tokenizer, chat: chat, eosID: 1)
    let turns = ["user", "assistant", "user", "assistant"].map { Message(role: $0, content: "hi") }
    let error = try #require(throws: TrainingError.self) {
      try rows.conversation(example(turns, id: 9), completionOnly: false, slot: "demonstrations")
    }
    #expect("\(error)".contains("row 9"))
    #expect("\(error)".contains("{% generation %}"))
    let plain = try #require(throws: TrainingError.self) {
      try rows.conversation(
        Example(id: 3, prompt: .text("a"), completion: .text("b")),
        completionOnly: false,
        slot: "demonstrations"
      )
    }
    #expect("\(plain)".contains("row 3 is not a conversation"))
  }

  @Test("only marked tokens are trained, wherever they stand")
  func microBatch() {
    let sequence = TrainingSequence(
      kind: .demonstration,
      exampleID: 0,
      group: -1,
      prompt: [1, 2],
      completion: [3, 4, 5, 6, 7],
      trained: [true, false, false, true, true]
    )
    let bare = TrainingSequence(
      kind: .demonstration,
      exampleID: 1,
      group: -1,
      prompt: [],
      completion: [8, 9, 10],
      trained: [true, false, true]
    )
    let batch = MicroBatch([sequence, bare])
    #expect(sequence.trainedTokens == 3 && bare.trainedTokens == 1)
    #expect(batch.targets == [3, 6, 7, 10])
    #expect(batch.rows == [1, 4, 5, 8])
    #expect(batch.starts == [0, 3, 4])
    // The same prompt shared by two rows.
    let shared = MicroBatch([sequence, sequence])
    #expect(shared.targets == [3, 6, 7, 3, 6, 7])
    let tokens = shared.packed.tokens
    #expect(tokens == [1, 2, 3, 4, 5, 6, 3, 4, 5, 6])
    #expect(shared.rows == [1, 4, 5, 1, 8, 9])
  }

  @Test("a cut takes marks along")
  func cut() {
    var row = RowTokenizer.Row(
      id: 0,
      prompt: [1, 2],
      completion: [3, 4, 5],
      trained: [true, false, true]
    )
    row.truncate(to: 4)
    #expect(row.completion == [3, 4] && row.trained == [true, false] && row.cut == 1)
    row.truncate(to: 1)
    #expect(row.prompt == [1] && row.completion.isEmpty && row.trained == [])
  }
}
