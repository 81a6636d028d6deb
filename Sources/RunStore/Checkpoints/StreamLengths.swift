import FoundationEssentials
import Glibc

/// How many bytes each stream had when a checkpoint was made: `streams.json` in the checkpoint.
struct StreamLengths {
  private var bytes: [String: Int]

  static let fileName = "streams.json"

  init(_ lengths: [RunStream: Int]) {
    bytes = Dictionary(uniqueKeysWithValues: lengths.map { ($0.key.rawValue, $0.value) })
  }

  init(from directory: String) throws {
    let path = "\(directory)/\(Self.fileName)"
    do {
      bytes = try JSONDecoder().decode([String: Int].self, from: Data(try Files.read(path)))
    } catch is DecodingError {
      throw RunStoreError.damaged(path: path, reason: "not a table of stream lengths")
    }
  }

  /// A stream that did not exist yet was empty.
  subscript(_ stream: RunStream) -> Int { bytes[stream.rawValue] ?? 0 }

  func write(into directory: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let path = "\(directory)/\(Self.fileName)"
    let descriptor = try Files.openFile(path, O_WRONLY | O_CREAT | O_EXCL)
    defer { close(descriptor) }
    try Files.writeAll(try encoder.encode(bytes), to: descriptor, path: path)
  }
}
