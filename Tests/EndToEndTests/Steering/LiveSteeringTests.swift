import Foundation
import RunControl
import RunStore
import Testing

/// People at the wheel of a run that goes, through the socket and through `stepwise ctl`.
@Suite(.enabled(if: ForeignPluginTests.hasCompiler, "needs a C compiler"))
struct LiveSteeringTests {
  @Test func whatIsRefusedHarmsNothing() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 160)
    let (crash, hang) = (BrokenPlugin.crash, BrokenPlugin.hang)
    try BrokenPlugin.strategy(in: workshop, name: "s-crash", begin: crash)
    try BrokenPlugin.strategy(in: workshop, name: "s-hang", begin: hang)
    try BrokenPlugin.strategy(in: workshop, name: "s-route", route: crash)
    // These are well with the few rows of a rehearsal.
    try BrokenPlugin.reward(in: workshop, name: "r-many", before: "if (n > 16) \(crash)")
    try BrokenPlugin.dataset(in: workshop, name: "d-later", read: "if (first >= 8) \(crash)")
    try BrokenPlugin.reward(in: workshop, name: "r-nan", value: "NAN")
    try BrokenPlugin.reward(in: workshop, name: "garbage")
    try workshop.write("garbage/libgarbage.so", "no library")
    try workshop.writeDeadPlugin()
    try workshop.trainSteered("plain")

    let run = try SteeredRun(workshop, "out")
    try run.pause()
    func refused(_ answer: ControlAnswer, _ words: String..., at line: Int = #line) throws {
      #expect(!answer.isDone, "\(line): \(answer.record.json)")
      let text = answer.problem + "\n" + answer.cure
      for word in words { #expect(text.contains(word), "\(line): \(word) in \(text)") }
      #expect(!answer.cure.isEmpty)
    }
    try refused(try run.swap("strategy", "stf"), "stf", "did you mean 'sft'?")
    try refused(try run.swap("strategy", "jsonl"), "jsonl", "is a dataset")
    try refused(try run.swap("rewards/x", "./nowhere"), "nowhere", "cannot be opened")
    try refused(try run.swap("rewards/x", "./garbage"), "garbage", "ELF")
    try refused(try run.swap("strategy", "./dead"), "SIGSEGV")
    try refused(try run.swap("strategy", "./s-crash", ["timeout": .double(0.4)]), "SIGSEGV")
    try refused(try run.swap("strategy", "./s-hang", ["timeout": .double(0.4)]), "0.4 s")
    try refused(try run.swap("rewards", "./r-nan"), "nan")
    try refused(
      try run.swap("strategy", "sasr", ["parameters": ["gama": 1]]),
      "did you mean 'gamma'?"
    )
    try refused(try run.swap("strategy", "./garbage"), "garbage")
    try refused(try run.swap("strategie", "sft"), "Did you mean strategy?")
    try refused(try run.swap("prompts", "jsonl"), "prompts")
    try refused(
      try run.swap("strategy", "gsm8k", ["reload": true]),
      "holds org.stepwise.strategy.gac"
    )
    try refused(try run.set("grpo.bta", "1"), "Did you mean grpo.beta?")
    try refused(try run.set("seed", "1"), "cannot change while a run goes")
    try refused(try run.set("grpo.beta", "-1"), "grpo.beta")
    try refused(try run.set("grpo.beta", "[1"), "YAML")
    try refused(try run.set("strategy.parameters.ema", "9"), "'ema' is 9")
    try refused(try run.set("max_steps", "0"), "max_steps")
    try refused(try run.ask("rollback"), "nothing was done")
    try refused(try run.ask("drop"), "no newcomer")
    try refused(try run.ask("pause"), "paused already")
    try refused(try run.ask("swp"), "Did you mean swap?")
    try refused(try run.ask("configure"), "no command configure")
    let standing = try run.step
    // They pass the rehearsal, and fail in the step itself: who asked is told so.
    try run.resume()
    try refused(
      try run.swap("strategy", "./s-route", ["timeout": .double(0.4)]),
      "failed in its first step",
      "SIGSEGV"
    )
    try refused(try run.swap("rewards/x", "./r-many"), "failed in its first step", "SIGSEGV")
    try refused(try run.swap("demonstrations", "./d-later"), "SIGSEGV")
    #expect(try run.step > standing || !run.process.process.isRunning)
    let answer = try run.finish()
    #expect(answer.code == 0, "\(answer.error)")
    #expect(try workshop.weights("out") == workshop.weights("plain"), "\(answer.error)")
    let deeds = try workshop.deeds("out")
    #expect(deeds.filter { $0 == "revert done" }.count >= 2, "\(deeds)")
    #expect(deeds.filter { $0.hasSuffix("refused") }.count >= 21, "\(deeds)")
    try workshop.expectReplay("out")

    // The run is over.
    let late = try workshop.stepwise("ctl", "out", "status")
    #expect(late.code == 1 && late.error.contains("the run is not going"), "\(late.error)")
    #expect(!workshop.exists("out/control.sock"))
  }

  @Test func pauseResumeCheckpointStopAndTwoAtOnce() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 3000)
    let run = try SteeredRun(workshop, "out")
    try run.pause()
    let step = try run.step
    usleep(50_000)
    #expect(try run.step == step)
    let status = try workshop.stepwise("ctl", "out", "status")
    #expect(status.output.hasPrefix("paused, step \(step) of 3000\n"), "\(status.output)")
    let saved = try workshop.stepwise("ctl", "out", "checkpoint")
    #expect(saved.code == 0 && saved.output.contains("checkpoint of step \(step)"))
    #expect(workshop.exists(String(format: "out/checkpoints/step-%08d", step)))
    let swapped = try workshop.stepwise(
      "ctl",
      "out",
      "swap",
      "strategy",
      "sasr",
      "--param",
      "warmup_steps=2"
    )
    #expect(swapped.code == 0, "\(swapped.error)")
    #expect(swapped.output.contains("paused: it takes effect with the next step"))
    let set = try workshop.stepwise("ctl", "out", "set", "grpo.beta=0.1", "--over", "5")
    #expect(set.code == 0 && set.output.contains("in 5 steps"), "\(set)")
    let going = try workshop.stepwise("ctl", "out", "status")
    for text in [
      "strategy: org.stepwise.strategy.sasr", "under way: grpo.beta",
      "a rollback would undo: grpo.beta=0.1",
    ] {
      #expect(going.output.contains(text), "\(going.output)")
    }
    try run.resume()
    // Two at once, and two more.
    let both = try (0..<4).map { index in
      try Stepwise.Running(
        ["ctl", "out", "swap", "rewards/r\(index)", "knights-and-knaves", "--json"],
        in: workshop.url
      )
    }
    for answer in try both.map({ try $0.wait() }) {
      #expect(answer.code == 0, "\(answer.error)")
      #expect(answer.output.contains(#""seconds":"#), "\(answer.output)")
    }
    let status4 = try run.ask("status")
    #expect((0..<4).allSatisfy { status4["rewards/r\($0)"] != nil }, "\(status4.record.json)")
    let stopped = try workshop.stepwise("ctl", "out", "stop")
    #expect(stopped.code == 0 && stopped.output.contains("with a checkpoint"), "\(stopped.error)")
    let answer = try run.finish()
    #expect(answer.code == 130 && answer.error.contains("train --resume"), "\(answer.error)")
    #expect(
      try workshop.deeds("out").prefix(5)
        == ["pause done", "drop refused", "swap done", "set done", "resume done"]
    )
    try workshop.expectReplay("out")
  }

  @Test func aStaleSocketIsNoObstacle() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 100_000)
    var run = try SteeredRun(workshop, "out")
    while try run.step < 5 { usleep(1000) }
    run.process.signal(SIGKILL)
    _ = try run.finish()
    #expect(workshop.exists("out/control.sock"))
    let ended = try workshop.stepwise("ctl", "out", "status")
    #expect(ended.code == 1 && ended.error.contains("the run is not going"), "\(ended.error)")
    run = try SteeredRun(resuming: "out", workshop)
    try run.waitForSocket()
    #expect(try run.ask("stop").isDone)
    #expect(try run.finish().code == 130)
  }

  /// A checkpoint between a swap and its first step is one of before the swap: the resumed run must be able to go back, too.
  @Test func aNewcomerIsStillOnTrialAfterAResume() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 40)
    try BrokenPlugin.strategy(in: workshop, name: "broken", route: BrokenPlugin.crash)
    try workshop.trainSteered("plain")
    let run = try SteeredRun(workshop, "out")
    try run.pause()
    #expect(try run.swap("strategy", "./broken").isDone)
    #expect(try run.set("grpo.beta", "0").isDone)
    #expect(try run.ask("checkpoint").isDone)
    #expect(try run.ask("stop").isDone)
    _ = try run.finish()
    try workshop.expectReplay("out")
    let answer = try workshop.stepwise("train", "--resume", "out")
    #expect(answer.code == 0, "\(answer.error)")
    #expect(try workshop.weights("out") == workshop.weights("plain"), "\(answer.error)")
    #expect(try workshop.deeds("out").last == "revert done")
  }

  /// The journal's disk is full; all other files are far from the limit.
  @Test func aFullDiskRefusesAndTheRunGoesOn() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 120)
    try workshop.trainSteered("plain")
    // More than a plugin's library; the journal is filled to the brim.
    let limit = 4000
    let run = try SteeredRun(workshop, "out", fileSizeLimit: limit)
    try run.pause()
    var length = 900_000
    while length > 50 {
      let records = try run.journal.count
      let long = RecordValue.string(String(repeating: "x", count: length))
      _ = try run.swap("strategy", "sasr", ["parameters": ["gama": long]])
      if try run.journal.count == records { length /= 2 }
    }
    var refused = ControlAnswer.done()
    for _ in 0..<20 where refused.isDone { refused = try run.set("grpo.beta", "0") }
    #expect(!refused.isDone && refused.problem.contains("journal.jsonl"), "\(refused.record.json)")
    #expect((refused.problem + refused.cure).contains("ulimit -f"), "\(refused.record.json)")
    let swapped = try run.swap("strategy", "sasr", ["parameters": ["warmup_steps": 1]])
    #expect(!swapped.isDone && swapped.problem.contains("journal.jsonl"))
    #expect(try run.ask("status")["strategy"]?.text == "org.stepwise.strategy.gac")
    try run.resume()
    let answer = try run.finish()
    #expect(answer.code == 0, "\(answer.error)")
    #expect(try workshop.weights("out") == workshop.weights("plain"))
    #expect(try workshop.text("out/journal.jsonl").hasSuffix("}\n"))
    try workshop.expectReplay("out")
  }

  /// Three rounds of edit, compile and reload of a template during one run.
  @Test(.enabled(if: TemplateTests.has("make", "cc"), "make or cc is not in PATH"))
  func threeRoundsOfEditCompileReload() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 100_000)
    let made = try workshop.stepwise(
      "plugin",
      "new",
      "--kind",
      "reward",
      "--lang",
      "c",
      "mine"
    )
    #expect(made.code == 0, "\(made.error)")
    #expect(try workshop.stepwise("plugin", "build", "mine").code == 0)
    let run = try SteeredRun(workshop, "out", ["rewards=[knights-and-knaves, ./mine]"])
    var digests: Set<String> = []
    let source = try workshop.text("mine/reward.c")
    for round in 1...3 {
      try workshop.write(
        "mine/reward.c",
        source.replacing(
          "return (double)fresh / (double)count;",
          with: "return (double)(item->completion.size % \(round + 2)) / \(round + 2).0;"
        )
      )
      let built = try workshop.stepwise("plugin", "build", "mine")
      #expect(built.code == 0, "\(built.error)")
      let swapped = try workshop.stepwise(
        "ctl",
        "out",
        "swap",
        "rewards/mine",
        "mine",
        "--reload"
      )
      #expect(swapped.code == 0, "\(swapped.error)")
      digests.insert(try #require(try run.journal.last?["digest"]?.text))
      let step = try run.step
      while try run.step < step + 5 { usleep(1000) }
    }
    #expect(digests.count == 3)
    // A build that fails its rehearsal leaves the one before.
    try workshop.write(
      "mine/reward.c",
      source.replacing("return (double)fresh / (double)count;", with: "return NAN;")
    )
    #expect(try workshop.stepwise("plugin", "build", "mine").code == 0)
    let bad = try workshop.stepwise("ctl", "out", "swap", "rewards/mine", "./mine", "--reload")
    #expect(bad.code == 1 && bad.error.lowercased().contains("nan"), "\(bad.error)")
    #expect(try run.ask("rollback").isDone)
    let step = try run.step
    while try run.step < step + 5 { usleep(1000) }
    #expect(try run.ask("stop").isDone)
    _ = try run.finish()
    try workshop.expectReplay("out")
    try FileManager.default.removeItem(at: workshop.file("mine"))
    try FileManager.default.removeItem(at: workshop.file("out-replayed"))
    try workshop.expectReplay("out")
  }

  /// What is asked while a resumed run does its past again waits for the end of that, so that journal and replay stay in order.
  @Test func aRunThatDoesItsPastAgainTakesNothingNew() throws {
    let workshop = try Workshop()
    try workshop.writeSteered(steps: 60)
    try workshop.trainSteered(
      "out",
      interventions:
        "{step: 5, set: {grpo.beta: 0.1}, over: 10}, {step: 30, swap: {slot: strategy, plugin: sasr, parameters: {warmup_steps: 4}}}, {step: 45, set: {sft.learning_rate: 0.002}}",
      "save_steps=10",
      "save_total_limit=20"
    )
    for later in [20, 30, 40, 50, 60] {
      try FileManager.default.removeItem(
        at: workshop.file(String(format: "out/checkpoints/step-%08d", later))
      )
    }
    // With arguments, which must not come between, either.
    let answer = try workshop.stepwise("train", "--resume", "out", "grpo.learning_rate=0.002")
    #expect(answer.code == 0, "\(answer.error)")
    #expect(
      answer.error.contains("holds from step 45 on")
        || answer.output.contains("holds from step 45 on"),
      "\(answer)"
    )
    let steps = try workshop.journal("out").map { $0["step"]?.number ?? -1 }
    #expect(steps == steps.sorted(), "\(steps)")
    #expect(try workshop.deeds("out").last == "configure done")
    try workshop.expectReplay("out")
  }
}
