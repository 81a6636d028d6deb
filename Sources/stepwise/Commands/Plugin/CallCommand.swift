import ArgumentParser
import Components
import Foundation
import PluginConformance
import PluginHost

/// `stepwise plugin call`: what a plugin says, once.
struct PluginCallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call",
    abstract: "Score a batch, show a dataset's first rows, or a strategy's first decisions.",
    discussion: """
      A line of BATCH.jsonl is one item: {"prompt": ..., "completion": ..., "answer": ...}. Every key \
      that has no meaning of its own is a column. The plugin runs where a run would put it: in a \
      process of its own unless it came with Stepwise or is trusted. The exit code is 1 where an item \
      or the batch fails.
      """
  )

  @Argument(help: "For a reward: the batch, as JSON lines (.jsonl).")
  var batch: String?

  @OptionGroup var target: PluginTargetOptions

  @Option(help: "How many rows of a dataset or steps of a strategy are shown.")
  var count = 10

  @Flag(help: "One JSON object a line.")
  var json = false

  func validate() throws {
    if count < 1 { throw ValidationError("--count: \(count) is not above 0.") }
  }

  func run() throws {
    // `call DIR` for plugins that take no batch.
    let isBatch = batch.map { $0.hasSuffix(".jsonl") || $0 == "-" } ?? false
    guard isBatch || target.plugin == nil else {
      throw ValidationError("\(batch ?? "") is no batch: its name shall end in .jsonl.")
    }
    let target = try isBatch ? target.target() : target.target(batch)
    let reference = try reference(target)
    switch target.components[0].kind {
    case .reward: try score(target, reference, isBatch ? batch : nil)
    case .dataset: try showRows(reference)
    case .strategy: try simulate(reference)
    }
  }

  /// The component with the parameters that were given; where none were and the defaults are not enough, those of its example.
  private func reference(_ target: PluginTarget) throws -> PluginReference {
    let component = target.components[0]
    let given = try self.target.given()
    let isEnough = component.parameters.parameters.allSatisfy {
      !$0.isRequired || $0.defaultValue != nil
    }
    if given == .null, !isEnough, let parameters = component.example["parameters"] {
      StandardError.write(
        "stepwise: no parameters were given; those of the manifest's example are taken"
      )
      return PluginReference(
        target.manifest.file,
        parameters: parameters,
        baseDirectory: target.manifest.directory
      )
    }
    let file = target.manifest.file
    return PluginReference(
      file.contains("/") ? file : "./\(file)",
      parameters: given,
      baseDirectory: ProcessPaths.workingDirectory
    )
  }

  private func score(_ target: PluginTarget, _ reference: PluginReference, _ batch: String?) throws
  {
    guard let file = batch ?? Self.customaryBatch(target) else {
      throw ValidationError("A reward needs a batch: `plugin call BATCH.jsonl`.")
    }
    let batches = try BatchFile.read(file == "-" ? "/dev/stdin" : file)
    let reward = try PluginCatalog.standard.loadReward(reference).part
    var isGood = true
    for batch in batches {
      let scored = ScoredBatch(batch, by: reward)
      isGood = isGood && scored.isGood
      if json {
        try StandardOutput.write(scored.json.map { $0.json + "\n" }.joined())
      } else {
        try StandardOutput.write(scored.table.shown() + scored.summary + "\n")
      }
      if let failure = scored.failure { StandardError.write("stepwise: \(failure)") }
    }
    if !isGood { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  /// `example.jsonl` beside the manifest.
  private static func customaryBatch(_ target: PluginTarget) -> String? {
    let file = "\(target.manifest.directory)/example.jsonl"
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }

  private func showRows(_ reference: PluginReference) throws {
    let dataset = try PluginCatalog.standard.loadDataset(reference).part
    let rows = try dataset.examples(in: 0..<min(count, dataset.count ?? count))
    if json {
      return try StandardOutput.write(rows.map { RowLine.json($0).json + "\n" }.joined())
    }
    let total = dataset.count.map { "\(NumberText.grouped($0)) rows" } ?? "a stream without an end"
    try StandardOutput.write(RowLine.table(rows).shown() + "\(rows.count) of \(total)\n")
  }

  private func simulate(_ reference: PluginReference) throws {
    let strategy = try PluginCatalog.standard.loadStrategy(reference).part
    var run = SimulatedRun(strategy)
    var table = TextTable(columns: [
      .init(title: "step", alignment: .right), .init(title: "plan"),
      .init(title: "SFT", alignment: .right), .init(title: "RL", alignment: .right),
      .init(title: "why"), .init(title: "numbers"),
    ])
    for step in 0..<count {
      for plan in try run.run(1) {
        if json {
          try StandardOutput.write(PlanLine.json(plan, step: step).json + "\n")
        } else {
          table.rows.append(PlanLine.cells(plan, step: step))
        }
      }
    }
    if !json {
      try StandardOutput.write(
        table.shown() + "\(count) steps of a simulated run, without a model\n"
      )
    }
  }
}
