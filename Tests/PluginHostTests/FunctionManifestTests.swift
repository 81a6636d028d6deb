import Components
import Testing

@testable import PluginHost

@Suite struct FunctionManifestTests {
  private static let whole = """
    symbol: score
    call: item
    thread_safe: true
    arguments:
      - { value: completion, as: text }
      - { column: answer, as: string }
      - { parameter: scale, as: double }
      - { value: completion_tokens, as: int64 }
    result: double
    abstain: -1
    """
  private static let parameters = """
    parameters:
      scale: { type: number, default: 1 }
      word: { type: string, required: false }
      list: { type: array, default: [] }
      flag: { type: boolean, default: true }
    """

  private func read(_ text: String) throws -> FunctionSignature {
    let manifest = try PluginManifest(parsing: Array(text.utf8), file: "/p/plugin.yaml")
    guard case .cFunction(let signature) = manifest.runtime else {
      throw FixtureFailure(message: "")
    }
    return signature
  }

  private func manifest(_ function: String = whole) -> String {
    FunctionFixture.manifest(function, more: Self.parameters)
  }

  @Test func readsEverything() throws {
    let signature = try read(manifest())
    #expect(
      signature
        == FunctionSignature(
          symbol: "score",
          library: nil,
          call: .item,
          arguments: [
            .init(source: .value(.completion), type: .text),
            .init(source: .column("answer"), type: .string),
            .init(source: .parameter("scale"), type: .double),
            .init(source: .value(.completionTokens), type: .int64),
          ],
          result: .score(.double),
          abstain: -1,
          isThreadSafe: true
        )
    )
    #expect(
      signature.declaration == "double score(const char *, size_t, const char *, double, int64_t)"
    )
    #expect(signature.columns == ["answer"])
  }

  @Test func declarationOfABatch() throws {
    let text = FunctionFixture.manifest(
      FunctionRewardTests.batchForm,
      more: "parameters: { scale: { type: number, default: 1 } }"
    )
    #expect(
      try read(text).declaration
        == "int batch(uint64_t, const char *const *, const size_t *, const char *const *, "
        + "const int32_t *, const bool *, const double *, double, double *)"
    )
  }

  /// A change of the manifest, and words of the error. The section begins in line 8.
  static let faults: [(String, String, [String])] = [
    ("  symbol: score\n", "", ["line 9: 'function.symbol' is missing"]),
    ("symbol: score", "symbol: score()", ["line 9: 'function.symbol' is", "`nm -D`"]),
    ("symbol: score", "symbol: ''", ["line 9: 'function.symbol' is \"\""]),
    ("symbol:", "function:", ["'function.function' is unknown"]),
    ("call: item", "call: items", ["line 10: 'function.call'", "did you mean 'item'?"]),
    ("thread_safe: true", "thread_safe: maybe", ["line 11", "expected true or false"]),
    ("    - { value: completion, as: text }\n", "    - text\n", ["line 13", "expected a table"]),
    (
      "{ value: completion, as: text }", "{ as: text }",
      ["line 13: 'function.arguments[0]' says not what is passed", "one of value, column"]
    ),
    (
      "{ value: completion, as: text }", "{ value: completion, column: answer, as: text }",
      ["line 13: 'function.arguments[0]' has value and column"]
    ),
    (
      "{ value: completion, as: text }", "{ value: completion }",
      ["line 13: 'function.arguments[0].as' is missing"]
    ),
    (
      "{ value: completion, as: text }", "{ value: completoin, as: text }",
      ["line 13: 'function.arguments[0].value'", "did you mean 'completion'?"]
    ),
    (
      "{ value: completion, as: text }", "{ value: completion, as: int32 }",
      ["line 13: 'function.arguments[0].as' is int32", "as string, text"]
    ),
    (
      "{ value: completion, as: text }", "{ value: completion, as: char }",
      ["line 13: 'function.arguments[0].as' is 'char'"]
    ),
    (
      "{ column: answer, as: string }", "{ column: '', as: string }",
      ["line 14: 'function.arguments[1].column' is empty"]
    ),
    (
      "{ parameter: scale, as: double }", "{ parameter: scal, as: double }",
      [
        "line 15: 'function.arguments[2].parameter' is 'scal', which is no parameter",
        "did you mean 'scale'?",
      ]
    ),
    (
      "{ parameter: scale, as: double }", "{ parameter: scale, as: int32 }",
      ["line 15: 'function.arguments[2].as' is int32", "type number is passed as double, float"]
    ),
    (
      "{ parameter: scale, as: double }", "{ parameter: word, as: string }",
      ["line 15: 'function.arguments[2].parameter' is 'word', which may be absent", "default"]
    ),
    (
      "{ parameter: scale, as: double }", "{ parameter: list, as: string }",
      ["line 15: 'function.arguments[2].parameter' is 'list', which is a list"]
    ),
    (
      "{ parameter: scale, as: double }", "{ parameter: flag, as: double }",
      ["line 15", "type boolean is passed as bool, int32"]
    ),
    (
      "{ value: completion_tokens, as: int64 }", "{ value: completion_tokens, as: float }",
      ["line 16: 'function.arguments[3].as' is float"]
    ),
    (
      "{ value: completion_tokens, as: int64 }", "{ value: truncated, as: double }",
      ["line 16", "a truth value is passed as bool, int32"]
    ),
    (
      "{ value: completion_tokens, as: int64 }", "{ value: count, as: int64 }",
      ["line 16: 'function.arguments[3].value' is 'count'", "call: batch"]
    ),
    (
      "{ value: completion_tokens, as: int64 }", "{ out: score, as: double }",
      ["line 16: 'function.arguments[3].out' is \"score\"", "out: scores"]
    ),
    (
      "{ value: completion_tokens, as: int64 }", "{ out: scores, as: float }",
      ["line 16: 'function.arguments[3].as' is float", "as double"]
    ),
    (
      "{ value: completion_tokens, as: int64 }", "{ out: scores, as: double }",
      ["line 17: 'function.result' is double, and an argument takes the score, too"]
    ),
    (
      "result: double", "result: status",
      ["line 17: 'function.result' gives no score", "{ out: scores, as: double }"]
    ),
    ("result: double", "result: void", ["line 17: 'function.result' gives no score"]),
    ("result: double", "result: string", ["line 17: 'function.result' is 'string'"]),
    ("  result: double\n", "", ["line 9: 'function.result' is missing"]),
    ("call: item", "call: batch", ["line 17: 'function.result' is one double for a whole batch"]),
    ("abstain: -1", "abstain: never", ["line 18: 'function.abstain' is text"]),
    ("abstain: -1", "library: /lib/libm.so.6", ["line 18: 'function.library'", "soname"]),
    (
      "abstain: -1", "library: libm.so.6",
      ["line 20: 'variants' stands beside 'function.library', which is libm.so.6"]
    ),
    ("kinds: [reward]", "kinds: [dataset]", ["line 3: 'kinds' has something else than one reward"]),
    ("runtime: c-function", "runtime: native", ["'function' is there, but 'runtime' is not"]),
    ("runtime: c-function\n", "", ["'function' is there, but 'runtime' is not c-function"]),
    ("runtime: c-function", "runtime: c-funktion", ["did you mean 'c-function'?"]),
  ]

  @Test(arguments: faults) func namesTheFault(from: String, to: String, words: [String]) throws {
    let whole = manifest()
    let text = whole.replacing(from, with: to, maxReplacements: 1)
    #expect(text != whole)
    let error = try #require(pluginError { _ = try read(text) })
    #expect(error.problem == .manifest)
    #expect(error.file == "/p/plugin.yaml")
    for word in words { #expect(error.description.contains(word), "\(error)") }
  }

  @Test func missingSectionAndLibrary() {
    let none = manifest().replacing("function:\n", with: "functions:\n")
    #expect(pluginError { _ = try read(none) }?.description.contains("did you mean") == true)
    let bare = FunctionFixture.manifest(Self.whole, more: Self.parameters, hasVariants: false)
    #expect(
      pluginError { _ = try read(bare) }?.description.contains("'variants' is missing") == true
    )
    let outs = FunctionFixture.manifest(
      """
      symbol: f
      arguments: [{ out: scores, as: double }, { out: scores, as: double }]
      result: void
      """
    )
    #expect(pluginError { _ = try read(outs) }?.description.contains("two arguments 'out'") == true)
    let many = String(repeating: "{ value: completion, as: text }, ", count: 33)
    let long = FunctionFixture.manifest("symbol: f\narguments: [\(many)]\nresult: int32")
    #expect(pluginError { _ = try read(long) }?.description.contains("33 arguments") == true)
  }
}
