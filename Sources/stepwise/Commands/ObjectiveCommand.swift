import ArgumentParser
import Foundation
import LanguageModels
import Tensors
import Training

/// `stepwise objective`: loss and gradient norms of a given batch.
struct ObjectiveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "objective",
    abstract: "Loss and gradient norms, before clipping, of a given batch.",
    discussion: """
      The batch is {"rows": [{"prompt_ids": [...], "completion_ids": [...]}]} for SFT, or \
      {"config": {...}, "micro_batches": [...]} for GRPO, as in a recording of TRL's trainer. With --json \
      the answer is {"loss": the sum over the micro-batches, "grad_norm": {"global": g, \
      "per_parameter": {NAME: g}}}, names as in the checkpoint. With an adapter A and B have gradients, \
      and the base has none.
      """
  )

  @OptionGroup var model: ModelOptions

  @Option(help: "The reference model's directory, where the batch has no reference log-probs.")
  var reference: String?

  @Option(help: "The batch, a JSON file; - for standard input.")
  var batch: String

  @Flag(help: "Compute each block again in the backward: less memory, the same numbers.")
  var gradientCheckpointing = false

  @Flag(help: "JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func run() throws {
    let backend = try compute.makeBackend()
    let policy = try model.source().open(backend: backend, trainable: true)
    policy.gradientCheckpointing = gradientCheckpointing
    let reference = try reference.map {
      try ModelSource(model: $0, adapter: nil).open(backend: backend)
    }
    let input = try JSONInput.read(batch)
    let result = try Self.measure(
      try ObjectiveBatch(input, vocabularySize: policy.configuration.vocabSize),
      Objective(model: policy, backend: backend),
      reference: reference
    )
    let names = policy.trained.parameters.map(\.name)
    try StandardOutput.write(json ? Self.json(result, names) : Self.text(result, names))
  }

  private static func measure(
    _ batch: ObjectiveBatch,
    _ objective: Objective,
    reference: DecoderModel?
  ) throws -> Objective.Result {
    switch batch {
    case .supervised(let rows, let configuration):
      return objective.supervised(rows, lossType: configuration.lossType)
    case .policy(let batches, let configuration):
      return try objective.policy(batches, configuration: configuration, reference: reference)
    }
  }

  private static func json(_ result: Objective.Result, _ names: [String]) -> String {
    func number(_ value: Double) -> String { value.isFinite ? value.description : "null" }
    let norms = names.compactMap { name in
      result.perParameter[name].map { "\"\(name)\": \(number($0))" }
    }
    return "{\"loss\": \(number(result.loss)), \"grad_norm\": {\"global\": "
      + "\(number(result.gradNorm)), \"per_parameter\": {\(norms.joined(separator: ", "))}}}\n"
  }

  private static func text(_ result: Objective.Result, _ names: [String]) -> String {
    var table = TextTable(columns: [
      .init(title: "parameter"), .init(title: "gradient norm", alignment: .right),
    ])
    for name in names {
      guard let norm = result.perParameter[name] else { continue }
      table.rows.append([Span(name), Span(NumberText.fixed(norm, 6))])
    }
    return "loss \(NumberText.fixed(result.loss, 7))  gradient norm "
      + "\(NumberText.fixed(result.gradNorm, 7))\n\n"
      + table.lines().map { $0.text + "\n" }.joined()
  }
}
