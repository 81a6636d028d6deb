import Components
import Testing

@testable import stepwise

@Suite struct YAMLTests {
  @Test(arguments: [
    ("1e-4", ParameterValue.double(1e-4)), ("1E3", .double(1000)), (".5", .double(0.5)),
    ("5.", .double(5)), ("-2", .int(-2)), ("+7", .int(7)), ("0x1F", .int(31)), ("0o17", .int(15)),
    ("no", .string("no")), ("yes", .string("yes")), ("True", .bool(true)), ("~", .null),
    ("", .null), (".inf", .double(.infinity)), ("1_000", .string("1_000")), ("1e", .string("1e")),
    (".", .string(".")), ("1.2.3", .string("1.2.3")), ("e5", .string("e5")), ("+", .string("+")),
    ("99999999999999999999", .double(1e20)), ("1:30", .string("1:30")),
  ])
  func plainScalars(text: String, value: ParameterValue) {
    #expect(ScalarResolver.value(ofPlain: text) == value)
  }

  @Test func quotesMakeText() throws {
    let value = try YAMLReader.read("a: '1'\nb: \"true\"\nc: !!str 5\n", from: .file("f")).plain
    #expect(value["a"] == .string("1"))
    #expect(value["b"] == .string("true"))
    #expect(value["c"] == .string("5"))
  }

  @Test func placesAreKnown() throws {
    let root = try YAMLReader.read("a: 1\nb:\n  - x\n  - c: 2\n", from: .file("run.yaml"))
    guard case .table(let entries) = root.content, case .list(let list) = entries[1].value.content,
      case .table(let inner) = list[1].content
    else {
      Issue.record("another shape")
      return
    }
    #expect(entries[0].value.origin == .file("run.yaml", line: 1, column: 4))
    #expect(inner[0].keyOrigin == .file("run.yaml", line: 4, column: 5))
  }

  @Test(arguments: [
    ("a: 1\na: 2\n", "run.yaml:1", "twice"),
    ("a: [1, 2\n", "run.yaml:", "not YAML"),
    ("a: b: c\n", "run.yaml:1", "not YAML"),
    ("\tkey: 1\n", "run.yaml:1", "not YAML"),
    ("a: *nobody\n", "run.yaml:1", "not YAML"),
    ("a: 1\n---\nb: 2\n", "run.yaml:2", "not YAML"),
    ("x: &a {b: 1}\n<<: *a\n", "run.yaml:2", "merge keys"),
    ("[1]: 2\n", "run.yaml:1", "key that is not text"),
    ("'a': 1\na: 2\n", "run.yaml:", "twice"),
  ])
  func brokenFilesAreLocated(text: String, place: String, problem: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try YAMLReader.read(text, from: .file("run.yaml"))
    }
    #expect(error?.description.hasPrefix(place) == true, "\(String(describing: error))")
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func aliasBombsAreRefused() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<9 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    let error = #expect(throws: ConfigurationError.self) {
      try YAMLReader.read(text, from: .file("bomb.yaml"))
    }
    #expect(error?.problem.contains("more than 100000 values") == true)
  }

  @Test func whatIsWrittenReadsBack() throws {
    let value = ParameterValue.object([
      ParameterEntry("int", .int(-3)), ParameterEntry("real", .double(1e-7)),
      ParameterEntry("inf", .double(.infinity)), ParameterEntry("whole real", .double(4)),
      ParameterEntry(
        "texts",
        .array(["no", "1e3", "plain", "a: b", "", "#x", "é\n", "- x"].map(ParameterValue.string))
      ),
      ParameterEntry("null", .null), ParameterEntry("empty", .object([])),
      ParameterEntry("none", .array([])),
      ParameterEntry(
        "list",
        .array([
          .object([
            ParameterEntry("plugin", .string("a")),
            ParameterEntry("parameters", .object([ParameterEntry("x", .array([.int(1)]))])),
          ]),
          .array([.array([.int(1), .int(2)]), .object([ParameterEntry("k", .bool(true))])]),
          .string("last"),
        ])
      ),
    ])
    let text = YAMLWriter.write(value)
    #expect(try YAMLReader.read(text, from: .file("f")).plain == value, "\(text)")
  }
}
