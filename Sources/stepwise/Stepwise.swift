import ArgumentParser

/// The command line.
@main
struct Stepwise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stepwise",
    abstract: "Post-training of language models by mixing supervised fine-tuning and GRPO."
  )
}
