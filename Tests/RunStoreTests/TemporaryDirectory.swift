import FoundationEssentials

@testable import RunStore

/// A directory of its own for one test, removed at the end.
final class TemporaryDirectory {
  let url: URL

  init() throws {
    let name = "stepwise-test-\(UInt64.random(in: 0 ... .max))"
    url = FileManager.default.temporaryDirectory.appending(path: name, directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path }

  func file(_ name: String) -> URL { url.appending(path: name) }
  func directory(_ name: String) -> URL { url.appending(path: name, directoryHint: .isDirectory) }
}

func text(_ url: URL) throws -> String {
  String(decoding: try Files.read(url.path), as: UTF8.self)
}

func overwrite(_ url: URL, with bytes: [UInt8]) throws {
  try Data(bytes).write(to: url)
}
