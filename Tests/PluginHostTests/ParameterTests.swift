import Components
import Testing

@testable import PluginHost

@Suite struct ParameterTests {
  private var schema: ParameterSchema {
    get throws {
      try PluginManifest(parsing: Array(ManifestTests.whole.utf8), file: "plugin.yaml").components[
        0
      ]
      .parameters
    }
  }

  private func object(_ entries: (String, ParameterValue)...) -> ParameterValue {
    .object(entries.map { ParameterEntry($0.0, $0.1) })
  }

  @Test func defaultsAndOrder() throws {
    let resolved = try schema.resolve(
      object(("path", .string("p")), ("scale", .int(2)), ("limit", .double(7)))
    )
    #expect(
      resolved.json
        == #"{"limit":7,"scale":2.0,"mode":"full","words":[],"path":"p","table":{"a":1}}"#
    )
    #expect(try schema.resolve(resolved) == resolved)
  }

  static let faults: [(String, ParameterValue, String)] = [
    ("limit", .int(0), "parameter 'limit' is 0; give a whole number from 1 to 1000"),
    ("limit", .int(1001), "parameter 'limit' is 1001"),
    ("limit", .double(1.5), "parameter 'limit' is a real number, 1.5"),
    ("limit", .string("7"), "parameter 'limit' is text"),
    ("scale", .double(-1), "give a number of at least 0"),
    ("scale", .double(.nan), "parameter 'scale' is a real number"),
    ("mode", .string("ful"), "did you mean \"full\"?"),
    ("words", .array([.string("a"), .int(1)]), "parameter 'words' has the item 1"),
    ("words", .array(Array(repeating: .string("a"), count: 4)), "has 4 items"),
    ("strict", .string("yes"), "give true or false"),
    ("limti", .int(1), "parameter 'limti' is unknown; did you mean 'limit'?"),
    ("zzz", .int(1), "it takes limit, scale"),
  ]

  @Test(arguments: faults) func refuses(key: String, value: ParameterValue, words: String) throws {
    let schema = try schema
    #expect {
      _ = try schema.resolve(object(("path", .string("p")), (key, value)))
    } throws: {
      String(describing: $0).contains(words)
    }
  }

  @Test func missingAndTwice() throws {
    let schema = try schema
    #expect {
      _ = try schema.resolve(.null)
    } throws: {
      String(describing: $0).hasPrefix("parameter 'path' is missing; give text")
    }
    #expect {
      _ = try schema.resolve(object(("path", .string("p")), ("path", .string("q"))))
    } throws: {
      String(describing: $0).contains("given twice")
    }
    #expect(throws: ParameterProblem.self) { try schema.resolve(.int(1)) }
  }

  @Test func onlyChangeableOnesChange() throws {
    let schema = try schema
    let old = try schema.resolve(object(("path", .string("p"))))
    let new = try schema.resolve(object(("path", .string("p")), ("limit", .int(9))))
    try schema.checkChange(from: old, to: new)
    let bad = try schema.resolve(object(("path", .string("q"))))
    #expect {
      try schema.checkChange(from: old, to: bad)
    } throws: {
      String(describing: $0).contains(
        "'path' cannot change while the run goes on; changeable are limit"
      )
    }
  }
}
