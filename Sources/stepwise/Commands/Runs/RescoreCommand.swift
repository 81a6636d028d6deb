import ArgumentParser
import Components
import PluginHost
import RunStore
import Training

/// `stepwise runs rescore`.
struct RunsRescoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescore",
    abstract: "What another reward would have said of a run's rollouts.",
    discussion: """
      Scores rollouts.jsonl batch by batch as the trainer would have presented it, and compares: with \
      the run's total reward and each of its rewards, the advantages that the reward alone would have \
      given with those that were used, and the policy gradients of both at the weights of the newest \
      checkpoint, over the last generation batches.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its directory, its name below ./runs, or `latest`.",
      valueName: "run"
    )
  )
  var target: String

  @Option(help: "The reward: a plugin's id, or its folder.")
  var reward: String

  @Option(
    name: .customLong("param"),
    help: "A parameter of it, as KEY=VALUE in YAML's syntax. May be given several times."
  )
  var parameters: [String] = []

  @Option(help: "Generation batches whose gradients are compared, from the last one backwards.")
  var batches = 1

  @Flag(help: "JSON.")
  var json = false

  func validate() throws {
    if batches < 0 { throw ValidationError("--batches: \(batches) is not 0 or more.") }
  }

  func run() throws {
    let run = try StoredRun(RunReference(target))
    let empty = LocatedValue(content: .table([]), origin: .commandLine("--param"))
    let given = try Overrides.apply(parameters, to: empty).plain
    let rescore = try RewardRescore(
      run,
      reward: PluginReference(
        reward,
        parameters: parameters.isEmpty ? .null : given,
        baseDirectory: ProcessPaths.workingDirectory
      ),
      batches: batches
    )
    for note in rescore.notes { StandardError.write("stepwise: \(note)") }
    if json { return try StandardOutput.write(rescore.record.json + "\n") }
    let device = TerminalDevice()
    try StandardOutput.write(rescore.lines(of: run, device.glyphs).shown(device))
  }
}

extension RewardRescore {
  /// The answer for people.
  func lines(of run: StoredRun, _ glyphs: Glyphs) -> [StyledLine] {
    var head: StyledLine = [
      Span(reward.printable, .strong),
      Span(" of \(NumberText.grouped(rollouts.count)) rollouts of "),
      Span(run.shown.printable, .strong), Span(", mean \(NumberText.short(mean))", .quiet),
    ]
    if abstained > 0 {
      head.spans.append(Span(", \(NumberText.grouped(abstained)) abstained", .quiet))
    }
    let sections = [
      [head], agreements(glyphs), bucketTable(glyphs), gradientLines,
    ].filter { !$0.isEmpty }
    return sections.flatMap { [[]] + $0 }.map {
      $0.width == 0 ? $0 : (StyledLine([Span("  ")]) + $0)
    } + [[]]
  }

  private func agreements(_ glyphs: Glyphs) -> [StyledLine] {
    var table = TextTable(columns: [
      .init(title: "compared with"), .init(title: "correlation", alignment: .right),
      .init(title: "changed signs", alignment: .right), .init(title: "rollouts", alignment: .right),
    ])
    func add(_ name: String, _ agreement: Agreement, signs: Double? = nil) {
      table.rows.append([
        Span(name.printable), Span(Self.text(agreement.correlation), .strong),
        Span(signs.map(Self.share) ?? ""), Span(NumberText.grouped(agreement.count)),
      ])
    }
    add("the run's total reward", withTotal)
    for item in withRewards { add("reward \(item.reward)", item.agreement) }
    add("the advantages that were used", withAdvantages, signs: changedSigns)
    return table.lines(rule: glyphs.barRest)
  }

  private func bucketTable(_ glyphs: Glyphs) -> [StyledLine] {
    var table = TextTable(columns: [
      .init(title: "steps", alignment: .right), .init(title: "rollouts", alignment: .right),
      .init(title: "mean, run", alignment: .right), .init(title: "mean, new", alignment: .right),
      .init(title: "corr. rewards", alignment: .right),
      .init(title: "corr. advantages", alignment: .right),
      .init(title: "changed signs", alignment: .right),
    ])
    for bucket in buckets {
      table.rows.append([
        Span("\(bucket.steps.lowerBound)–\(bucket.steps.upperBound - 1)"),
        Span(NumberText.grouped(bucket.rollouts)), Span(NumberText.short(bucket.oldMean)),
        Span(NumberText.short(bucket.newMean)), Span(Self.text(bucket.rewards.correlation)),
        Span(Self.text(bucket.advantages.correlation)), Span(Self.share(bucket.changedSigns)),
      ])
    }
    return table.lines(rule: glyphs.barRest)
  }

  private var gradientLines: [StyledLine] {
    gradients.map { gradient in
      let cosine = gradient.agreement.cosine
      return [
        Span("gradient cosine "), Span(Self.text(cosine), .strong),
        Span(
          " over the \(NumberText.grouped(gradient.rollouts)) rollouts of step \(gradient.step), at the "
            + "weights of step \(checkpoint ?? 0)"
            + (cosine.isNaN ? ": one of the gradients vanishes" : ""),
          .quiet
        ),
      ]
    }
  }

  private static func text(_ value: Double) -> String { NumberText.fixed(value, 3) }

  private static func share(_ value: Double) -> String {
    value.isNaN ? "–" : NumberText.percent(value)
  }

  /// The answer for programs.
  var record: Record {
    func value(_ agreement: Agreement) -> RecordValue {
      [
        "correlation": .double(agreement.correlation), "count": RecordValue(agreement.count),
      ]
    }
    var record: Record = [
      "reward": .string(reward), "rollouts": RecordValue(rollouts.count),
      "abstained": RecordValue(abstained), "mean": .double(mean), "total": value(withTotal),
    ]
    record["rewards"] = .object(
      withRewards.map { RecordField($0.reward, value($0.agreement)) }
    )
    record["advantages"] = value(withAdvantages)
    record["changed_signs"] = .double(changedSigns)
    record["buckets"] = .array(
      buckets.map { bucket in
        [
          "first_step": RecordValue(bucket.steps.lowerBound),
          "last_step": RecordValue(bucket.steps.upperBound - 1),
          "rollouts": RecordValue(bucket.rollouts), "mean_run": .double(bucket.oldMean),
          "mean_new": .double(bucket.newMean), "rewards": value(bucket.rewards),
          "advantages": value(bucket.advantages),
          "changed_signs": .double(bucket.changedSigns),
        ]
      }
    )
    record["checkpoint"] = checkpoint.map { RecordValue($0) } ?? .null
    record["gradients"] = .array(
      gradients.map { gradient in
        [
          "generation": RecordValue(gradient.generation), "step": RecordValue(gradient.step),
          "rollouts": RecordValue(gradient.rollouts),
          "cosine": .double(gradient.agreement.cosine),
          "norm_used": .double(gradient.agreement.firstNorm),
          "norm_new": .double(gradient.agreement.secondNorm),
        ]
      }
    )
    return record
  }
}
