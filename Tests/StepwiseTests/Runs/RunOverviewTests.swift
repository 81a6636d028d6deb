import Foundation
import RunStore
import Testing
import Training

@testable import stepwise

@Suite struct RunOverviewTests {
  @Test(
    arguments: [
      (true, 3, 6, 2, RunOverview.State.running), (false, 6, 6, 6, .finished),
      (false, 3, 6, 3, .stopped), (false, 4, 6, 3, .failed), (false, 0, 6, nil, .failed),
      (false, 7, nil, 7, .ended), (false, 8, nil, 7, .failed), (false, 3, 6, 4, .stopped),
    ] as [(Bool, Int, Int?, Int?, RunOverview.State)]
  )
  func theStateIsThatOfTheFiles(
    isRunning: Bool,
    steps: Int,
    horizon: Int?,
    checkpoint: Int?,
    expected: RunOverview.State
  ) {
    let found = RunOverview.state(
      isRunning: isRunning,
      steps: steps,
      horizon: horizon,
      checkpoint: checkpoint
    )
    #expect(found == expected)
  }

  @Test func aRunIsReadFromItsFiles() throws {
    let made = try SampleRunDirectory()
    try made.train(["sft", "rl", "rl"])
    try made.write("evaluations.jsonl", [SampleRunDirectory.evaluation(3, "1100")])
    try made.checkpoint(3)
    let run = RunOverview(made.url)
    #expect(run.name == "made" && run.strategy == "sasr")
    #expect((run.steps, run.horizon) == (3, 6))
    #expect(run.state == .stopped && run.problem == nil)
    #expect(run.accuracy?.accuracy.value == 0.5)
    #expect(run.size > 0)
    // A measurement at the end belongs to a step that was not made.
    let decisions = ["sft", "rl", "rl"].enumerated().map {
      ["step": RecordValue($0), "kind": .string($1)] as Record
    }
    try made.write("decisions.jsonl", decisions + [["step": 3, "kind": "measure"]])
    #expect(RunOverview(made.url).steps == 3)
  }

  @Test func aRunThatIsGoingIsRunning() throws {
    let made = try SampleRunDirectory()
    let run = try RunDirectory.open(at: made.url)
    #expect(RunOverview(made.url).state == .running)
    withExtendedLifetime(run) {}
  }

  @Test func aDamagedRunKeepsNoneFromBeingListed() throws {
    let good = try SampleRunDirectory("good")
    try good.train(["sft"])
    let bad = try SampleRunDirectory("bad", in: good.base)
    try bad.write("config.yaml", "max_steps: many\n")
    try FileManager.default.createDirectory(
      at: good.base.appending(path: "no-run"),
      withIntermediateDirectories: false
    )
    let runs = try RunOverview.all(below: good.base.path)
    #expect(Set(runs.map(\.name)) == ["good", "bad"])
    let damaged = runs.first { $0.name == "bad" }
    #expect(damaged?.state == .damaged)
    #expect(damaged?.problem?.contains("max_steps") == true)
    let lines = RunsListCommand.table(runs).lines().map(\.text)
    #expect(lines.contains { $0.contains("good") && $0.contains("1 of 6") })
    #expect(lines.contains { $0.contains("bad") && $0.contains("damaged") })
    #expect(throws: RunError.self) { try RunOverview.all(below: "/nowhere/at/all") }
  }

  @Test(arguments: [
    ("org.stepwise.sasr", "sasr"), ("sasr@1.2.0", "sasr"), ("../plugins/mine", "mine"),
    ("grpo", "grpo"),
  ])
  func shortNames(plugin: String, expected: String) {
    #expect(RunOverview.shortName(plugin) == expected)
  }
}
