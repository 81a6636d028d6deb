import ArgumentParser
import Foundation

/// `stepwise eval show`.
struct EvalShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Prompts, completions and rewards of an evaluation, for reading.",
    discussion: """
      Works while the evaluation is going, too. Lines are broken at the width of the terminal, or at COLUMNS (96) in a pipe: \
      `stepwise eval show DIR --failed --limit 0 | less`.
      """
  )

  @Argument(help: "The directory of an evaluation (--output-dir).")
  var directory: String

  @Flag(help: "Only prompts without a correct completion.")
  var failed = false

  @Flag(help: "Only prompts with a correct completion.")
  var passed = false

  @Option(help: "Only a set of rows, for example prompts.")
  var set: String?

  @Option(help: "Only a mode: greedy or sampled.")
  var mode: String?

  @Option(
    name: .customLong("category"),
    help: "Only rows with a value, COLUMN=VALUE or VALUE. May be given several times."
  )
  var categories: [String] = []

  @Option(
    name: .customLong("prompt"),
    help: "Only a row, counted from 0. May be given several times."
  )
  var rows: [Int] = []

  @Option(help: "Prompts that are shown; 0 for all.")
  var limit = 10

  @Option(help: "Completions that are shown of each prompt; 0 for all.")
  var completions = 4

  @Option(
    help:
      "Write a page that folds, filters and searches to this file instead, with all prompts and completions."
  )
  var html: String?

  func validate() throws {
    if failed, passed {
      throw ValidationError("--failed and --passed exclude each other; leave both out for all.")
    }
    if limit < 0 { throw ValidationError("--limit: \(limit) is not 0 or more.") }
    if completions < 0 { throw ValidationError("--completions: \(completions) is not 0 or more.") }
  }

  func run() throws {
    let evaluation = try StoredEvaluation(directory)
    let filter = SampleFilter(
      passed: failed ? false : passed ? true : nil,
      set: set,
      mode: mode,
      categories: categories.map { text in
        guard let equals = text.firstIndex(of: "=") else { return (nil, text) }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
      },
      rows: rows
    )
    let prompts = try filter.prompts(of: evaluation)
    if let html {
      let page = SamplePage(
        title: "\(evaluation.shown) · \(evaluation.model)",
        rewards: evaluation.rewards,
        prompts: prompts
      )
      try Data(page.html.utf8).write(to: URL(filePath: html), options: .atomic)
      return
    }
    let device = TerminalDevice()
    let piped = TerminalDevice.environment("COLUMNS").flatMap { Int($0) } ?? 96
    let browser = SampleBrowser(
      rewards: evaluation.rewards,
      columns: device.form == .screen ? device.size.columns : piped,
      glyphs: device.glyphs,
      completions: completions == 0 ? .max : completions
    )
    let shown = limit == 0 ? prompts[...] : prompts.prefix(limit)
    for prompt in shown { try StandardOutput.write(browser.lines(prompt).shown(device)) }
    let more = shown.count < prompts.count ? "; --limit 0 shows all" : ""
    StandardError.write(
      "\(NumberText.grouped(shown.count)) of \(NumberText.grouped(prompts.count)) prompts that fit\(more)"
    )
  }
}
