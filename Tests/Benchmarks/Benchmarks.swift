import ArgumentParser

/// `stepwise-bench`: times the parts of training, alone or in turn with a rival, and prints JSON.
///
/// A figure worth quoting is a ratio: with `--rival COMMAND` the two run alternately in one session, and the ratio of their
/// medians is printed. The rival prints a JSON line with `tok_s`; the scripts of `docs/performance.md` do.
@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stepwise-bench",
    abstract: "Times SFT steps and decoding, alone or beside a rival.",
    subcommands: [SFTBenchmark.self, DecodeBenchmark.self]
  )
}

/// What every benchmark takes.
struct CommonOptions: ParsableArguments {
  @Option(help: "tiny (3.1 M) or small (27.8 M): the models of the performance page.")
  var model = "tiny"

  @Option(help: "Threads.")
  var threads = 2

  @Option(help: "Matrix provider: builtin or openblas.")
  var provider = "builtin"

  @Flag(help: "Multiply in BF16.")
  var bf16 = false

  @Option(help: "Timed repetitions; the median counts.")
  var repetitions = 10

  @Option(help: "A shell command that prints a JSON line with tok_s; run in turn.")
  var rival: String?

  @Option(help: "Rounds of the two in turn.")
  var rounds = 3
}
