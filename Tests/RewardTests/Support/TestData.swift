import Foundation
import Testing

enum TestData {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The folder with Package.swift.
  static let package = folder.deletingLastPathComponent().deletingLastPathComponent()

  /// The folder with golden values, beside the checkout unless STEPWISE_SHARED says otherwise; `nil` where it is absent.
  static let golden: URL? = {
    let named = ProcessInfo.processInfo.environment["STEPWISE_SHARED"].map { URL(filePath: $0) }
    let shared = named ?? package.appending(path: "../shared").standardizedFileURL
    let golden = shared.appending(path: "data/golden")
    let isThere = FileManager.default.fileExists(
      atPath: golden.appending(path: "math_equiv.jsonl").path
    )
    return isThere ? golden : nil
  }()

  /// The rows of a file that `make_fixtures.py` wrote.
  static func fixture<Row: Decodable>(_ name: String, as type: Row.Type = Row.self) throws -> [Row]
  {
    let rows = try lines(folder.appending(path: "Fixtures/\(name).jsonl"), as: type)
    try #require(!rows.isEmpty, "\(name) is empty")
    return rows
  }

  static func goldenRows<Row: Decodable>(
    _ name: String,
    as type: Row.Type = Row.self
  ) throws -> [Row] {
    try lines(try #require(golden).appending(path: "\(name).jsonl"), as: type)
  }

  private static func lines<Row: Decodable>(_ file: URL, as type: Row.Type) throws -> [Row] {
    let decoder = JSONDecoder()
    return try Data(contentsOf: file).split(separator: 0x0A).map {
      try decoder.decode(Row.self, from: Data($0))
    }
  }
}
