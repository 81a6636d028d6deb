import ArgumentParser
import Components
import Training

/// What the `data` commands are told to look at.
struct DataOptions: ParsableArguments {
  @Argument(help: "CONFIG.yaml, then key=value ...; with --plugin the plugin's parameters.")
  var arguments: [String] = []

  @Option(help: "A dataset plugin, in place of a configuration.")
  var plugin: String?

  @Option(
    help:
      "A tokenizer.json, its directory, word_level or byte_level_bpe; with --plugin. Without it characters are counted."
  )
  var tokenizer: String?

  @Option(help: "demonstrations, prompts or evaluation.prompts; default: all of them.")
  var slot: String?

  @Option(
    help:
      "At most so many rows of each source; default: 20,000, but all of a finite source in data check."
  )
  var maxRows: Int?

  @Flag(help: "JSON.")
  var json = false

  func validate() throws {
    guard maxRows ?? 1 > 0 else { throw ValidationError("--max-rows must be 1 or more.") }
    if let slot, !DataSelection.names.contains(slot) {
      throw ValidationError(
        "--slot \(slot): the slots are \(DataSelection.names.joined(separator: ", "))."
      )
    }
    if plugin == nil, tokenizer != nil {
      throw ValidationError("--tokenizer goes with --plugin; a configuration has tokenizer=PATH.")
    }
  }

  func load() throws -> LoadedConfiguration {
    if let plugin {
      if let file = arguments.first(where: { !$0.contains("=") }) {
        throw ValidationError("\(file): with --plugin there is no configuration file.")
      }
      return try .plugin(plugin, arguments: arguments, tokenizer: tokenizer)
    }
    guard let file = arguments.first, !file.contains("=") else {
      throw ValidationError("Name a CONFIG.yaml first, or a plugin with --plugin.")
    }
    return try RunConfiguration.load(
      yaml: try InputFile.text(file),
      file: file,
      overrides: Array(arguments.dropFirst()),
      purpose: .data
    )
  }
}

/// `stepwise data preview`.
struct DataPreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Rows as a run would see them, with their token counts.",
    discussion: """
      Each slot of the configuration: some rows after the chat template, special tokens shown and what \
      is trained between « and »; how long rows are, what sft.max_length cuts or leaves out, how many rows each \
      source of a mixture has. Nothing is trained and no model is loaded.
      """
  )

  @OptionGroup var options: DataOptions

  @Option(help: "Rows of each slot that are shown.")
  var rows = 2

  func run() throws {
    let notices = NoticeBoard()
    let surveys = try DataSurveys(
      options,
      maxRows: options.maxRows ?? SlotSurvey.usualRows,
      samples: rows,
      notices: notices
    )
    for notice in notices.drain() { StandardError.write(notice) }
    if options.json {
      let values = surveys.slots.map(\.value)
      return try StandardOutput.write(
        ParameterValue.object([ParameterEntry("slots", .array(values))]).json + "\n"
      )
    }
    let device = TerminalDevice()
    var lines: [StyledLine] = []
    for survey in surveys.slots {
      if !lines.isEmpty { lines.append(StyledLine()) }
      lines += survey.lines(device)
    }
    try StandardOutput.write(lines.map { $0.ansi(colour: device.hasColour) + "\n" }.joined())
  }
}

/// The surveys of all slots that are asked for.
struct DataSurveys {
  let selection: DataSelection
  let slots: [SlotSurvey]

  /// - Parameter maxRows: at most so many rows of each source; `nil`: all of a finite one.
  init(_ options: DataOptions, maxRows: Int?, samples: Int, notices: NoticeBoard) throws {
    let loaded = try options.load()
    selection = try DataSelection(loaded, slot: options.slot, notices: notices)
    let tools = try selection.inspector()
    slots = try selection.slots.map { dataset in
      try SlotSurvey(
        dataset,
        tools,
        configuration: loaded.configuration.training,
        isDemonstration: dataset.slot == "demonstrations",
        maxRows: maxRows,
        sampleCount: samples
      )
    }
  }
}
