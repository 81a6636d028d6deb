import ArgumentParser
import Components
import Training

/// `stepwise data check`.
struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Whether every row can be used, and whether held-out rows are trained on.",
    discussion: """
      Reads and tokenises every row, and compares the rows of evaluation.prompts with those of \
      demonstrations and prompts: the same prompt after normalisation, and n-grams of 13 words. \
      Exits with 1 where a row cannot be used or a held-out prompt is trained on.
      """
  )

  @OptionGroup var options: DataOptions

  func run() throws {
    let notices = NoticeBoard()
    let surveys = try DataSurveys(
      options,
      maxRows: options.maxRows,
      samples: 0,
      notices: notices
    )
    let contamination = try surveys.selection.contamination(limit: options.maxRows)
    let skipped = notices.drain()
    var verdicts = surveys.slots.flatMap(Self.verdicts)
    verdicts += skipped.map { Verdict(.warning, $0) }
    if let contamination { verdicts += Self.verdicts(contamination) }
    if options.json {
      try StandardOutput.write(Self.value(surveys.slots, verdicts, contamination).json + "\n")
    } else {
      try StandardOutput.write(
        verdicts.map { "\($0.word.rawValue)  \($0.text.printable)\n" }.joined()
      )
    }
    if verdicts.contains(where: { $0.word == .failed }) {
      throw ExitCode(ExitStatus.failed.rawValue)
    }
  }

  /// What was found about one thing.
  private struct Verdict {
    enum Word: String {
      case passed = "PASSED "
      case warning = "WARNING"
      case failed = "FAILED "
    }
    var word: Word
    var text: String

    init(_ word: Word, _ text: String) {
      self.word = word
      self.text = text
    }
  }

  private static func verdicts(_ survey: SlotSurvey) -> [Verdict] {
    var verdicts: [Verdict] = []
    let isWhole = survey.examined >= survey.rows
    let rows = (isWhole ? "" : "the first ") + NumberText.grouped(survey.examined)
    if survey.problems.isEmpty {
      verdicts.append(Verdict(.passed, "\(survey.slot): \(rows) rows can be used"))
    } else {
      let count = NumberText.grouped(survey.problems.count)
      verdicts.append(
        Verdict(.failed, "\(survey.slot): \(count) of \(rows) rows cannot be used")
      )
      verdicts += survey.problems.prefix(5).map { Verdict(.failed, $0) }
    }
    if survey.withoutCompletion > 0 {
      verdicts.append(
        Verdict(
          .failed,
          "\(survey.slot): \(NumberText.grouped(survey.withoutCompletion)) rows have no completion to "
            + "imitate"
        )
      )
    }
    if survey.emptyRows > 0 {
      verdicts.append(
        Verdict(
          .failed,
          "\(survey.slot): \(NumberText.grouped(survey.emptyRows)) rows have no token left to train "
            + "within sft.max_length; raise it, or set sft.on_overlong_row to skip"
        )
      )
    }
    if survey.cutRows > 0 {
      verdicts.append(
        Verdict(
          .warning,
          "\(survey.slot): \(NumberText.grouped(survey.cutRows)) rows are cut at sft.max_length and "
            + "lose \(NumberText.grouped(survey.cutTokens)) tokens"
        )
      )
    }
    if survey.leftOutRows > 0 {
      verdicts.append(
        Verdict(
          .warning,
          "\(survey.slot): \(NumberText.grouped(survey.leftOutRows)) rows are longer than "
            + "sft.max_length and left out"
        )
      )
    }
    if survey.repeated > 0 {
      verdicts.append(
        Verdict(
          .warning,
          "\(survey.slot): \(NumberText.grouped(survey.repeated)) rows repeat an earlier one"
        )
      )
    }
    return verdicts
  }

  private static func verdicts(_ result: ContaminationCheck.Result) -> [Verdict] {
    let compared =
      "\(NumberText.grouped(result.heldOutRows)) held-out rows beside "
      + "\(NumberText.grouped(result.trainedRows)) trained ones"
    if result.isClean {
      return [Verdict(.passed, "contamination: none among \(compared)")]
    }
    var verdicts: [Verdict] = []
    if !result.exact.isEmpty {
      let count = NumberText.grouped(result.exact.count)
      verdicts.append(Verdict(.failed, "contamination: \(count) of \(compared) are trained on"))
    }
    if !result.overlapping.isEmpty {
      let count = NumberText.grouped(result.overlapping.count)
      verdicts.append(
        Verdict(
          .warning,
          "contamination: \(count) of \(compared) share most of their "
            + "\(ContaminationCheck.words)-grams with one"
        )
      )
    }
    for row in (result.exact + result.overlapping).prefix(5) {
      verdicts.append(
        Verdict(
          .warning,
          "evaluation.prompts row \(row.id), \(NumberText.percent(row.share)) in \(row.match.slot) "
            + "row \(row.match.id): \(row.text.prefix(80))"
        )
      )
    }
    return verdicts
  }

  private static func value(
    _ slots: [SlotSurvey],
    _ verdicts: [Verdict],
    _ contamination: ContaminationCheck.Result?
  ) -> ParameterValue {
    var entries = [
      ParameterEntry("slots", .array(slots.map(\.value))),
      ParameterEntry(
        "verdicts",
        .array(
          verdicts.map {
            .object([
              ParameterEntry(
                "verdict",
                .string(String($0.word.rawValue.prefix { $0 != " " }))
              ),
              ParameterEntry("text", .string($0.text)),
            ])
          }
        )
      ),
    ]
    if let contamination { entries.append(ParameterEntry("contamination", contamination.value)) }
    return .object(entries)
  }
}
