import ArgumentParser
import Components
import Foundation
import LanguageModels
import Tensors
import Tokenizers
import Training

/// `stepwise generate`: completions of prompts.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Completions of prompts.",
    discussion: """
      Each line of the input is {"prompt": "..."}, {"prompt": [{"role": ..., "content": ...}]} or \
      {"input_ids": [...]}. Sampling defaults are those of the model's generation_config.json. With --json \
      each completion is one line: {"prompt": its number, "text": ..., "ids": [...], "finish_reason": ...}.
      """
  )

  @OptionGroup var model: ModelOptions

  @Option(help: "A prompt; give it several times for several prompts.")
  var prompt: [String] = []

  @Option(help: "A file of JSON lines; - for standard input.")
  var input: String?

  @Flag(help: "Treat each --prompt as a user's message and apply the chat template.")
  var chat = false

  @Option(help: "A Jinja chat template in place of the tokenizer's.")
  var chatTemplatePath: String?

  @Option(help: "Completions for each prompt.")
  var numGenerations = 1

  @Option(help: "Longest completion in tokens.")
  var maxCompletionLength: Int?

  @Option(help: "Sampling temperature; 0 is greedy.")
  var temperature: Double?

  @Option(help: "Nucleus sampling.")
  var topP: Double?

  @Option(help: "Sample among the k likeliest; 0 for all.")
  var topK: Int?

  @Option(help: "Sample among tokens with at least this share of the likeliest's probability.")
  var minP: Double?

  @Option(help: "Divides the logits of tokens that occurred.")
  var repetitionPenalty: Double?

  @Option(help: "The same seed gives the same completions.")
  var seed: UInt64 = 42

  @Flag(help: "One JSON object a line for each completion.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if prompt.isEmpty == (input == nil) {
      throw ValidationError("Give prompts with --prompt, or a file with --input.")
    }
    if numGenerations < 1 {
      throw ValidationError("--num-generations: \(numGenerations) is not 1 or more.")
    }
  }

  func run() throws {
    let backend = try compute.makeBackend()
    let source = try model.source()
    // What may be wrong with the prompts is said before gigabytes of weights are read.
    let tokenizer = try Tokenizer(contentsOf: source.tokenizer)
    let shape = try DecoderConfiguration(directory: source.directory)
    try ModelComposer.check(tokenizer, fits: shape, at: source.directory.path)
    let prompts = try prompts(tokenizer, vocabularySize: shape.vocabSize)
    let decoder = try source.openForGeneration(backend: backend)
    let groups = try Generator(model: decoder).generate(
      prompts.enumerated().map { index, ids in
        GenerationRequest(
          prompt: ids,
          count: numGenerations,
          firstID: UInt64(index * numGenerations)
        )
      },
      options: options(decoder, tokenizer),
      seed: seed
    )
    for (index, group) in groups.enumerated() {
      for completion in group {
        let text = tokenizer.decode(completion.tokens)
        try StandardOutput.write(
          json ? Self.json(index, text, completion) : Self.text(text, of: group.count)
        )
      }
    }
  }

  private func options(_ decoder: GenerationModel, _ tokenizer: Tokenizer) -> GenerationOptions {
    var options = GenerationOptions(decoder.generation)
    if let temperature { options.temperature = temperature }
    if let topP { options.topP = topP }
    if let topK { options.topK = topK }
    if let minP { options.minP = minP }
    if let repetitionPenalty { options.repetitionPenalty = repetitionPenalty }
    if let maxCompletionLength { options.maxCompletionLength = maxCompletionLength }
    if let eosID = tokenizer.eosID { options.eosTokenIDs.insert(eosID) }
    return options
  }

  private func prompts(_ tokenizer: Tokenizer, vocabularySize: Int) throws -> [[Int32]] {
    let renderer = try tokenizer.chatRenderer(path: chatTemplatePath)
    func render(_ turns: [Message]) throws -> [Int32] {
      guard let renderer else {
        throw InputError(
          model.model ?? model.adapter ?? "",
          "",
          "the tokenizer has no chat template",
          cure: "Give one with --chat-template-path"
        )
      }
      return tokenizer.encode(try renderer(turns, true), addSpecialTokens: false)
    }
    func encode(_ text: String) -> [Int32] { tokenizer.encode(text, addSpecialTokens: true) }

    guard let input else {
      return try prompt.map {
        chat ? try render([Message(role: "user", content: $0)]) : encode($0)
      }
    }
    return try JSONInput.readLines(input).map { line in
      if let ids = try line.member("input_ids") {
        return try ids.tokenIDs(vocabularySize: vocabularySize)
      }
      let prompt = try line.required("prompt")
      if case .string(let text) = prompt.value { return encode(text) }
      return try render(
        try prompt.elements().map { turn in
          Message(
            role: try turn.required("role").text(),
            content: try turn.required("content").text()
          )
        }
      )
    }
  }

  private static func json(_ prompt: Int, _ text: String, _ completion: Completion) -> String {
    let value = ParameterValue.object([
      ParameterEntry("prompt", .int(Int64(prompt))), ParameterEntry("text", .string(text)),
      ParameterEntry("ids", .array(completion.tokens.map { .int(Int64($0)) })),
      ParameterEntry("finish_reason", .string(completion.finishReason.rawValue)),
    ])
    return value.json + "\n"
  }

  private static func text(_ text: String, of count: Int) -> String {
    count > 1 ? "- \(text)\n" : "\(text)\n"
  }
}
