import Components
import Foundation
import Testing
import Tokenizers
import Training

@testable import stepwise

/// `chat_template_path`: what a run renders with, and what it leaves to others.
@Suite struct ChatTemplatePathTests {
  @Test func theTemplateIsSavedWithTheTokenizer() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-template-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let plain = try Tokenizer.wordLevel(vocabulary: ["a"])
    try plain.save(to: folder)
    let file = folder.appending(path: "other.jinja").path
    try Data("{{ messages[0].content }}{{ eos_token }}{{ unk_token }}".utf8)
      .write(to: URL(filePath: file))
    let loaded = try RunConfiguration.load(
      yaml: ConfigurationTests.minimal,
      file: "run.yaml",
      overrides: ["tokenizer=\(folder.path)", "chat_template_path=\(file)"]
    )

    let copy = folder.appending(path: "copy")
    try TokenizerComposer.make(loaded, datasets: [], saved: nil).save(to: copy)
    let again = try #require(try Tokenizer(contentsOf: copy).chatRenderer(path: nil))
    let turns = [Message(role: "user", content: "a")]
    #expect(try again(turns, false) == "a<eos><unk>")

    let given = try #require(try plain.chatRenderer(path: file))
    #expect(try given(turns, false) == "a<eos><unk>")
  }
}
