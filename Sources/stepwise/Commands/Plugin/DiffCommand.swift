import ArgumentParser
import Components
import PluginConformance
import PluginHost

/// `stepwise plugin diff`: what a new version changes.
struct PluginDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "What a new version of a plugin changes: in its manifest, and on the same batches.",
    discussion: """
      Rewards score the batches of --batch, else 64 completions made from the new version's example. A \
      changed sign is an item whose advantage within its group (what shares a prompt) is positive with \
      one version and negative with the other: there training would pull the other way.
      """
  )

  @Argument(help: "The old version: its folder or id.")
  var old: String

  @Argument(help: "The new version: its folder or id.")
  var new: String

  @Option(help: "The batches to compare on.")
  var batch: String?

  @Option(
    name: .customLong("params"),
    help: "A parameter for both, as KEY=VALUE. May be given several times."
  )
  var parameters: [String] = []

  @Option(help: "How many changed items are shown.")
  var show = 10

  @Flag(help: "One JSON object.")
  var json = false

  func run() throws {
    let (before, after) = (try PluginTarget(old), try PluginTarget(new))
    let empty = LocatedValue(content: .table([]), origin: .commandLine("--params"))
    let given = parameters.isEmpty ? .null : try Overrides.apply(parameters, to: empty).plain
    for component in after.components {
      // A component of another id is compared where there is but one of its kind.
      let others = before.components.filter { $0.kind == component.kind }
      guard let other = others.first(where: { $0.id == component.id }) ?? others.first else {
        try StandardOutput.write("\(component.kind.rawValue) \(component.id) is new\n")
        continue
      }
      let runner = DifferenceRunner(
        old: (before.subject(other, parameters: given), try .own(library: before.library)),
        new: (after.subject(component, parameters: given), try .own(library: after.library))
      )
      try write(try runner.run(batchFile: batch), component)
    }
  }

  private func write(_ difference: PluginDifference, _ component: PluginManifest.Component) throws {
    if json { return try StandardOutput.write(value(difference, component).json + "\n") }
    var text = "\(component.kind.rawValue) \(component.id)\n"
    for change in difference.changes {
      text +=
        "  \(change.key): \(change.old ?? "(absent)") → \(change.new ?? "(gone)")\n".printableLines
    }
    if difference.changes.isEmpty { text += "  the manifests say the same\n" }
    if component.kind == .reward {
      text +=
        "  \(difference.items.count) of \(difference.itemCount) items get another outcome, the largest "
        + "difference is \(difference.largest.map(ScoredBatch.number) ?? "0")\n"
        + "  \(difference.signChanges) advantages change their sign; groups that teach: "
        + "\(difference.groupsThatTeach.old) → \(difference.groupsThatTeach.new)\n"
    }
    try StandardOutput.write(text)
    guard !difference.items.isEmpty else { return }
    var table = TextTable(columns: [
      .init(title: "id", alignment: .right), .init(title: "old", alignment: .right),
      .init(title: "new", alignment: .right), .init(title: "completion"),
    ])
    for item in difference.items.prefix(show) {
      table.rows.append([
        Span("\(item.id)", .quiet), Span(Self.shown(item.old)), Span(Self.shown(item.new), .strong),
        Span(ScoredBatch.beginning(item.completion)),
      ])
    }
    try StandardOutput.write(table.shown())
  }

  private static func shown(_ outcome: RewardOutcome) -> String {
    if case .score(let score) = outcome { return ScoredBatch.number(score) }
    return "abstain"
  }

  private func value(
    _ difference: PluginDifference,
    _ component: PluginManifest.Component
  ) -> ParameterValue {
    func outcome(_ outcome: RewardOutcome) -> ParameterValue {
      if case .score(let score) = outcome { return .double(score) }
      return .null
    }
    return .object([
      ParameterEntry("component", .string(component.id)),
      ParameterEntry(
        "manifest",
        .array(
          difference.changes.map { change in
            .object([
              ParameterEntry("key", .string(change.key)),
              ParameterEntry("old", change.old.map { .string($0) } ?? .null),
              ParameterEntry("new", change.new.map { .string($0) } ?? .null),
            ])
          }
        )
      ),
      ParameterEntry("items", .int(Int64(difference.itemCount))),
      ParameterEntry(
        "changed",
        .array(
          difference.items.map { item in
            .object([
              ParameterEntry("place", .int(Int64(item.place))),
              ParameterEntry("old", outcome(item.old)), ParameterEntry("new", outcome(item.new)),
            ])
          }
        )
      ),
      ParameterEntry("largest", .double(difference.largest ?? 0)),
      ParameterEntry("sign_changes", .int(Int64(difference.signChanges))),
    ])
  }
}

extension String {
  /// The lines, each without control characters.
  fileprivate var printableLines: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }
      .joined(separator: "\n")
  }
}
