import Foundation
import RunStore
import Testing
import Training

@testable import stepwise

@Suite struct RunComparisonTests {
  private func pair(
    _ change: (SampleRunDirectory) throws -> Void
  ) throws -> (SampleRunDirectory, SampleRunDirectory) {
    let first = try SampleRunDirectory("first")
    let second = try SampleRunDirectory("second", in: first.base)
    for run in [first, second] {
      try run.train(["sft", "sft", "rl", "rl", "rl", "rl"])
      try run.write("evaluations.jsonl", [SampleRunDirectory.evaluation(6, "110100")])
    }
    try change(second)
    return (first, second)
  }

  private func compare(
    _ pair: (SampleRunDirectory, SampleRunDirectory),
    metrics: [String] = []
  ) throws -> RunComparison {
    try RunComparison(StoredRun(pair.0.url), StoredRun(pair.1.url), metrics: metrics)
  }

  @Test func equalRunsAreExactWhateverTheyTook() throws {
    let runs = try pair { run in
      try run.train(["sft", "sft", "rl", "rl", "rl", "rl"]) { step, record in
        record["step_time"] = .double(99 + Double(step))
        record["tokens_per_second"] = 3
      }
    }
    let comparison = try compare(runs)
    #expect(comparison.isExact && comparison.parting == nil)
    #expect(comparison.configuration == [])
    let text = RunComparisonReport(comparison, columns: 96, glyphs: .unicode).lines.map(\.text)
    #expect(text.contains { $0.contains("are the same") })
    #expect(text.contains { $0.contains("Equal, bit by bit") && $0.contains("6 decisions") })
  }

  @Test func theFirstDifferingStepIsFoundToTheLastBit() throws {
    let runs = try pair { run in
      try run.train(["sft", "sft", "rl", "rl", "rl", "rl"]) { step, record in
        if step == 3 { record["reward"] = .double((0.1 * 3.0).nextUp) }
        if step == 4 { record["loss"] = 7 }
      }
    }
    let comparison = try compare(runs)
    #expect(!comparison.isExact)
    #expect(comparison.parting?.step == 3)
    #expect(comparison.parting?.stream == "metrics")
    #expect(comparison.parting?.difference.field == "reward")
    let lines = RunComparisonReport(comparison, columns: 96, glyphs: .unicode).lines.map(\.text)
    #expect(lines.contains { $0.contains("They part at step 3 (metrics: reward)") })
    // Both strips are marked there.
    #expect(lines.filter { $0.hasSuffix("   ▲") }.count == 2)
    // Both courses of a metric stand under each other.
    let reward = lines.indices.filter { lines[$0].contains("reward  ") }
    #expect(reward.count == 2 && reward[1] == reward[0] + 1)
  }

  @Test func decisionsTellTheStepThatMetricsOnlyShowLater() throws {
    let runs = try pair { run in try run.train(["sft", "rl", "rl", "rl", "rl", "rl"]) }
    let comparison = try compare(runs)
    #expect(comparison.parting?.step == 1)
    #expect(comparison.parting?.stream == "decisions")
    #expect(comparison.parting?.difference.first == "\"sft\"")
  }

  /// Reasons are prose of the plugin: two strategies that do the same part where they do something else.
  @Test func whatStrategiesSayOfThemselvesIsNoParting() throws {
    let kinds = ["sft", "sft", "rl", "rl", "rl", "rl"]
    func decisions(_ reason: String, _ own: String, _ kinds: [String]) -> [Record] {
      kinds.enumerated().map { step, kind in
        [
          "step": RecordValue(step), "kind": .string(kind), "reason": .string(reason),
          "grad_norm": 0.5, own: 1,
        ]
      }
    }
    let runs = try pair { run in
      try run.write("decisions.jsonl", decisions("so", "mu", kinds.dropLast() + ["sft"]))
    }
    try runs.0.write("decisions.jsonl", decisions("thus", "p_t", kinds))
    // One strategy that gives two reasons is not the same to the bit.
    #expect(try compare(runs).parting?.difference.field == "reason")
    try runs.1.write(
      "config.yaml",
      SampleRunDirectory.configuration.replacing("org.example.sasr", with: "org.example.mix")
    )
    #expect(try compare(runs).parting?.step == 5)
    #expect(try compare(runs).parting?.difference.field == "kind")
    try runs.1.write("decisions.jsonl", decisions("so", "mu", kinds))
    #expect(try compare(runs).parting == nil)
    #expect(try !compare(runs).isExact)
  }

  @Test func aShorterRunIsNoDifferenceButNotExact() throws {
    let runs = try pair { run in try run.train(["sft", "sft", "rl"]) }
    let comparison = try compare(runs)
    #expect(comparison.parting == nil && !comparison.isExact)
    #expect(comparison.streams.first?.comparison.surplus.first == 3)
  }

