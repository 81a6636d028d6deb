import ArgumentParser
import LanguageModels
import Tensors
import Training

/// Forward, backward and AdamW of one batch.
struct SFTBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sft",
    abstract: "One SFT step: forward, backward, AdamW."
  )

  @OptionGroup var common: CommonOptions

  @Option(help: "Sequences in the batch.")
  var batch = 32

  @Option(help: "Tokens in a sequence.")
  var sequence = 256

  func run() throws {
    let model = try BenchmarkModel.make(common)
    let random = Philox4x32(seed: 1)
    let vocabulary = Float(model.configuration.vocabSize - 2)
    let rows = (0..<batch).map { row in
      (0..<sequence).map {
        2 + Int32(random.uniform(at: UInt64(row * sequence + $0)) * vocabulary)
      }
    }
    let packed = PackedBatch(rows)
    let (positions, targets) = packed.nextTokenTargets
    let weight = -1 / Float(targets.count)
    let optimizer = AdamWState(for: model.store)
    try Race(name: "sft", common).run(tokens: batch * sequence) {
      model.store.zeroGrad()
      let tape = Tape(backend: model.backend)
      let scored = model.tokenLogProbs(
        tape: tape,
        batch: packed,
        rows: positions,
        targets: targets
      )
      tape.backward(
        scored.logProbs,
        gradient: [Float](repeating: weight, count: targets.count)
      )
      model.store.adamW(optimizer, options: AdamWOptions(learningRate: 1e-4, weightDecay: 0.01))
    }
  }
}
