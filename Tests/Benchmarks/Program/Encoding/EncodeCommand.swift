import ArgumentParser
import Foundation
import Tokenizers

/// `stepwise-bench encode`: one tokenizer and one file of texts in this process, on one thread.
struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Encodes texts with one tokenizer, in this process; prints a line of JSON."
  )

  @Argument(help: "A tokenizer.json.") var tokenizer: String
  @Argument(help: "A file of lines {\"text\": ...}.") var texts: String
  @Option(help: "Timed repetitions after the first.") var repetitions = 3

  private struct Row: Decodable { var text: String }

  func run() throws {
    let tokenizer = try Tokenizer(contentsOf: tokenizer)
    let decoder = JSONDecoder()
    let texts = try Data(contentsOf: URL(filePath: texts)).split(separator: 0x0A).map { line in
      // What JSONDecoder gives may not be stored as UTF-8; what a run encodes is.
      var text = try decoder.decode(Row.self, from: line).text
      text.makeContiguousUTF8()
      return text
    }
    var tokens = 0
    var checksum = 0
    for text in texts {
      let ids = tokenizer.encode(text)
      tokens += ids.count
      for (index, id) in ids.enumerated() { checksum += Int(id) * (index % 1000 + 1) }
    }
    // The first time through must find no warm cache: it gets a tokenizer of its own.
    let fresh = try Tokenizer(contentsOf: self.tokenizer)
    var samples: [Double] = []
    for _ in 0...repetitions {
      var count = 0
      samples.append(
        Stopwatch.seconds { for text in texts { count += fresh.encode(text).count } }
      )
      precondition(count == tokens, "two times through gave different tokens")
    }
    let measured = EncodeMeasurement(
      program: "stepwise",
      bytes: texts.reduce(0) { $0 + $1.utf8.count },
      tokens: tokens,
      checksum: checksum,
      first: samples[0],
      samples: Array(samples.dropFirst())
    )
    print(String(decoding: try JSONEncoder().encode(measured), as: UTF8.self))
  }
}
