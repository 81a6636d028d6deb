import Foundation

/// Tokenizers and texts of the shared data, unpacked into a folder of their own.
struct EncodingTexts {
  let folder: URL
  private let data: String

  /// - Parameter data: the folder with `gsm8k/`, `kk/` and `tokenizers/`.
  init(data: String) throws {
    self.data = data
    folder = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Removes the folder.
  func remove() { try? FileManager.default.removeItem(at: folder) }

  private func unpacked(_ path: String) throws -> Data {
    let file = "\(data)/\(path).gz"
    let result = try ChildProcess(program: "gzip", arguments: ["-dc", file]).run()
    guard result.status == 0 else {
      throw ChildProcess.Failure.status(
        program: "gzip -dc \(file)",
        status: result.status,
        complaint: result.complaint
      )
    }
    return Data(result.output.utf8)
  }

  /// The file of a tokenizer.
  func tokenizer(_ name: String) throws -> String {
    let file = folder.appending(path: "\(name).json")
    if !FileManager.default.fileExists(atPath: file.path) {
      try unpacked("tokenizers/\(name)/tokenizer.json").write(to: file)
    }
    return file.path
  }

  /// A row of GSM8K, or of Knights-and-Knaves.
  private struct Row: Decodable {
    var question: String?
    var answer: String?
    var quiz: String?
    var cot: [String]?

    var text: String {
      question.map { $0 + "\n" + (answer ?? "") }
        ?? ([quiz ?? ""] + (cot ?? [])).joined(separator: "\n")
    }
  }

  /// The file of a set of texts: questions with their solutions.
  func texts(_ set: String) throws -> String {
    let file = folder.appending(path: "\(set).jsonl")
    if !FileManager.default.fileExists(atPath: file.path) {
      var lines = Data()
      for line in try unpacked("\(set)/train.jsonl").split(separator: 0x0A) {
        let row = try JSONDecoder().decode(Row.self, from: line)
        lines += try JSONEncoder().encode(["text": row.text]) + [0x0A]
      }
      try lines.write(to: file)
    }
    return file.path
  }
}
