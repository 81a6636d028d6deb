import Foundation
import Testing

/// A schedule with a mistake is refused before the run begins, whether it is trained or only looked at.
@Suite(.enabled(if: ForeignPluginTests.hasCompiler, "needs a C compiler"))
struct BadScheduleTests {
  static let mistakes: [(entry: String, words: [String])] = [
    ("5", ["5", "is no intervention"]),
    ("{set: {grpo.beta: 1}}", ["step is missing"]),
    ("{step: -1, rollback: true}", ["step is -1", "from 0 on"]),
    ("{step: soon, rollback: true}", ["step is \"soon\""]),
    ("{step: 1}", ["says nothing to do"]),
    ("{step: 1, sett: {grpo.beta: 1}}", ["no key sett", "Did you mean set?"]),
    ("{step: 1, over: 3, rollback: true}", ["over is there without set"]),
    ("{step: 1, set: {}}", ["set is {}"]),
    ("{step: 1, set: {grpo.beta: 1}, over: -2}", ["over is -2"]),
    ("{step: 1, swap: {slot: strategy}}", ["swap needs plugin"]),
    ("{step: 1, swap: {plugin: sft}}", ["swap needs slot"]),
    (
      "{step: 1, swap: {slot: strategy, plugin: sft, params: {}}}", ["no key params", "parameters"]
    ),
    (
      "{step: 1, swap: {slot: stratgy, plugin: sft}}",
      ["no slot stratgy", "Did you mean strategy?"]
    ),
    ("{step: 1, swap: {slot: strategy, plugin: stf}}", ["stf", "did you mean 'sft'?"]),
    ("{step: 1, swap: {slot: strategy, plugin: jsonl}}", ["jsonl", "is a dataset"]),
    ("{step: 1, swap: {slot: rewards/new, plugin: ./nowhere}}", ["nowhere", "cannot be opened"]),
    (
      "{step: 1, swap: {slot: strategy, plugin: sasr, parameters: {gama: 1}}}",
      ["'gama'", "did you mean 'gamma'?"]
    ),
    ("{step: 1, swap: {slot: strategy, plugin: sasr, parameters: {gamma: -1}}}", ["'gamma' is -1"]),
    (
      "{step: 1, swap: {slot: strategy, plugin: sasr, then: perhaps}}",
      ["then is perhaps", "commit or drop"]
    ),
    (
      "{step: 1, swap: {slot: prompts, plugin: knights-and-knaves, shadow: 5}}",
      ["a dataset cannot be tried alongside"]
    ),
    ("{step: 1, set: {grpo.beta: much}}", ["grpo.beta", "\"much\""]),
    ("{step: 1, set: {grpo.bta: 1}}", ["no setting grpo.bta", "Did you mean grpo.beta?"]),
    (
      "{step: 1, set: {grpo.num_generations: 2}}",
      ["grpo.num_generations cannot change while a run goes", "runs branch"]
    ),
    (
      "{step: 1, set: {grpo.loss_type: grpo}, over: 5}",
      ["grpo.loss_type", "no number to start from"]
    ),
    ("{step: 1, set: {strategy.parameters.em: 1}}", ["'em'", "did you mean 'ema'?"]),
    ("{step: 1, set: {strategy.parameters.ema: 7}}", ["'ema' is 7"]),
    (
      "{step: 1, swap: {slot: strategy, plugin: sasr}}, {step: 2, set: {strategy.parameters.w: 1}}",
      ["interventions.1", "'w'", "changeable are"]
    ),
    (
      "{step: 1, set: {strategy.parameters.gamma: 2}}, {step: 0, swap: {slot: strategy, plugin: hpt}}",
      ["interventions.0", "gamma"]
    ),
    ("{step: 1, set: {rewards.nothing.weight: 2}}", ["no setting rewards.nothing.weight"]),
    ("{step: 1, swap: {slot: strategy, plugin: ./dead}}", ["dead", "SIGSEGV"]),
    ("{step: 1, swap: {slot: rewards/new, plugin: ./garbage}}", ["garbage", "ELF"]),
  ]

  /// Right ones must pass, also where one follows from another.
  static let right = """
    {step: 2, set: {strategy.parameters.gamma: 2}}, {step: 1, swap: {slot: strategy, id: sasr}}, \
    {step: 3, rollback: true}, {step: 3, rollback: true}, {step: 4, set: {strategy.parameters.ema: 0.5}, over: 3}, \
    {step: 5, drop: true}, {step: 6, swap: {slot: rewards/new, plugin: knights-and-knaves}}, \
    {step: 6, set: {rewards.new.weight: 0.5}}, {step: 7, swap: {slot: strategy, plugin: sft, shadow: 2, then: drop}}
    """

  @Test func isNamedWithItsPlaceAndCure() throws {
    let workshop = try Workshop()
    try workshop.writeSteered()
    try BrokenPlugin.reward(in: workshop, name: "garbage")
    try workshop.write("garbage/libgarbage.so", "no library")
    try workshop.writeDeadPlugin()
    let right = try workshop.stepwise(
      "train",
      "steer.yaml",
      "--dry-run",
      "interventions=[\(Self.right)]"
    )
    #expect(right.code == 0, "\(right.error)")
    for (index, mistake) in Self.mistakes.enumerated() {
      try workshop.write(
        "bad.yaml",
        Workshop.steered(steps: 4) + "interventions: [\(mistake.entry)]\n"
      )
      // Both look in the same way; each mistake is shown to one of them, some to both.
      for command in index % 5 == 0 ? [["--dry-run"], []] : index % 2 == 0 ? [["--dry-run"]] : [[]]
      {
        let answer = try Stepwise.run(
          ["train", "bad.yaml", "output_dir=out"] + command,
          in: workshop.url
        )
        #expect(answer.code == 64, "\(mistake.entry): \(answer)")
        for word in mistake.words + ["bad.yaml:", "interventions."] {
          #expect(answer.error.contains(word), "\(word) for \(mistake.entry): \(answer.error)")
        }
        #expect(answer.error.hasPrefix("stepwise: ") && !answer.wasKilled)
        #expect(!workshop.exists("out"), "\(mistake.entry)")
      }
    }
  }
}

extension Workshop {
  /// A strategy that crashes when it is made.
  func writeDeadPlugin() throws {
    try BrokenPlugin.strategy(in: self, name: "dead")
    let text = try text("dead/plugin.c").replacing(
      "#include \"fault.h\"",
      with:
        "#include \"fault.h\"\n__attribute__((constructor)) static void die(void) { *(volatile int *)8 = 1; }"
    )
    try write("dead/plugin.c", text)
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/cc")
    compiler.arguments = [
      "-std=gnu11", "-w", "-shared", "-fPIC", "-fvisibility=hidden", "-I",
      Stepwise.repository.appending(path: "Sources/CStepwisePlugin/include").path, "-I",
      Stepwise.repository.appending(path: "Tests/Fixtures/plugins/faults").path,
      file("dead/plugin.c").path, "-o", file("dead/libdead.so").path,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
  }
}
