import Foundation
import Testing

@testable import KnightsAndKnaves

/// A statement as nested arrays with a tag in front.
struct TaggedStatement: Decodable {
  let statement: Statement

  init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    let tag = try list.decode(String.self)
    switch tag {
    case "telling-truth": statement = .knight(try list.decode(Int.self))
    case "lying": statement = .knave(try list.decode(Int.self))
    default:
      var children: [Statement] = []
      while !list.isAtEnd { children.append(try list.decode(TaggedStatement.self).statement) }
      switch (tag, children.count) {
      case ("not", 1): statement = .not(children[0])
      case ("and", 2...): statement = .and(children)
      case ("or", 2...): statement = .or(children)
      case ("->", 2): statement = .implies(children[0], children[1])
      case ("<=>", 2): statement = .iff(children[0], children[1])
      default:
        throw DecodingError.dataCorruptedError(
          in: list,
          debugDescription: "tag \(tag) with \(children.count) children"
        )
      }
    }
  }
}

enum TestData {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  /// The folder with the published data, beside the checkout unless STEPWISE_SHARED says otherwise.
  static let shared: URL = {
    if let path = ProcessInfo.processInfo.environment["STEPWISE_SHARED"] {
      return URL(filePath: path)
    }
    return folder.appending(path: "../../../shared").standardizedFileURL
  }()

  static let hasShared = FileManager.default.fileExists(
    atPath: shared.appending(path: "data/kk/test.jsonl.gz").path
  )

  /// The rows of a file that `make_fixtures.py` wrote.
  static func fixture<Row: Decodable>(_ name: String, as type: Row.Type = Row.self) throws -> [Row]
  {
    let rows = try lines(Data(contentsOf: folder.appending(path: "Fixtures/\(name)")), as: type)
    try #require(!rows.isEmpty, "\(name) is empty")
    return rows
  }

  static func sharedRows<Row: Decodable>(
    _ path: String,
    as type: Row.Type = Row.self
  ) throws
    -> [Row]
  {
    let file = shared.appending(path: path)
    return try lines(
      path.hasSuffix(".gz") ? unzipped(file) : Data(contentsOf: file),
      as: type
    )
  }

  private static func lines<Row: Decodable>(_ data: Data, as type: Row.Type) throws -> [Row] {
    let decoder = JSONDecoder()
    return try data.split(separator: 0x0A).map { try decoder.decode(Row.self, from: Data($0)) }
  }

  private static func unzipped(_ file: URL) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", file.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "gzip -dc \(file.path) failed")
    return data
  }
}

/// Renumbers people at random and shuffles the children of commutative operators.
func renamed(_ statements: [Statement], using random: inout SeededGenerator) -> [Statement] {
  let numbering = random.choose(statements.count, from: statements.count)
  var result = statements
  for (speaker, statement) in statements.enumerated() {
    result[numbering[speaker]] = shuffled(statement.renumbered(numbering), using: &random)
  }
  return result
}

private func shuffled(_ statement: Statement, using random: inout SeededGenerator) -> Statement {
  func reordered(_ children: [Statement]) -> [Statement] {
    random.choose(children.count, from: children.count)
      .map { shuffled(children[$0], using: &random) }
  }
  switch statement {
  case .knight, .knave: return statement
  case .not(let child): return .not(shuffled(child, using: &random))
  case .and(let children): return .and(reordered(children))
  case .or(let children): return .or(reordered(children))
  case .implies(let left, let right):
    return .implies(shuffled(left, using: &random), shuffled(right, using: &random))
  case .iff(let left, let right):
    let sides = reordered([left, right])
    return .iff(sides[0], sides[1])
  }
}
