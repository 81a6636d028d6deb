import Foundation
import Testing

@testable import Tokenizers

/// Files that the tests compare with.
enum Fixtures {
  /// The project's own, made by the script beside them.
  static func json(_ name: String) throws -> [JSONValue] {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/\(name)")
    return try JSONValue(json: Data(contentsOf: url), file: name).array
  }

  /// The directory of real data, nil where it is absent; tests of it are skipped then.
  static let shared: String? = {
    let path =
      ProcessInfo.processInfo.environment["STEPWISE_SHARED"]
      ?? URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../shared").standardized.path
    return FileManager.default.fileExists(atPath: path + "/data/golden") ? path : nil
  }()

  static func sharedLines(_ name: String) throws -> [JSONValue] {
    let text = try Data(contentsOf: URL(filePath: "\(shared!)/data/golden/\(name)"))
    return try text.split(separator: 0x0A).map { try JSONValue(json: $0, file: name) }
  }

  /// A real tokenizer; its file is compressed.
  static func tokenizer(_ name: String) throws -> Tokenizer {
    let directory = "\(shared!)/data/tokenizers/\(name)"
    let process = Process()
    process.executableURL = URL(filePath: "/bin/gzip")
    process.arguments = ["-dc", "\(directory)/tokenizer.json.gz"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let configuration = try? Data(
      contentsOf: URL(filePath: "\(directory)/tokenizer_config.json")
    )
    return try Tokenizer(json: data, configuration: configuration.map(Array.init), file: name)
  }

  /// A fresh directory that `body` may fill.
  static func withDirectory(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "/stepwise-tokenizers-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }
}

/// Reading expected values; a wrong shape is a broken fixture and may trap.
extension JSONValue {
  subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  var string: String {
    guard case .string(let text) = self else { preconditionFailure("not a string: \(self)") }
    return text
  }

  var int: Int {
    guard case .int(let number) = self else { preconditionFailure("not an integer: \(self)") }
    return number
  }

  var bool: Bool { self == .bool(true) }

  var array: [JSONValue] {
    guard case .array(let values) = self else { preconditionFailure("not an array: \(self)") }
    return values
  }

  var object: JSONObject {
    guard case .object(let object) = self else { preconditionFailure("not an object: \(self)") }
    return object
  }

  var ids: [Int32] { array.map { Int32($0.int) } }
  var bytes: [UInt8] { Array(string.utf8) }

  /// The value as a file's bytes.
  var file: [UInt8] { Array(serialized().utf8) }
}

extension String {
  /// `==` of strings is canonical equivalence, which would hide a wrong normal form.
  var bytes: [UInt8] { Array(utf8) }
}

extension Tokenizer {
  /// What a stream gives for `ids`, piece by piece.
  func streamed(_ ids: [Int32], skipSpecialTokens: Bool) -> String {
    var decoder = streamingDecoder(skipSpecialTokens: skipSpecialTokens)
    var text = ""
    for id in ids { text += decoder.append(id) }
    return text + decoder.flush()
  }
}
