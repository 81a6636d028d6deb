import ArgumentParser

/// `stepwise eval`: how good a model is on held-out prompts.
struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "How good a model is on held-out prompts: pass@k, maj@k, diversity, robustness.",
    discussion: """
      `stepwise eval CONFIG.yaml` or `stepwise eval RUN` evaluates; `stepwise help eval run` lists its options. \
      `compare` and `show` work on directories that --output-dir made.
      """,
    subcommands: [EvalRunCommand.self, EvalCompareCommand.self, EvalShowCommand.self],
    defaultSubcommand: EvalRunCommand.self
  )
}
