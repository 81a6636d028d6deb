import Testing

@testable import Tokenizers

/// Templates against Jinja with transformers' settings.
@Suite struct ChatTemplateTests {
  static let rows = try! Fixtures.json("templates.json")
  static let values = rows[0].object

  @Test("snippets print what Jinja prints, or fail where it fails", arguments: 1..<rows.count)
  func snippets(index: Int) throws {
    let row = Self.rows[index]
    let source = row["template"]!.string
    func render() throws -> String {
      try ChatTemplate(source).render(messages: [], extra: Self.values)
    }
    if let expected = row["rendered"] {
      #expect(try render().bytes == expected.bytes, "\(source)")
    } else {
      let error = #expect(throws: ChatTemplateError.self, "\(source)") { try render() }
      if source.contains("raise_exception") {
        #expect(error?.kind == .raised)
        #expect(error?.message == "no: Hello World")
      }
    }
  }

  @Test("errors name line, column and cure")
  func errors() {
    func error(_ source: String) -> String {
      do throws(ChatTemplateError) {
        return "no error: " + (try ChatTemplate(source).render(messages: []))
      } catch {
        return error.description
      }
    }
    #expect(
      error("a\n {{ x|nosuch }}")
        == "chat template, line 2, column 6: the filter \"nosuch\" is not supported. "
        + "Write the template without it"
    )
    #expect(
      error("{% include 'x' %}")
        == "chat template, line 1, column 4: the statement \"include\" is not supported. "
        + "Write the template without it"
    )
    #expect(
      error("x\n\n{{ missing.field }}")
        == "chat template, line 3, column 11: \"missing\" is undefined and has no member "
        + "\"field\". Check the messages' fields against the template"
    )
    #expect(
      error("{{ raise_exception('only users') }}")
        == "chat template, line 1, column 19: the template refuses the messages: only users"
    )
    #expect(error("{{ 2 ** 3 }}").contains("line 1, column 6: the operator ** is not supported"))
    #expect(error("{% raw %}x{% endraw %}").contains("\"raw\" is not supported"))
    #expect(error("{{ f(*x) }}").contains("an argument with * is not supported"))
    #expect(
      error(
        "{{ " + String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000) + " }}"
      ).contains("nesting this deep")
    )
    #expect(error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").contains("too deeply"))
    #expect(error("{{ 9223372036854775807 + 1 }}").contains("beyond 64 bits"))
    #expect(error("{{ 'x' * 9223372036854775807 }}").contains("longer than a million"))
    #expect(error("{{ range(1000000) }}").contains("longer than 100000"))
  }

  @Test("generation blocks are marked")
  func generation() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}{% generation %}"
        + "{{ m.content }}é{% endgeneration %}{% else %}{{ m.content }}{% endif %}\n{% endfor %}"
    )
    let rendering = try template.renderMarkingGeneration(messages: [
      ["role": "user", "content": "Hi"], ["role": "assistant", "content": "A"],
      ["role": "user", "content": "B"], ["role": "assistant", "content": "世"],
    ])
    let bytes = Array(rendering.text.utf8)
    #expect(
      rendering.generated.map { String(decoding: bytes[$0], as: UTF8.self) } == ["Aé", "世é"]
    )
  }

  @Test("the final message can be continued")
  func continuing() throws {
    let messages: [JSONValue] = [
      ["role": "user", "content": "Hi"], ["role": "assistant", "content": "I think "],
    ]
    let plain = try ChatTemplate(
      "{% for m in messages %}[{{ m.content }}]{% endfor %}"
    )
    #expect(try plain.render(messages: messages, continueFinalMessage: true) == "[Hi][I think ")
    let trimming = try ChatTemplate(
      "{% for m in messages %}[{{ m.content|trim }}]{% endfor %}"
    )
    #expect(try trimming.render(messages: messages, continueFinalMessage: true) == "[Hi][I think")
    let blind = try ChatTemplate("x")
    #expect(throws: ChatTemplateError.self) {
      try blind.render(messages: messages, continueFinalMessage: true)
    }
    #expect(throws: ChatTemplateError.self) {
      try plain.render(messages: [], continueFinalMessage: true)
    }
  }

  @Test("reasoning is there under each of its names")
  func reasoningNames() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}{{ m|tojson }}{{ m.reasoning_content }};{% endfor %}"
    )
    let text = try template.render(messages: [
      ["role": "assistant", "reasoning": "why"], ["role": "user"],
    ])
    #expect(
      text == #"{"thinking": "why", "role": "assistant", "reasoning": "why", "#
        + #""reasoning_content": "why"}why;{"role": "user"};"#
    )
  }

  @Test("the tokenizer's template sees its special tokens")
  func tokens() throws {
    let plain = try Tokenizer.wordLevel(vocabulary: ["a"])
    #expect(try plain.chatTemplate()?.source == nil)
    let configuration: JSONValue = [
      "eos_token": ["content": "<eos>", "special": true], "bos_token": nil,
      "chat_template": [
        ["name": "tool_use", "template": "no"],
        ["name": "default", "template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"],
      ],
    ]
    let tokenizer = try Tokenizer(
      json: plain.core.source,
      configuration: configuration.file
    )
    #expect(tokenizer.eosID == 1)
    #expect(tokenizer.bosID == nil)
    let text = try tokenizer.chatTemplate()?.render(messages: [["content": "a"]])
    #expect(text == "a<eos>")
  }
}
