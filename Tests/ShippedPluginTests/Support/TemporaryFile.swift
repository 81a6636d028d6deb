import Foundation

/// A file that is removed with the object.
final class TemporaryFile {
  let path: String

  init(_ bytes: [UInt8], name: String = "rows.jsonl") throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("stepwise-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.appendingPathComponent(name).path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  convenience init(_ text: String, name: String = "rows.jsonl") throws {
    try self.init(Array(text.utf8), name: name)
  }

  deinit {
    try? FileManager.default.removeItem(
      at: URL(fileURLWithPath: path).deletingLastPathComponent()
    )
  }
}
