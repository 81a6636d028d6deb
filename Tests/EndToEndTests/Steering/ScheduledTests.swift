import Foundation
import RunStore
import Testing

/// Interventions that a configuration schedules: each is held against a run whose bits are known.
@Suite(.enabled(if: ForeignPluginTests.hasCompiler, "needs a C compiler"))
struct ScheduledTests {
  /// What must not change a bit.
  static let harmless: [(name: String, interventions: String)] = [
    (
      "a strategy by itself: its state is handed over",
      "{step: 5, swap: {slot: strategy, plugin: gac}}"
    ),
    (
      "prompts by themselves: their place is kept",
      "{step: 5, swap: {slot: prompts, plugin: knights-and-knaves, parameters: {people: 2, form: terse, size: 80, names: 4, seed: 7, demonstrations: direct}}}"
    ),
    (
      "demonstrations by themselves",
      "{step: 5, swap: {slot: demonstrations, plugin: knights-and-knaves, reload: true}}"
    ),
    (
      "rewards by themselves",
      "{step: 5, swap: {slot: rewards/knights-and-knaves, plugin: knights-and-knaves}}, {step: 7, swap: {slot: rewards, plugin: knights-and-knaves}}"
    ),
    (
      "rollbacks of each kind, several in a row",
      """
      {step: 5, set: {grpo.learning_rate: 0.5, grpo.temperature: 2}}, {step: 5, swap: {slot: strategy, plugin: grpo}}, \
      {step: 5, swap: {slot: rewards/more, plugin: ./wordy}}, {step: 5, swap: {slot: rewards, plugin: ./wordy}}, \
      {step: 5, rollback: true}, {step: 5, rollback: true}, {step: 5, rollback: true}, {step: 5, rollback: true}, \
      {step: 5, rollback: true}
      """
    ),
    (
      "trials that are dropped",
      """
      {step: 2, swap: {slot: strategy, plugin: sasr, shadow: 3, then: drop}}, \
      {step: 6, swap: {slot: rewards/knights-and-knaves, plugin: ./wordy, shadow: 3, then: drop}}, \
      {step: 10, swap: {slot: rewards/more, plugin: ./wordy, shadow: 100}}, {step: 11, drop: true}, \
      {step: 11, swap: {slot: rewards, plugin: ./wordy, shadow: 100}}, {step: 12, rollback: true}
      """
    ),
    (
      "settings that are what they were",
      "{step: 3, set: {grpo.beta: 0, rewards.0.weight: 1, strategy.parameters.ema: 0.1}, over: 4}"
    ),
  ]

  @Test func whatChangesNothingChangesNoBit() throws {
    let workshop = try Workshop()
    try workshop.writeSteered()
    try BrokenPlugin.reward(in: workshop, name: "wordy")
    try workshop.trainSteered("plain")
    let expected = try workshop.weights("plain")
    for (index, entry) in Self.harmless.enumerated() {
      let run = "harmless-\(index)"
      try workshop.trainSteered(run, interventions: entry.interventions)
      #expect(try workshop.weights(run) == expected, "\(entry.name)")
      let deeds = try workshop.deeds(run)
      let journal = try workshop.text("\(run)/journal.jsonl")
      #expect(!deeds.isEmpty && deeds.allSatisfy { $0.hasSuffix("done") }, "\(journal)")
    }
    let trials = try workshop.journal("harmless-5")
    let plans = try #require(trials.first { $0["action"]?.text == "dropped" }?["comparison"]?.json)
    #expect(plans.contains("plans"), "\(plans)")
    let scores = trials.filter { $0["action"]?.text == "dropped" }[1]
    #expect(scores["comparison"]?.json.contains(#""completions":72"#) == true, "\(scores.json)")
    try workshop.expectReplay("harmless-4")
    try workshop.expectReplay("harmless-5")
  }

  /// What is done before step 0 is what another configuration says.
  static let equivalents: [(interventions: String, arguments: [String])] = [
    ("{step: 0, swap: {slot: strategy, plugin: grpo}}", ["strategy=grpo"]),
    (
      "{step: 0, swap: {slot: strategy, plugin: sasr, parameters: {warmup_steps: 2}}}",
      ["strategy={plugin: sasr, parameters: {warmup_steps: 2}}"]
    ),
    ("{step: 0, set: {grpo.beta: 0.5}}", ["grpo.beta=0.5"]),
    (
      "{step: 0, set: {grpo.temperature: 0.5, sft.learning_rate: 0.002}}",
      ["grpo.temperature=0.5", "sft.learning_rate=0.002"]
    ),
    ("{step: 0, set: {strategy.parameters.ema: 0.25}}", ["strategy.parameters.ema=0.25"]),
    (
      "{step: 0, swap: {slot: rewards/more, plugin: ./wordy}}, {step: 0, set: {rewards.more.weight: 0.5}}",
      ["rewards=[knights-and-knaves, {plugin: ./wordy, name: more, weight: 0.5}]"]
    ),
    ("{step: 0, swap: {slot: rewards, plugin: ./wordy}}", ["rewards=[./wordy]"]),
  ]