  @Test func configurationsAreComparedKeyByKey() throws {
    let runs = try pair { run in
      try run.write(
        "config.yaml",
        SampleRunDirectory.configuration
          .replacing("beta: 0.01", with: "beta: 0.1")
          .replacing("warm_up_steps: 2", with: "warm_up_steps: 3, alpha: 0.5")
          + "output_dir: elsewhere\n"
      )
    }
    let found = try compare(runs).configuration
    #expect(
      found == [
        .init(key: "grpo.beta", first: "0.01", second: "0.1"),
        .init(key: "strategy.parameters.warm_up_steps", first: "2", second: "3"),
        .init(key: "strategy.parameters.alpha", first: nil, second: "0.5"),
      ]
    )
  }

  @Test func accuraciesArePairedOnTheSameRowsOnly() throws {
    let evaluated =
      SampleRunDirectory.configuration + "evaluation: {prompts: {plugin: knights-and-knaves}}\n"
    let runs = try pair { run in
      try run.write("evaluations.jsonl", [SampleRunDirectory.evaluation(6, "111110")])
    }
    #expect(try compare(runs).paired == nil)
    for run in [runs.0, runs.1] { try run.write("config.yaml", evaluated) }
    let paired = try compare(runs).paired
    #expect(paired?.gained == 2 && paired?.lost == 0 && paired?.count == 6)
    let lines = RunComparisonReport(try compare(runs), columns: 96, glyphs: .unicode).lines
    #expect(lines.map(\.text).contains { $0.contains("B - A  +0.333") && $0.contains("2 gained") })
    try runs.1.write(
      "config.yaml",
      evaluated.replacing(
        "prompts: {plugin: knights-and-knaves}}",
        with: "prompts: {plugin: knights-and-knaves, parameters: {people: 5}}}"
      )
    )
    #expect(try compare(runs).paired == nil)
  }

  @Test func aBranchIsComparedFromItsBeginning() throws {
    let runs = try pair { run in
      try run.write(
        "decisions.jsonl",
        (3..<6).map { ["step": RecordValue($0), "kind": "rl", "grad_norm": 0.5] }
      )
      let text = try String(contentsOf: run.url.appending(path: "metrics.jsonl"), encoding: .utf8)
      try run.write(
        "metrics.jsonl",
        text.split(separator: "\n").dropFirst(3).joined(separator: "\n") + "\n"
      )
    }
    let comparison = try compare(runs)
    #expect(comparison.start == 3 && comparison.parting == nil && comparison.isExact)
    #expect(comparison.streams.first?.comparison.compared == 3)
  }

  @Test func runsWithoutACommonMetricAreRefused() throws {
    let runs = try pair { run in
      try run.write("metrics.jsonl", [["step": 1, "other": 1]])
      try run.write("evaluations.jsonl", "")
    }
    #expect {
      _ = try compare(runs)
    } throws: {
      "\($0)".contains("no metric in common") && "\($0)".contains("loss")
        && "\($0)".contains("other")
    }
    let other = try pair { _ in }
    #expect { _ = try compare(other, metrics: ["los"]) } throws: {
      "\($0)".contains("Did you mean loss")
    }
  }

  @Test func anotherOrderOfFieldsIsADifference() {
    let found = RecordComparison([["step": 1, "a": 1, "b": 2]], [["step": 1, "b": 2, "a": 1]])
    #expect(found.difference?.field == "order of fields")
    #expect(
      RecordComparison.digest([["step": 1, "step_time": 3]])
        == RecordComparison.digest([["step": 1, "step_time": 4]])
    )
    #expect(RecordComparison.digest([["step": 1]]) != RecordComparison.digest([["step": 2]]))
  }

  private func steering(
    _ run: SampleRunDirectory,
    threads: Int,
    beta: Double = 0.01
  ) throws -> Steering {
    var steering = Steering(
      configuration: SampleRunDirectory.configuration.replacing("0.01", with: "\(beta)")
        + "output_dir: \(run.url.path)\nnumerics: {threads: \(threads)}\n",
      pins: [:]
    )
    steering.sequence = threads
    return steering
  }

  @Test func theProofSeesOneFlippedByte() throws {
    let runs = try pair { _ in }
    for (index, run) in [runs.0, runs.1].enumerated() {
      try run.checkpoint(6)
      try run.write("checkpoints/step-00000006/model.safetensors", "weights")
      // Beyond the streams' ends, and not the same: lengths are no bits of a run.
      let lengths = RunStream.allCases.map { "\"\($0.rawValue)\": \(100_000 + index)" }
      try run.write(
        "checkpoints/step-00000006/streams.json",
        "{\(lengths.joined(separator: ", "))}"
      )
      try run.write(
        "checkpoints/step-00000006/control.state",
        String(decoding: try steering(run, threads: index + 1).encoded(), as: UTF8.self)
      )
    }
    #expect(try ResumeProof.compare(runs.0.url, runs.1.url).allSatisfy(\.isEqual))
    try runs.1.write("checkpoints/step-00000006/model.safetensors", "weighty")
    try runs.1.write("checkpoints/step-00000006/new.state", "x")
    try runs.1.train(["sft", "sft", "rl", "rl", "rl", "both"])
    let different = try ResumeProof.compare(runs.0.url, runs.1.url).filter { !$0.isEqual }
    #expect(
      different.map(\.file) == [
        "checkpoints/step-00000006/model.safetensors", "decisions.jsonl",
        "checkpoints/step-00000006/new.state",
      ]
    )
    try runs.1.write(
      "checkpoints/step-00000006/control.state",
      String(decoding: try steering(runs.1, threads: 1, beta: 0.02).encoded(), as: UTF8.self)
    )
    #expect(
      try ResumeProof.compare(runs.0.url, runs.1.url).contains {
        $0.file.hasSuffix("control.state") && !$0.isEqual
      }
    )
    #expect(different.last?.whole == nil && different.last?.other != nil)
  }
}
