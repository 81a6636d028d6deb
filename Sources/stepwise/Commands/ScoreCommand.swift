import ArgumentParser
import Foundation
import LanguageModels
import Tensors
import Tokenizers

/// `stepwise score`: log p of each next token of given sequences.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Log-probabilities of given token sequences or texts under a model.",
    discussion: """
      Each line of the input is {"input_ids": [...]} or {"text": "..."}. With --json each line of the \
      output is {"logprobs": [...]}: log p of each next token, so one value less than there are tokens.
      """
  )

  @OptionGroup var model: ModelOptions

  @Option(help: "A file of JSON lines; - for standard input.")
  var input: String

  @Flag(help: "One JSON object a line.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  /// Tokens that are computed together: bounds memory, not the answer.
  private static let tokensAtOnce = 4096

  func run() throws {
    let backend = try compute.makeBackend()
    let source = try model.source()
    let decoder = try source.open(backend: backend)
    var tokenizer: Tokenizer?
    let sequences = try JSONInput.readLines(input).map { line in
      try Self.sequence(line, vocabularySize: decoder.configuration.vocabSize) {
        if tokenizer == nil { tokenizer = try Tokenizer(contentsOf: source.tokenizer) }
        return tokenizer!.encode($0, addSpecialTokens: true)
      }
    }
    var start = 0
    while start < sequences.count {
      var (end, tokens) = (start, 0)
      repeat {
        tokens += sequences[end].count
        end += 1
      } while end < sequences.count && tokens + sequences[end].count <= Self.tokensAtOnce
      let scores = decoder.nextTokenLogProbs(Array(sequences[start..<end]))
      try StandardOutput.write(scores.map(line).joined())
      start = end
    }
  }

  /// The ids of one input line.
  static func sequence(
    _ line: JSONInput,
    vocabularySize: Int,
    encode: (String) throws -> [Int32]
  ) throws -> [Int32] {
    let ids: [Int32]
    if let given = try line.member("input_ids") {
      ids = try given.tokenIDs(vocabularySize: vocabularySize)
    } else if let text = try line.member("text") {
      ids = try encode(try text.text())
      if let id = ids.first(where: { $0 < 0 || $0 >= vocabularySize }) {
        throw line.failure(
          "the tokenizer gives id \(id), and the model's vocabulary has \(vocabularySize)",
          cure: "Use the tokenizer that belongs to the model"
        )
      }
    } else {
      throw line.failure(
        "neither input_ids nor text",
        cure: "Write {\"input_ids\": [...]} or {\"text\": \"...\"}"
      )
    }
    if ids.isEmpty { throw line.failure("no tokens", cure: "Give at least one token") }
    return ids
  }

  private func line(_ logProbs: [Float]) -> String {
    if json { return "{\"logprobs\": [\(logProbs.map(Self.number).joined(separator: ", "))]}\n" }
    let sum = logProbs.reduce(0.0) { $0 + Double($1) }
    let mean = logProbs.isEmpty ? 0 : sum / Double(logProbs.count)
    return "\(logProbs.count) tokens  log p \(NumberText.fixed(sum, 4))  "
      + "mean \(NumberText.fixed(mean, 4))  perplexity \(NumberText.short(exp(-mean)))\n"
  }

  /// The shortest form that reads back to the same Float; JSON has no infinities.
  private static func number(_ value: Float) -> String {
    value.isFinite ? value.description : "null"
  }
}
