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
      error(["model", "type"], "Markov").hasPrefix(
        "t.json: model: unsupported model \"Markov\""
      )
    )
    #expect(
      error(
        ["normalizer"],
        ["type": "Sequence", "normalizers": [["type": "NFC"], ["type": "Other"]]]
      )
      .hasPrefix("t.json: normalizer.normalizers[1]: unsupported normalizer \"Other\". Supported: ")
    )
    #expect(
      error(["pre_tokenizer"], ["type": "UnicodeScripts"]).hasPrefix(
        "t.json: pre_tokenizer: unsupported pre-tokenizer \"UnicodeScripts\""
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
    #expect(
      error(["model", "vocab", "b"], 0).contains(
        "model.vocab[\"b\"]: the id is also that of \"a\" (found 0)"
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

  @Test("unigram and WordPiece models are checked")
  func otherModels() {
    func model(_ key: String, _ value: JSONValue) -> String {
      let unigram: JSONValue = [
        "type": "Unigram", "unk_id": 0, "vocab": [["u", 0.0], ["a", -1]],
      ]
      return error(["model"], Self.changed([key], value, in: unigram))
    }
    #expect(model("byte_fallback", false) == "no error")
    #expect(model("unk_id", nil).contains("model: unk_id is missing"))
    #expect(model("unk_id", 2).contains("model.unk_id: the unknown token is beyond"))
    #expect(model("unk_id", -1).contains("model.unk_id: expected an integer of at least 0"))
    #expect(model("alpha", 0.1).contains("model.alpha: unsupported sampling"))
    #expect(model("vocab", [["u", 0.0], ["a"]]).contains("model.vocab[1]: expected [token, log"))
    #expect(
      error(Array(#"{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["u", 1e999]]}}"#.utf8))
        .contains("model.vocab[0]: expected [token, log")
    )
    #expect(
      error(["model"], ["type": "WordPiece", "vocab": ["a": 0], "unk_token": "[UNK]"]).contains(
        "model.unk_token: the unknown token is not in model.vocab (found [UNK])"
      )
    )
  }

  @Test("what would fill the memory, or reach beyond the vocabulary, is refused")
  func bounds() {
    let doubling: JSONValue = [
      "type": "Replace", "pattern": ["String": "a"], "content": "aaaaaaaaaaaaaaaa",
    ]
    let steps = JSONValue.array(Array(repeating: doubling, count: 4))
    #expect(
      error(["normalizer"], ["type": "Sequence", "normalizers": steps]).contains(
        "normalizer: the steps together may make text 65536 times as long"
      )
    )
    #expect(
      error(["decoder"], ["type": "Sequence", "decoders": steps]).contains(
        "decoder: the steps together may make text 65536 times as long"
      )
    )
    #expect(
      error(["post_processor"], ["type": "BertProcessing", "cls": ["a", 0], "sep": ["x", 9]])
        .contains("post_processor: the post-processor adds an id that no token has (found 9)")
    )
    #expect(
      error(["decoder"], ["type": "Strip", "content": "", "start": 1, "stop": 0]).contains(
        "decoder.content: expected a string of one character"
      )
    )
    #expect(
      error(["normalizer"], ["type": "Precompiled", "precompiled_charsmap": "AAA"]).contains(
        "normalizer.precompiled_charsmap: this is not base64"
      )
    )
    #expect(
      error(["normalizer"], ["type": "Precompiled", "precompiled_charsmap": "/////w=="]).contains(
        "normalizer.precompiled_charsmap: the table's size, 4294967295 bytes, does not fit"
      )
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
