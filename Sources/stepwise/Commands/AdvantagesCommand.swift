import ArgumentParser
import Components
import PluginHost
import Training

/// `stepwise advantages`: what rewards say of given completions, and the advantages that follow.
struct AdvantagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "advantages",
    abstract: "Rewards and GRPO advantages of given completions.",
    discussion: """
      The batch is a file of JSON lines, one completion a line, as `stepwise plugin call` reads it: \
      {"prompt": ..., "completion": "...", any columns}. Completions of rows with one example_id are a \
      group. With --json the answer is {"rewards": {NAME: [score or null]}, "totals": [...], \
      "advantages": [...]}.
      """
  )

  @Argument(help: "The batch.")
  var batch: String

  @Option(
    name: .customLong("reward"),
    help: "A reward, as in a configuration, with its weight: NAME or NAME=WEIGHT. May be repeated."
  )
  var rewards: [String]

  @Option(help: "What advantages are divided by: group, batch or none.", transform: choice)
  var scaleRewards = GRPOConfiguration.ScaleRewards.group

  @Option(
    help: "How several rewards become one: sum_then_normalize or normalize_then_sum.",
    transform: choice
  )
  var multiObjectiveAggregation = GRPOConfiguration.MultiObjectiveAggregation.sumThenNormalize

  @Flag(help: "JSON.")
  var json = false

  func validate() throws {
    if rewards.isEmpty { throw ValidationError("--reward: name at least one.") }
    for reward in rewards where Self.parts(reward) == nil {
      throw ValidationError("--reward: \(reward) is not NAME or NAME=WEIGHT.")
    }
  }

  private static func parts(_ text: String) -> (name: String, weight: Double)? {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.first, !name.isEmpty else { return nil }
    if parts.count == 1 { return (String(name), 1) }
    guard let weight = Double(parts[1]), weight.isFinite else { return nil }
    return (String(name), weight)
  }

  func run() throws {
    let batches = try BatchFile.read(batch)
    guard batches.count == 1, let batch = batches.first else {
      throw InputError(
        self.batch,
        "",
        "it holds \(batches.count) batches",
        cure: "Give the completions of one step and seed"
      )
    }
    let catalog = PluginCatalog.standard
    let chosen = rewards.compactMap(Self.parts)
    let functions = try chosen.map { try catalog.loadReward(PluginReference($0.name)).part }
    let scores = try functions.map { function in
      try function.score(batch).map { outcome -> Double? in
        guard case .score(let value) = outcome else { return nil }
        return value
      }
    }
    let estimator = AdvantageEstimator(
      scaling: scaleRewards,
      aggregation: multiObjectiveAggregation,
      weights: chosen.map(\.weight)
    )
    let groups = batch.items.map { Int(truncatingIfNeeded: $0.example.id) }
    let result = try estimator.estimate(scores: scores, groups: groups)
    let names = functions.map(\.description.name)
    try StandardOutput.write(
      json ? Self.json(names, scores, result) : Self.text(names, scores, result)
    )
  }

  private static func json(
    _ names: [String],
    _ scores: [[Double?]],
    _ result: Advantages
  ) -> String {
    func list(_ values: [Double?]) -> ParameterValue {
      .array(values.map { $0.map(ParameterValue.double) ?? .null })
    }
    let value = ParameterValue.object([
      ParameterEntry(
        "rewards",
        .object(zip(names, scores).map { ParameterEntry($0, list($1)) })
      ),
      ParameterEntry("totals", list(result.totals)),
      ParameterEntry("advantages", list(result.values)),
    ])
    return value.json + "\n"
  }

  private static func text(
    _ names: [String],
    _ scores: [[Double?]],
    _ result: Advantages
  ) -> String {
    var table = TextTable(
      columns: [.init(title: "item", alignment: .right)]
        + (names + ["total", "advantage"]).map { .init(title: $0, alignment: .right) }
    )
    for index in result.values.indices {
      let values = scores.map { $0[index] } + [result.totals[index]]
      table.rows.append(
        [Span("\(index)", .quiet)]
          + values.map { Span($0.map { NumberText.fixed($0, 4) } ?? "–") }
          + [Span(NumberText.fixed(result.values[index], 4), .strong)]
      )
    }
    return table.lines().map { $0.text + "\n" }.joined()
  }
}

/// The case that a text names.
private func choice<Choice: RawRepresentable & CaseIterable>(_ text: String) throws -> Choice
where Choice.RawValue == String {
  guard let choice = Choice(rawValue: text) else {
    let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("\(text) is none of \(all)")
  }
  return choice
}
