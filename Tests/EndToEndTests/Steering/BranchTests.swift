import Foundation
import RunStore
import Testing

/// `runs branch` and `runs replay`.
@Suite(.enabled(if: ForeignPluginTests.hasCompiler, "needs a C compiler"))
struct BranchTests {
  @Test func branchesOfBranches() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 16)
    try workshop.trainSteered(
      "out",
      interventions:
        "{step: 2, set: {grpo.beta: 0.1}, over: 10}, {step: 6, swap: {slot: strategy, plugin: sasr, parameters: {warmup_steps: 2}}}, {step: 14, rollback: true}",
      "save_total_limit=10"
    )
    // Without a change it is the run itself.
    func branch(_ arguments: String...) throws -> Stepwise.Answer {
      try Stepwise.run(["runs", "branch"] + arguments, in: workshop.url)
    }
    let same = try branch("out", "--at", "8", "--output", "same")
    #expect(same.code == 0, "\(same.error)")
    #expect(try workshop.weights("same") == workshop.weights("out"))
    let other = try branch(
      "out",
      "--at",
      "8",
      "--strategy",
      "chord-mu",
      "--output",
      "other",
      "strategy.parameters.peak=0.5",
      "sft.learning_rate=0.002"
    )
    #expect(other.code == 0, "\(other.error)")
    #expect(try workshop.weights("other") != workshop.weights("out"))
    #expect(
      try workshop.deeds("other") == ["set done", "swap done", "configure done", "rollback done"]
    )
    let twig = try branch(
      "other",
      "--at",
      "12",
      "--output",
      "twig",
      "max_steps=20",
      "grpo.temperature=0.8"
    )
    #expect(twig.code == 0, "\(twig.error)")
    #expect(try workshop.weights("twig") != workshop.weights("other"))
    for run in ["same", "other", "twig"] { try workshop.expectReplay(run) }
    // A resumed run that a branch and a schedule have been in.
    let longer = try workshop.stepwise("train", "--resume", "twig", "max_steps=24")
    #expect(longer.code == 0, "\(longer.error)")
    try FileManager.default.removeItem(at: workshop.file("twig-replayed"))
    try workshop.expectReplay("twig")

    func refused(_ arguments: [String], code: Int32, _ words: String..., line: Int = #line) throws {
      let answer = try Stepwise.run(
        ["runs", "branch"] + arguments + ["--output", "no"],
        in: workshop.url
      )
      #expect(answer.code == code, "\(line): \(answer)")
      for word in words {
        #expect(answer.error.contains(word), "\(line): \(word) in \(answer.error)")
      }
      #expect(!workshop.exists("no"), "\(line)")
    }
    try refused(["out", "--at", "7"], code: 1, "no checkpoint of step 7", "4, 8, 12, 16")
    try refused(
      ["out", "--at", "8", "grpo.bta=1"],
      code: 64,
      "grpo.bta",
      "Did you mean grpo.beta?"
    )
    try refused(["out", "--at", "8", "seed=9"], code: 1, "seed is 5 in this run, not 9")
    try refused(["out", "--at", "8", "interventions=[]"], code: 1, "interventions")
    try refused(
      ["out", "--at", "8", "max_steps=8"],
      code: 1,
      "max_steps=8, and 8 steps are complete"
    )
    try refused(["out", "--at", "8", "--strategy", "stf"], code: 1, "stf", "did you mean 'sft'?")
    try refused(["out", "--at", "8", "beta"], code: 64, "not of the form key=value")
    try refused(["nowhere"], code: 64, "no run of this name")
    let taken = try branch("out", "--at", "8", "--output", "same")
    #expect(taken.code == 64 && taken.error.contains("not empty"), "\(taken.error)")
  }

  /// Rebuilt and deleted plugins, native and in Python: the run's own copies are used.
  @Test(.enabled(if: TemplateTests.has("python3"), "python3 is not in PATH"))
  func theRunsOwnCopiesAreUsed() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 12)
    try BrokenPlugin.reward(in: workshop, name: "native")
    try FileManager.default.createDirectory(
      at: workshop.file("snake"),
      withIntermediateDirectories: true
    )
    try workshop.write(
      "snake/plugin.yaml",
      """
      manifest: 1
      id: org.example.snake
      kinds: [reward]
      version: 1.0.0
      abi: "1.0"
      summary: A test.
      runtime: python
      python: { file: snake.py }
      object: snake

      """
    )
    try workshop.write(
      "snake/snake.py",
      """
      def snake(completions, **kwargs):
          return [len(c) % 5 / 5 for c in completions]

      """
    )
    let answer = try workshop.trainSteered(
      "out",
      interventions:
        "{step: 3, swap: {slot: rewards/native, plugin: ./native}}, {step: 5, swap: {slot: rewards/snake, plugin: ./snake}}, {step: 9, swap: {slot: rewards/native, plugin: knights-and-knaves}}"
    )
    #expect(
      try workshop.deeds("out") == ["swap done", "swap done", "swap done"],
      "\(answer.error)"
    )
    try workshop.expectReplay("out")
    // Another build, other bytes; then none at all.
    try BrokenPlugin.reward(in: workshop, name: "native", value: "0.5")
    try workshop.write("snake/snake.py", "nonsense(\n")
    try FileManager.default.removeItem(at: workshop.file("out-replayed"))
    try workshop.expectReplay("out")
    for name in ["native", "snake"] { try FileManager.default.removeItem(at: workshop.file(name)) }
    try FileManager.default.removeItem(at: workshop.file("out-replayed"))
    try workshop.expectReplay("out")
    let branch = try workshop.stepwise(
      "runs",
      "branch",
      "out",
      "--at",
      "8",
      "--output",
      "branch",
      "sft.learning_rate=0.002"
    )
    #expect(branch.code == 0, "\(branch.error)")
    try workshop.expectReplay("branch")
    // Damage is not passed over.
    let pin = try #require(try workshop.journal("out").first?["digest"]?.text)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600],
      ofItemAtPath: workshop.file("out/images/\(pin)").path
    )
    try workshop.write("out/images/\(pin)", "damage")
    try FileManager.default.removeItem(at: workshop.file("out-replayed"))
    let damaged = try workshop.stepwise("runs", "replay", "out", "--output", "out-replayed")
    #expect(damaged.code != 0, "\(damaged.output)")
  }

  /// A plugin that the run began with has been rebuilt since: a plain resume tells, what shares the run's past has the run's own.
  @Test func pluginsOfTheBeginning() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 16)
    try BrokenPlugin.reward(in: workshop, name: "native")
    let rewards = "rewards=[{plugin: ./native}]"
    for (run, interventions) in [
      ("plain", "{step: 2, set: {grpo.beta: 0.1}}"),
      (
        "swapped",
        "{step: 2, swap: {slot: rewards/native, plugin: knights-and-knaves}}, {step: 4, rollback: true}"
      ),
    ] {
      try workshop.trainSteered(run, interventions: interventions, rewards, "save_total_limit=10")
    }
    try BrokenPlugin.reward(in: workshop, name: "native", value: "0.5")
    let refused = try workshop.stepwise("train", "--resume", "plain", "max_steps=18")
    #expect(
      refused.code != 0 && refused.error.contains("plugins.rewards/native"),
      "\(refused.error)"
    )
    for arguments in [
      ["train", "--resume", "swapped", "max_steps=18"],
      ["runs", "branch", "plain", "--at", "8", "--output", "branch"],
    ] {
      let answer = try Stepwise.run(arguments, in: workshop.url)
      #expect(answer.code == 0, "\(answer.error)")
    }
    #expect(try workshop.weights("branch") == workshop.weights("plain"))
    try workshop.expectReplay("swapped")
  }
}
