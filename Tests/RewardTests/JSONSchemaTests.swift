import Components
import Testing

@Suite("The reward json-schema")
struct JSONSchemaTests {
  private struct Case: Decodable {
    let schema: String
    let values: [String]
    let accepted: [Bool]
  }

  private func schema(_ text: String) -> [Column] { [Column("schema", .text(text))] }

  @Test("verdicts are those of jsonschema's draft 2020-12")
  func verdicts() throws {
    let reward = try ShippedReward("json-schema", ["schema_column": "schema"])
    for row in try TestData.fixture("json_schema", as: Case.self) {
      let items = row.values.map { ShippedReward.item($0, schema(row.schema)) }
      for (index, score) in try reward.scores(items).enumerated() {
        #expect(
          (score == 1) == row.accepted[index],
          "\(row.values[index]) under \(row.schema)"
        )
      }
    }
  }

  @Test("the JSON is found, and what is none scores 0")
  func places() throws {
    let object: ParameterValue = ["type": "object"]
    let reward = try ShippedReward("json-schema", ["schema": object])
    for (text, score) in [
      ("{}", 1.0), (" {}\n", 1), ("Here:\n```json\n{}\n```\n", 1),
      ("```\n[]\n```\n```json\n{}\n```", 1),
      ("```json\n{}", 0), ("{} and more", 0), ("", 0), ("[]", 0), ("{'a': 1}", 0), ("NaN", 0),
    ] {
      #expect(try reward.score(text) == score, "\(text)")
    }
    let fence = try ShippedReward("json-schema", ["schema": object, "answer_in": "fence"])
    #expect(try fence.score("{}") == 0)
    let whole = try ShippedReward(
      "json-schema",
      ["schema": object, "answer_in": "completion", "valid_json": 0.25]
    )
    #expect(try whole.score("```\n{}\n```") == 0)
    #expect(try whole.score("[1]") == 0.25)
  }

  @Test(arguments: [
    (#"{"unevaluatedProperties": false}"#, "'unevaluatedProperties' is not supported"),
    (#"{"properties": {"a": {"$anchor": "x"}}}"#, "at #/properties/a/$anchor"),
    (#"{"$ref": "https://example.org/a"}"#, "references go to"),
    (##"{"$ref": "#/$defs/a"}"##, "references go to"),
    (##"{"$ref": "#/default", "default": {"nonsense": 1}}"##, "references go to"),
    (#"{"type": "text"}"#, "at #/type"), (#"{"minimum": "1"}"#, "a number"),
    (#"{"minLength": -1}"#, "0 or more"),
    (#"{"pattern": "(?=a)"}"#, "the pattern"), ("[]", "a schema is"), ("{", "not JSON"),
    (##"{"$ref": "#"}"##, "nest deeper"),
  ])
  func refused(schema: String, problem: String) throws {
    let reward = try ShippedReward("json-schema", ["schema_column": "schema"])
    let text = message { _ = try reward.score("{}", self.schema(schema)) }
    #expect(text.contains(problem), "\(text)")
  }

  @Test(
    "multiples are exact for whole numbers, and else as far as decimals show",
    arguments: [
      ("10", "12345678901", 0.0), ("10", "12345678900", 1), ("7", "10000000001", 0),
      ("0.01", "12345678.91", 1), ("0.01", "12345678.905", 0), ("0.1", "0.3", 1), ("2", "1e3", 1),
      ("0.5", "0", 1), ("2", "3.0", 0),
    ]
  )
  func multiples(step: String, value: String, score: Double) throws {
    let reward = try ShippedReward("json-schema", ["schema_column": "schema"])
    #expect(try reward.score(value, schema(#"{"multipleOf": \#(step)}"#)) == score)
  }

  @Test("JSON that would take a schema for ever, or go too deep, scores 0")
  func effort() throws {
    let reward = try ShippedReward("json-schema", ["schema_column": "schema", "valid_json": 0.5])
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    // Neither alternative says no before it has been all the way down.
    let branching = ##"""
      {"anyOf": [{"items": {"$ref": "#"}, "minItems": 1}, {"items": {"$ref": "#"}, "minItems": 2}]}
      """##
    #expect(try reward.score(nested(60), schema(branching)) == 0)
    #expect(try reward.score(nested(4), schema(branching)) == 0.5)
    let winding = ##"{"allOf": [{"anyOf": [{"oneOf": [{"items": {"$ref": "#"}}]}]}]}"##
    #expect(try reward.score(nested(60), schema(winding)) == 0)
    #expect(try reward.score(nested(30), schema(winding)) == 1)
  }

  @Test("one schema, of the parameters or of the rows")
  func parameters() {
    #expect(
      message { _ = try ShippedReward("json-schema", ["schema": ["typo": 1]]) }
        .contains("'typo' is not supported")
    )
  }
}
