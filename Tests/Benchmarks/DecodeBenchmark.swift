import ArgumentParser
import LanguageModels
import Tensors

/// Sampling of whole completions, prefill included: what transformers' `generate` is timed on.
struct DecodeBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Sampling at temperature 1, prefill included."
  )

  @OptionGroup var common: CommonOptions

  @Option(help: "Sequences decoded together.")
  var batch = 64

  @Option(help: "Tokens of a prompt.")
  var prompt = 128

  @Option(help: "Tokens of a completion.")
  var new = 128

  @Option(help: "Completions of each prompt; above 1 they share its prefill.")
  var group = 1

  func run() throws {
    let model = try BenchmarkModel.make(common)
    let random = Philox4x32(seed: 2)
    let vocabulary = Float(model.configuration.vocabSize - 2)
    let requests = (0..<(batch / group)).map { row in
      GenerationRequest(
        prompt: (0..<prompt).map {
          2 + Int32(random.uniform(at: UInt64(row * prompt + $0)) * vocabulary)
        },
        count: group,
        firstID: UInt64(row * group)
      )
    }
    let generator = Generator(model: model, maxConcurrent: batch)
    let options = GenerationOptions(maxCompletionLength: new)
    try Race(name: "decode", common).run(tokens: requests.count * group * new) {
      _ = try generator.generate(requests, options: options, seed: 3)
    }
  }
}
