import ArgumentParser
import RunStore

/// `stepwise eval compare`.
struct EvalCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "How much better one evaluation is than another, prompt by prompt.",
    discussion: """
      The two must have judged the same rows; they may differ in model, template and sampling. Intervals are Newcombe's for paired \
      proportions where each prompt has one completion, else a paired bootstrap over prompts.
      """
  )

  @Argument(help: "The directory of an evaluation (--output-dir).")
  var first: String

  @Argument(help: "The evaluation to compare with it.")
  var second: String

  @Option(
    name: .customLong("by"),
    help: "Split by a column of the rows (default: difficulty). May be given several times."
  )
  var categories: [String] = []

  @Flag(help: "JSON.")
  var json = false

  func run() throws {
    let comparison = try EvaluationComparison(
      StoredEvaluation(first),
      StoredEvaluation(second),
      categories: categories.isEmpty ? nil : categories
    )
    if json { return try StandardOutput.write(comparison.record.json + "\n") }
    let device = TerminalDevice()
    try StandardOutput.write(comparison.lines(glyphs: device.glyphs).shown(device))
  }
}
