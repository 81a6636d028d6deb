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
    #expect(
      error("{{ 'abc'.find('b', 1) }}").contains(
        "the method \"find\" with 2 arguments is not supported"
      )
    )
    #expect(
      error("{% for i, (a, b) in messages %}{% endfor %}").contains(
        "line 1, column 11: a name in parentheses is not supported"
      )
    )
    #expect(
      error("{{ messages|tojson(indent='-') }}").contains("tojson with an indent of type str")
    )
    #expect(error("{{ messages|tojson(separators=',') }}").contains("separators are two strings"))
    #expect(
      error("{{ messages|sort(attribute='a,b') }}").contains("sort by several attributes")
    )
  }

  @Test("long texts take time in proportion")
  func longTexts() throws {
    let start = ContinuousClock.now
    // 100,000 numbers in brackets, with commas and blanks between them: 688,890 characters.
    let replaced = try ChatTemplate("{{ range(100000)|replace('', 'xx')|length }}")
    #expect(try replaced.render(messages: []) == "\(688_890 * 3 + 2)")
    let quoted = try ChatTemplate("{{ ['\\n\\'a' * 300000]|string|length }}")
    #expect(try quoted.render(messages: []) == "\(300_000 * 4 + 4)")
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test(
    "what would take all time or memory is stopped",
    arguments: [
      "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}"
        + "{{ a }}{% endfor %}{% endfor %}{% endfor %}",
      "{% set n = namespace(s='xx') %}{% for a in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
      "{% set n = namespace(s='xx') %}{% for a in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
      "{% set n = namespace(s=['x']) %}{% for a in range(99) %}{% set n.s = [n.s, n.s] %}{% endfor %}"
        + "{{ n.s }}",
      "{% set n = namespace(s=[]) %}{% for a in range(99999) %}{% set n.s = [n.s] %}{% endfor %}",
      "{% set s = 'x' * 1000000 %}{{ s.replace('', s) }}",
      "{% set s = 'x' * 1000000 %}{{ s|replace('x', s) }}",
      "{% set s = 'x' * 1000000 %}{{ s.join(s) }}", "{{ ('\n' * 1000000)|indent('x' * 10000) }}",
      "{{ range(99999)|list|unique|list }}",
      "{{ range(90000)|map('string')|map('replace', '', 'x' * 9999)|list|length }}",
      "{{ [[[[[range(9999)|list]]]]]|tojson(indent=100)|length }}"
        + "{{ (range(90000)|list)|tojson(indent=100)|length }}"
        + "{% for a in range(999) %}{{ (range(9999)|list)|tojson(indent=100)|length }}{% endfor %}",
      "{% set s = 'x' * 1000000 %}{% for a in range(99999) %}{{ s[0:1] }}{% endfor %}",
      "{% set s = 'x' * 1000000 %}{% for a in range(99999) %}{{ s is lower }}{% endfor %}",
      "{% set s = 'x' * 1000000 %}{% for a in range(99999) %}{{ s in 'y' }}{% endfor %}",
      "{% set n = namespace(s=none) %}{% for a in range(99999) %}{% for x in [n.s] %}"
        + "{% set n.s = loop %}{% endfor %}{% endfor %}",
      "{% macro m(x) %}{% for i in range(9) %}{{ m(x) }}{% endfor %}{% endmacro %}{{ m(1) }}",
      "{{ " + String(repeating: "not ", count: 100_000) + "1 }}",
      "{{ " + String(repeating: "-", count: 100_000) + "1 }}",
      "{{ 1" + String(repeating: " + 1", count: 100_000) + " }}",
      "{{ 1" + String(repeating: " or 1", count: 100_000) + " }}",
      "{{ 1" + String(repeating: "|string", count: 100_000) + " }}",
      "{{ messages" + String(repeating: ".a", count: 100_000) + " }}",
      "{{ messages" + String(repeating: "[0]", count: 100_000) + " }}",
      "{{ 1" + String(repeating: " if 1 else 1", count: 100_000) + " }}",
      String(repeating: "{% if 1 %}", count: 100_000),
    ]
  )
  func bounds(source: String) {
    let start = ContinuousClock.now
    #expect(throws: ChatTemplateError.self) { try ChatTemplate(source).render(messages: []) }
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test("searching takes linear time")
  func searching() throws {
    let template = try ChatTemplate(
      "{% set a = 'a' * 200000 %}{% set b = 'a' * 100000 + 'b' %}{{ b in a }}{{ a.find(b) }}"
        + "{{ a.split(b)|length }}{{ a.count('aa') }}{{ (a ~ b).find(b) }}"
    )
    #expect(try template.render(messages: []) == "False-11100000200000")
  }

  @Test("a chain of namespaces ends without a stack as deep as it is long")
  func namespaceChain() throws {
    let template = try ChatTemplate(
      "{% set n = namespace(s=none) %}{% for a in range(99999) %}"
        + "{% set n.s = namespace(s=n.s) %}{% endfor %}x"
    )
    #expect(try template.render(messages: []) == "x")
  }

  /// Turns of 2000 bytes each.
  private func conversation(turns: Int) -> [JSONValue] {
    (0..<turns).map { index -> JSONValue in
      [
        "role": .string(index.isMultiple(of: 2) ? "user" : "assistant"),
        "content": .string(String(repeating: "word ", count: 400)),
      ]
    }
  }

  @Test("long conversations are not stopped")
  func longConversation() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}{% if messages[loop.index0 - 1].role != m.role %}<{{ m.role|trim }}>"
        + "{{ m.content.split('</think>')[-1].strip() ~ '|' }}{% endif %}{% endfor %}"
    )
    #expect(try template.render(messages: conversation(turns: 2000)).utf8.count > 3_900_000)
  }

  @Test("a template may ask for the number of messages at each of them")
  func lengthInLoop() throws {
    // As Qwen3's does, to find the last question.
    let template = try ChatTemplate(
      "{% set ns = namespace(last=messages|length - 1) %}{% for m in messages[::-1] %}"
        + "{% set index = (messages|length - 1) - loop.index0 %}"
        + "{% if m.role == 'user' %}{% set ns.last = index %}{% endif %}{% endfor %}{{ ns.last }}"
    )
    #expect(try template.render(messages: conversation(turns: 2000)) == "0")
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
