import ArgumentParser
import Glibc

/// `stepwise-bench`: how fast Stepwise is, beside its rivals and beside what the machine can do at most.
///
/// Figures of this machine swing with its neighbours, so nothing here passes or fails by a time; what is quoted are ratios of
/// medians, the two programs alternating. `docs/performance.md` says what is measured, and how.
@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stepwise-bench",
    abstract: "Measures training and decoding, beside rivals and beside the machine's limits.",
    subcommands: [
      RaceCommand.self, ProfileCommand.self, ScaleCommand.self, OverheadCommand.self,
      KernelsCommand.self, MachineCommand.self, MeasureCommand.self, TokenizersCommand.self,
      EncodeCommand.self,
    ]
  )
}

/// What every benchmark takes.
struct CommonOptions: ParsableArguments {
  @Option(help: "Threads of Stepwise and of its rivals; default: one for each CPU.")
  var threads: Int = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  @Option(help: "fp32 or bf16: the numbers that matrices are multiplied in.")
  var precision = Precision.fp32

  @Option(
    help: "A folder with venv/, models/ and llama/ for the rivals; default: $STEPWISE_RIVALS."
  )
  var rivals: String?

  /// The folder of the rivals, where there is one.
  var rivalFolder: RivalFolder? {
    let variable = getenv("STEPWISE_RIVALS").map { String(cString: $0) }
    return (rivals ?? variable).flatMap { $0.isEmpty ? nil : RivalFolder(path: $0) }
  }

  /// The models that Stepwise and the rivals both load.
  var models: String? { rivalFolder.map { $0.path + "/models" } }
}
