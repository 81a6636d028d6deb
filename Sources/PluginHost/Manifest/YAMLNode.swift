import Components
import Yams

/// A value of a manifest that knows where it stands, for errors that name file, line and key.
struct YAMLNode {
  let node: Node
  /// The keys that lead to it, for example `variants[0].os`.
  let path: String

  /// What is wrong at a place of the file.
  struct Problem: Error {
    var line: Int?
    var message: String
    var cure: String?
  }

  init(_ node: Node, path: String) {
    self.node = node
    self.path = path
  }

  func problem(_ message: String, cure: String? = nil) -> Problem {
    Problem(line: node.mark?.line, message: "'\(path)' \(message)", cure: cure)
  }

  private func key(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// The members of a table, in order. Names are text.
  func members() throws(Problem) -> [(name: String, value: YAMLNode)] {
    guard let mapping = node.mapping else {
      throw problem("is \(value.typeName), expected a table")
    }
    var members: [(String, YAMLNode)] = []
    for (name, value) in mapping {
      guard let text = name.scalar?.string else { throw problem("has a key that is no text") }
      members.append((text, YAMLNode(value, path: key(text))))
    }
    return members
  }

  /// A table whose keys are all among `known`.
  func table(_ known: [String]) throws(Problem) -> [String: YAMLNode] {
    var table: [String: YAMLNode] = [:]
    for (name, value) in try members() {
      guard known.contains(name) else {
        let cure = nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
        throw value.problem(
          "is unknown",
          cure: cure ?? "known are \(known.joined(separator: ", "))"
        )
      }
      table[name] = value
    }
    return table
  }

  /// A member of this table that must be there.
  func required(_ name: String, _ members: [String: YAMLNode]) throws(Problem) -> YAMLNode {
    guard let node = members[name], node.value != .null else {
      throw Problem(line: self.node.mark?.line, message: "'\(key(name))' is missing")
    }
    return node
  }

  /// The items of a list.
  func items() throws(Problem) -> [YAMLNode] {
    guard let sequence = node.sequence else {
      throw problem("is \(value.typeName), expected a list")
    }
    return sequence.enumerated().map { YAMLNode($1, path: "\(path)[\($0)]") }
  }

  func string() throws(Problem) -> String {
    guard case .string(let text) = value else {
      throw problem("is \(value.typeName), expected text", cure: "put it in quotes")
    }
    return text
  }

  func strings() throws(Problem) -> [String] {
    var strings: [String] = []
    for item in try items() { strings.append(try item.string()) }
    return strings
  }

  /// A text that is one of the cases.
  func choice<T: RawRepresentable<String> & CaseIterable>(_ type: T.Type) throws(Problem) -> T {
    let text = try string()
    guard let value = T(rawValue: text) else {
      let names = T.allCases.map(\.rawValue)
      let near = nearestName(to: text, among: names).map { "did you mean '\($0)'?" }
      throw problem(
        "is '\(text)'",
        cure: near ?? "it is one of \(names.joined(separator: ", "))"
      )
    }
    return value
  }

  func double() throws(Problem) -> Double {
    switch value {
    case .int(let number): return Double(number)
    case .double(let number): return number
    default: throw problem("is \(value.typeName), expected a number")
    }
  }

  func bool() throws(Problem) -> Bool {
    guard case .bool(let flag) = value else {
      throw problem("is \(value.typeName), expected true or false")
    }
    return flag
  }

  /// The value in the JSON data model, by the core schema of YAML 1.2 (so `no` is text, and `1e-3` a number).
  var value: ParameterValue {
    if let mapping = node.mapping {
      return .object(
        mapping.map {
          ParameterEntry($0.key.scalar?.string ?? "", YAMLNode($0.value, path: path).value)
        }
      )
    }
    if let sequence = node.sequence {
      return .array(sequence.map { YAMLNode($0, path: path).value })
    }
    guard let scalar = node.scalar else { return .null }
    guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
    switch scalar.string {
    case "", "~", "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    case ".inf", "+.inf": return .double(.infinity)
    case "-.inf": return .double(-.infinity)
    case ".nan": return .double(.nan)
    case let text:
      if let number = Int64(text) { return .int(number) }
      let isNumeric = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
      if isNumeric, let number = Double(text) { return .double(number) }
      return .string(text)
    }
  }
}
