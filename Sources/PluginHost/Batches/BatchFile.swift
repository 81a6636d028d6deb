public import Components

/// Batches for a reward as JSON lines, one item a line: what `plugin call`, `bench`, `diff` and `reproduce` read, and what a replay
/// bundle keeps.
///
/// | key | | without it |
/// |---|---|---|
/// | `completion` | text; turns of a conversation become their contents | an error |
/// | `prompt` | text or messages | empty |
/// | `id` | the item's id | its position in the file, from 0 |
/// | `example_id` | the row's id | `id` |
/// | `columns` | an object of columns | none |
/// | `prompt_text` | the prompt as the model saw it | the prompt |
/// | `completion_with_special_tokens` | | the completion |
/// | `completion_ids` | token ids | none |
/// | `truncated` | whether it was cut at the length limit | `false` |
/// | `step`, `seed` | those of the run; a line with others starts another batch | 0 |
/// | `example` | `completion`, `difficulty` and `step_boundaries` of the row | none |
///
/// Every other key is a column too, so that a plain row with a completion just works. What `text` writes, `parse` reads back as
/// equal batches, bit for bit; an empty batch leaves no line.
public enum BatchFile {
  /// A batch file is what one step made, or a few; a larger one is something else.
  static let sizeLimit = 1 << 30

  /// Reads a file.
  ///
  /// - Returns: the batches in order: neighbours of one step and seed are one batch.
  /// - Throws: `BatchFileError` with file, line, key, value and cure.
  public static func read(_ path: String) throws(BatchFileError) -> [RewardBatch] {
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path, limit: sizeLimit)
    } catch {
      throw BatchFileError(file: path, problem: "\(error)", cure: "name a file of JSON lines")
    }
    return try parse(bytes, file: path)
  }

  /// Reads the text of a file.
  ///
  /// - Parameter file: what an error names.
  public static func parse(
    _ bytes: [UInt8],
    file: String
  ) throws(BatchFileError) -> [RewardBatch] {
    var batches: [RewardBatch] = []
    var lines: [UInt64: Int] = [:]
    var position: UInt64 = 0
    let pieces = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, piece) in pieces.enumerated() {
      if piece.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      let line = try BatchLine(piece, file: file, line: index + 1)
      let (step, seed) = (try line.step(), try line.seed())
      let item = try line.item(position: position)
      if batches.last.map({ $0.step != step || $0.seed != seed }) ?? true {
        batches.append(RewardBatch(step: step, seed: seed, items: []))
        lines = [:]
      }
      if let other = lines.updateValue(index + 1, forKey: item.id) {
        throw line.error(
          "id",
          "is \(item.id), as on line \(other)",
          cure: "give each item of a batch an id of its own, or none"
        )
      }
      batches[batches.count - 1].items.append(item)
      position += 1
    }
    return batches
  }

  /// The batches as text, one line for each item, in order.
  public static func text(_ batches: [RewardBatch]) -> String {
    var text = ""
    for batch in batches {
      for item in batch.items { text += line(item, step: batch.step, seed: batch.seed) + "\n" }
    }
    return text
  }

  /// Writes a file that is complete or absent.
  public static func write(_ batches: [RewardBatch], to path: String) throws(BatchFileError) {
    do {
      try Files.writeAtomically(Array(text(batches).utf8), to: path, mode: 0o644)
    } catch {
      throw BatchFileError(file: path, problem: "\(error)", cure: "check the folder and the disk")
    }
  }
}

/// What is wrong with a batch file.
public struct BatchFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file.
  public var file: String
  /// The line, from 1; `nil` where it is the file as a whole.
  public var line: Int?
  /// The key, where one is to blame; with the place inside its value, for example `columns.answer[2]`.
  public var key: String?
  /// What is wrong, with the value.
  public var problem: String
  /// What to do about it.
  public var cure: String

  /// Creates an error.
  public init(
    file: String,
    line: Int? = nil,
    key: String? = nil,
    problem: String,
    cure: String
  ) {
    self.file = file
    self.line = line
    self.key = key
    self.problem = problem
    self.cure = cure
  }

  /// One line: `FILE, line N: 'KEY' PROBLEM; CURE`.
  public var description: String {
    file + (line.map { ", line \($0)" } ?? "") + ": " + (key.map { "'\($0)' " } ?? "") + problem
      + "; " + cure
  }
}
