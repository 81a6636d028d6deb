import Testing

@testable import Tokenizers

/// Bad files: each error names file, JSON path, value and cure.
@Suite struct ErrorTests {
  static let base: JSONValue = [
    "added_tokens": [],
    "model": [
      "type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2], "merges": ["a b"], "unk_token": nil,
    ],
  ]

  /// The base with the member at a path of keys replaced.
  private static func changed(
    _ path: [String],
    _ value: JSONValue,
    in json: JSONValue = base
  )
    -> JSONValue
  {
    var object = json.object
    if path.count == 1 {
      object[path[0]] = value
    } else {
      object[path[0]] = changed(Array(path.dropFirst()), value, in: object[path[0]] ?? [:])
    }
    return .object(object)
  }

  private func error(_ file: [UInt8]) -> String {
    do throws(TokenizerError) {
      _ = try Tokenizer(json: file, file: "t.json")
      return "no error"
    } catch { return error.description }
  }

  private func error(_ path: [String], _ value: JSONValue) -> String {
    error(Self.changed(path, value).file)
  }

  @Test("the base is sound")
  func base() throws {
    #expect(error(Self.base.file) == "no error")
    #expect(try Tokenizer(json: Self.base.file).encode("abba") == [2, 1, 0])
  }

  @Test("unsupported components are named with their path")
  func unsupported() {
    #expect(
      error(["model", "type"], "WordPiece").hasPrefix(
        "t.json: model: unsupported model \"WordPiece\""
      )
    )
    #expect(
      error(
        ["normalizer"],
        ["type": "Sequence", "normalizers": [["type": "NFC"], ["type": "Nmt"]]]
      )
      .hasPrefix("t.json: normalizer.normalizers[1]: unsupported normalizer \"Nmt\". Supported: ")
    )
    #expect(
      error(["pre_tokenizer"], ["type": "BertPreTokenizer"]).hasPrefix(
        "t.json: pre_tokenizer: unsupported pre-tokenizer \"BertPreTokenizer\""
      )
    )
    #expect(
      error(["decoder"], ["type": "Sequence", "decoders": [["type": "CTC"]]]).hasPrefix(
        "t.json: decoder.decoders[0]: unsupported decoder \"CTC\""
      )
    )
    #expect(
      error(["post_processor"], ["type": "Other"]).hasPrefix(
        "t.json: post_processor: unsupported post-processor \"Other\""
      )
    )
    #expect(
      error(
        ["pre_tokenizer"],
        ["type": "Split", "pattern": ["Regex": "[a-f]+"], "behavior": "Isolated"]
      ).hasPrefix(
        "t.json: pre_tokenizer.pattern.Regex: unsupported regular expression "
          + "(found \"[a-f]+\")"
      )
    )
    #expect(
      error(
        ["pre_tokenizer"],
        ["type": "Split", "pattern": ["String": "x"], "behavior": "Strange"]
      ).hasPrefix("t.json: pre_tokenizer.behavior: unsupported split behavior (found \"Strange\")")
    )
    #expect(error(["model", "dropout"], 0.1).contains("model.dropout: unsupported BPE dropout"))
    #expect(error(["model", "dropout"], 0.0) == "no error")
    #expect(
      error(
        ["decoder"],
        ["type": "Sequence", "decoders": [["type": "Fuse"], ["type": "ByteFallback"]]]
      ).contains("decoder.decoders[1]: unsupported decoder \"ByteFallback\" after")
    )
  }

  @Test("wrong values are named with their path")
  func values() {
    #expect(error(["model", "vocab", "b"], -1).contains("model.vocab[\"b\"]: expected an id"))
    #expect(error(["model", "vocab", "b"], "1").contains("model.vocab[\"b\"]: expected an id"))
    #expect(
      error(["model", "vocab"], ["a": 0, "b": 1, "ab": 2, "a": 3]).contains(
        "model.vocab[\"a\"]: the token appears twice (found 3)"
      )
    )
    #expect(error(["model", "vocab", "b"], 2_000_000_000).contains("far beyond"))
    #expect(error(["model", "merges"], ["a b", "a c"]).contains("model.merges[1]: a part or"))
    #expect(error(["model", "merges"], ["ab"]).contains("model.merges[0]: expected \"a b\""))
    #expect(error(["model", "merges"], [["a"]]).contains("model.merges[0]: expected \"a b\""))
    #expect(error(["model", "merges"], nil).contains("model.merges: the key is missing"))
    #expect(error(["model", "unk_token"], "<unk>").contains("model.unk_token: the unknown token"))
    #expect(error(["model"], nil).contains("t.json: model: the key is missing"))
    #expect(error(["model"], []).contains("t.json: model: expected an object"))
    #expect(
      error(["added_tokens"], [["id": 7, "content": "<s>"]]).contains(
        "added_tokens[0].id: the `tokenizers` library gives this token the id 3 (found 7)"
      )
    )
    #expect(error(["added_tokens"], [["id": 3, "content": 5]]).contains("added_tokens[0].content"))
    #expect(
      error(
        ["pre_tokenizer"],
        ["type": "Metaspace", "prepend_scheme": "sometimes"]
      ).contains("pre_tokenizer.prepend_scheme: unsupported prepend scheme (found \"sometimes\")")
    )
  }

  @Test("JSON that is not JSON is placed")
  func syntax() {
    #expect(
      error(Array("{\n \"a\": tru }".utf8)).hasPrefix(
        "t.json: line 2, column 7: this is not a JSON value (found \"tru }\")"
      )
    )
    #expect(error([]).contains("line 1, column 1: a value is missing (found the end of the file)"))
    #expect(error(Array("{\"a\": 1".utf8)).contains("line 1, column 8: a comma or } is missing"))
    #expect(error(Array("{} x".utf8)).contains("there is text after the end"))
    #expect(error(Array("\"\\ud800\"".utf8)).contains("half a surrogate pair"))
    #expect(error([0x22, 0xFF, 0x22]).contains("not valid UTF-8"))
    #expect(error(Array(String(repeating: "[", count: 100_000).utf8)).contains("nested too deeply"))
  }

  @Test("missing files are named")
  func files() throws {
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer(contentsOf: "/nonexistent/tokenizer.json")
    }
    #expect(
      error?.description == "/nonexistent/tokenizer.json: the file does not exist. "
        + "Name a tokenizer.json or the directory that holds it"
    )
    try Fixtures.withDirectory { directory in
      let error = #expect(throws: TokenizerError.self) {
        try Tokenizer(contentsOf: directory)
      }
      #expect(error?.file == directory + "/tokenizer.json")
    }
  }
}
