import ArgumentParser

/// The command line.
struct Stepwise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stepwise",
    abstract: "Post-training of language models by mixing supervised fine-tuning and GRPO.",
    discussion: """
      Exit codes: 0 good, 1 failed, 64 wrong usage or configuration, 65 bad signature, 66 unsigned, \
      69 signature could not be verified, 70 the machine refused something (disk, memory, libraries), \
      77 not trusted, 130 interrupted with a checkpoint.
      """,
    version: StepwiseVersion.current,
    subcommands: [
      TrainCommand.self, GenerateCommand.self, ScoreCommand.self, ObjectiveCommand.self,
      AdvantagesCommand.self, EvalCommand.self, DataCommand.self, ExportCommand.self,
      ControlCommand.self, RunsCommand.self,
      PluginCommand.self, DoctorCommand.self,
    ]
  )
}

/// The version of this build.
enum StepwiseVersion {
  static let current = "0.1.0"
}