  @Test func whatIsDoneAtTheBeginningIsAnotherConfiguration() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 6)
    try BrokenPlugin.reward(in: workshop, name: "wordy")
    try workshop.trainSteered("plain")
    let plain = try workshop.weights("plain")
    for (index, entry) in Self.equivalents.enumerated() {
      try workshop.trainSteered("steered-\(index)", interventions: entry.interventions)
      let answer = try Stepwise.run(
        ["train", "steer.yaml", "output_dir=other-\(index)"] + entry.arguments,
        in: workshop.url
      )
      #expect(answer.code == 0, "\(answer.error)")
      let weights = try workshop.weights("other-\(index)")
      #expect(try workshop.weights("steered-\(index)") == weights, "\(entry)")
      #expect(weights != plain, "\(entry)")
    }
  }

  /// Everything at once, with trials that take their places and ramps that other interventions cut; the replay and a resume from the
  /// middle of it end at the same bits.
  static let busy = """
    {step: 1, set: {grpo.learning_rate: 0.003}, over: 6}, {step: 1, set: {grpo.beta: 0.2}, over: 5}, \
    {step: 2, set: {grpo.temperature: 0.7}, over: 3}, {step: 2, set: {rewards.knights-and-knaves.weight: 0.25}, over: 8}, \
    {step: 3, swap: {slot: rewards/knights-and-knaves, plugin: ./wordy, shadow: 3}}, \
    {step: 3, set: {strategy.parameters.prior: 0.9}, over: 4}, \
    {step: 7, swap: {slot: strategy, plugin: sasr, parameters: {warmup_steps: 2}, shadow: 3}}, \
    {step: 9, set: {rewards.0.weight: 2}, over: 3}, \
    {step: 11, swap: {slot: demonstrations, plugin: knights-and-knaves, parameters: {people: 2, form: terse, size: 50, names: 4, seed: 3, demonstrations: direct}}}, \
    {step: 12, swap: {slot: prompts, plugin: knights-and-knaves, parameters: {people: 2, form: terse, size: 50, names: 4, seed: 9, demonstrations: direct}}}, \
    {step: 13, swap: {slot: strategy, plugin: chord-mu}}, {step: 14, set: {strategy.parameters.peak: 0.5}}, \
    {step: 15, rollback: true}, {step: 15, rollback: true}, {step: 16, rollback: true}, {step: 17, rollback: true}
    """

  @Test func aBusyRunIsReplayedResumedAndBranched() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 19)
    try BrokenPlugin.reward(in: workshop, name: "wordy")
    try workshop.trainSteered(
      "busy",
      interventions: Self.busy,
      "save_steps=1",
      "save_total_limit=30"
    )
    let weights = try workshop.weights("busy")
    let journal = try workshop.text("busy/journal.jsonl")
    #expect(try workshop.deeds("busy").filter { !$0.hasSuffix("done") } == [], "\(journal)")
    #expect(try workshop.deeds("busy").filter { $0 == "commit done" }.count == 2, "\(journal)")
    // The plugin may go: the run has its own copy.
    try FileManager.default.removeItem(at: workshop.file("wordy"))
    try workshop.expectReplay("busy")
    // From each checkpoint, with all that the journal says of later steps.
    for step in [2, 4, 5, 8, 9, 12, 15, 16] {
      let copy = "from-\(step)"
      try workshop.copy("busy", to: copy)
      for later in (step + 1)...19 {
        let name = String(format: "checkpoints/step-%08d", later)
        try FileManager.default.removeItem(at: workshop.file("\(copy)/\(name)"))
      }
      let answer = try workshop.stepwise("train", "--resume", copy, "--accept-changes")
      #expect(answer.code == 0, "\(answer.error)")
      #expect(try workshop.weights(copy) == weights, "from \(step): \(answer.error)")
      #expect(
        try workshop.state(copy) == workshop.state("busy"),
        "from \(step)"
      )
      #expect(try workshop.text("\(copy)/journal.jsonl") == journal, "from \(step)")
    }
    // A run whose last checkpoint is older than the boundary of its step.
    try workshop.copy("busy", to: "cut")
    for later in 5...19 {
      let name = String(format: "checkpoints/step-%08d", later)
      try FileManager.default.removeItem(at: workshop.file("cut/\(name)"))
    }
    try workshop.expectReplay("cut")
  }

  @Test func aNewcomerSeesTheRunsHistory() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 8)
    try BrokenPlugin.strategy(in: workshop, name: "teller")
    try workshop.trainSteered(
      "run",
      interventions:
        "{step: 4, swap: {slot: strategy, plugin: ./teller}}, {step: 6, swap: {slot: strategy, plugin: ./teller, reload: true}}"
    )
    let told = try workshop.text("run/decisions.jsonl").split(separator: "\n").map {
      try Record(json: Array($0.utf8))
    }
    #expect(told.dropFirst(4).map { $0["history"]?.number } == [4, 5, 6, 7])
    // Another strategy begins anew; a new build of the same one goes on with its state.
    #expect(told.dropFirst(4).map { $0["count"]?.number } == [0, 1, 2, 3])
  }

  /// Newcomers that break in their first step, at every place: the run is as if it had never named them.
  @Test func aNewcomerThatFailsInItsFirstStepNeverWas() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 14)
    let (crash, hang) = (BrokenPlugin.crash, BrokenPlugin.hang)
    try BrokenPlugin.strategy(in: workshop, name: "b1", begin: crash)
    try BrokenPlugin.strategy(in: workshop, name: "b2", begin: hang)
    try BrokenPlugin.strategy(in: workshop, name: "b3", begin: "plan->sft_weight = NAN;")
    try BrokenPlugin.strategy(in: workshop, name: "b4", route: crash)
    try BrokenPlugin.strategy(in: workshop, name: "b5", end: crash)
    try BrokenPlugin.strategy(in: workshop, name: "b6", end: hang)
    try BrokenPlugin.reward(in: workshop, name: "b7", before: crash)
    try BrokenPlugin.reward(in: workshop, name: "b8", before: hang)
    try BrokenPlugin.reward(in: workshop, name: "b9", value: "NAN")
    try BrokenPlugin.dataset(in: workshop, name: "b10", read: crash)
    try BrokenPlugin.dataset(in: workshop, name: "b11", read: hang)
    try BrokenPlugin.strategy(
      in: workshop,
      name: "b12",
      begin: "plan->snapshot_reference = 1; plan->optimizer_slot = 2;",
      end: crash
    )
    let slots = [
      "strategy", "strategy", "strategy", "strategy", "strategy", "strategy",
      "rewards/knights-and-knaves", "rewards/new", "rewards", "demonstrations", "prompts",
      "strategy",
    ]
    let entries = slots.enumerated().map { index, slot in
      "{step: \(index + 1), swap: {slot: \(slot), plugin: ./b\(index + 1), timeout: 0.4}}"
    }
    try workshop.trainSteered("plain", "grpo.beta=0.1")
    let answer = try workshop.trainSteered(
      "tried",
      interventions: entries.joined(separator: ", "),
      "grpo.beta=0.1"
    )
    #expect(try workshop.weights("tried") == workshop.weights("plain"), "\(answer.error)")
    for stream in ["metrics.jsonl", "decisions.jsonl", "rollouts.jsonl"] {
      #expect(
        try workshop.stable("tried/\(stream)") == workshop.stable("plain/\(stream)"),
        "\(stream)"
      )
    }
    let deeds = try workshop.deeds("tried")
    #expect(deeds.filter { $0 == "revert done" }.count == 12, "\(deeds)")
    #expect(!workshop.exists("tried/.before-swap"))
    try workshop.expectReplay("tried")
  }

  /// What else is done at the boundary of a newcomer that fails: the rest holds, and rollbacks undo what they undid.
  @Test func whatIsDoneBesideANewcomerThatFails() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 10)
    try BrokenPlugin.strategy(in: workshop, name: "broken", end: BrokenPlugin.crash)
    // Not reproducible: what it said in the step that was not made is written down, and must not come back.
    try BrokenPlugin.reward(in: workshop, name: "odd", extra: "determinism: none")
    try workshop.trainSteered(
      "plain",
      interventions:
        "{step: 2, set: {grpo.learning_rate: 0.004}}, {step: 4, set: {sft.learning_rate: 0.002}, over: 3}, {step: 4, swap: {slot: strategy, plugin: sasr, shadow: 3, then: drop}}"
    )
    try workshop.trainSteered(
      "tried",
      interventions:
        """
        {step: 2, set: {grpo.learning_rate: 0.004}}, {step: 4, swap: {slot: strategy, plugin: ./broken}}, \
        {step: 4, set: {sft.learning_rate: 0.002}, over: 3}, {step: 4, set: {grpo.beta: 0.3}}, {step: 4, rollback: true}, \
        {step: 4, swap: {slot: rewards/knights-and-knaves, plugin: ./odd}}, {step: 4, rollback: true}, \
        {step: 4, swap: {slot: rewards/knights-and-knaves, plugin: ./odd}}, \
        {step: 4, swap: {slot: strategy, plugin: sasr, shadow: 3, then: drop}}
        """
    )
    let journal = try workshop.text("tried/journal.jsonl")
    #expect(try workshop.weights("tried") == workshop.weights("plain"), "\(journal)")
    #expect(try workshop.text("tried/outcomes.jsonl").isEmpty)
    let reverted = try workshop.journal("tried").filter { $0["action"]?.text == "revert" }
    #expect(reverted.compactMap { $0["of"]?.number } == [2, 6, 7, 8], "\(reverted.map(\.json))")
    try workshop.expectReplay("tried")
  }
}

extension Workshop {
  /// A checkpoint's files but the model's, by name.
  func state(_ run: String) throws -> [String: Data] {
    let newest = try #require(
      try FileManager.default.contentsOfDirectory(atPath: file("\(run)/checkpoints").path).max()
    )
    return try ["trainer_state.json", "control.state", "strategy.state"].reduce(into: [:]) {
      let url = file("\(run)/checkpoints/\(newest)/\($1)")
      if FileManager.default.fileExists(atPath: url.path) { $0[$1] = try Data(contentsOf: url) }
    }
  }
}
