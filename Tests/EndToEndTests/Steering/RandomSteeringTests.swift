import Foundation
import RunControl
import RunStore
import Testing

/// A run that is steered at random, a third of it broken on purpose.
@Suite(.serialized, .enabled(if: ForeignPluginTests.hasCompiler, "needs a C compiler"))
struct RandomSteeringTests {
  private static func number(_ name: String, _ value: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? value
  }
  /// `STEPWISE_INTERVENTIONS` and `STEPWISE_STEERED_KILLS` raise them.
  static let count = number("STEPWISE_INTERVENTIONS", 40)
  static let kills = number("STEPWISE_STEERED_KILLS", 5)

  /// What is asked for, and whether it is broken on purpose.
  struct Wish {
    var command: String
    var fields: Record
    var isBroken: Bool
  }

  /// SplitMix64: the same wishes on every machine.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// Every strategy among them rolls out in every step, so that what is broken in a step breaks in its first one.
  static func wishes(_ count: Int, seed: UInt64) -> [Wish] {
    var random = Seeded(state: seed)
    func swap(_ slot: String, _ plugin: String, _ more: Record = [:]) -> Wish {
      var fields: Record = ["slot": .string(slot), "plugin": .string(plugin)]
      fields.fields += more.fields
      return Wish(command: "swap", fields: fields, isBroken: false)
    }
    func set(_ key: String, _ value: String, _ over: Int = 0) -> Wish {
      Wish(
        command: "set",
        fields: ["key": .string(key), "value": .string(value), "over": .int(Int64(over))],
        isBroken: false
      )
    }
    let rows: (Int, String) -> Record = { seed, demonstrations in
      [
        "parameters": [
          "people": 2, "form": "terse", "size": 60, "names": 4, "seed": .int(Int64(seed)),
          "demonstrations": .string(demonstrations),
        ]
      ]
    }
    func good() -> Wish {
      let over = random.next() % 2 == 0 ? 0 : Int.random(in: 2...9, using: &random)
      let value = (Double(Int.random(in: 1...30, using: &random)) / 10).description
      let seed = Int.random(in: 1...9, using: &random)
      switch Int.random(in: 0..<18, using: &random) {
      case 0:
        return swap(
          "strategy",
          "sasr",
          ["parameters": ["warmup_steps": 1, "p_max": 0, "gamma": .int(Int64(seed))]]
        )
      case 1:
        return swap(
          "strategy",
          ["gac", "static", "chord-mu", "luffy"].randomElement(using: &random)!
        )
      case 2: return swap("strategy", "hpt", ["shadow": .int(Int64(seed))])
      case 3:
        return swap("strategy", "./counter", ["shadow": .int(Int64(seed)), "then": "drop"])
      case 4: return swap("strategy", "./counter")
      case 5: return swap("strategy", "gac", ["isolation": "process"])
      case 6: return swap("rewards/extra", "./sizes")
      case 7: return swap("rewards/knights-and-knaves", "./sizes", ["shadow": .int(Int64(seed))])
      case 8: return swap("rewards/knights-and-knaves", "knights-and-knaves")
      case 9: return swap("rewards", "knights-and-knaves")
      case 10: return swap("prompts", "knights-and-knaves", rows(seed, "direct"))
      case 11: return swap("demonstrations", "knights-and-knaves", rows(seed, "direct"))
      case 12: return set("grpo.learning_rate", "\(value)e-3", over)
      case 13: return set("grpo.beta", (Double(seed) / 100).description, over)
      case 14: return set("grpo.temperature", (0.5 + Double(seed) / 10).description, over)
      case 15: return set("rewards.0.weight", value, over)
      case 16: return Wish(command: "checkpoint", fields: [:], isBroken: false)
      default: return Wish(command: "rollback", fields: [:], isBroken: false)
      }
    }
    func broken() -> Wish {
      var wish: Wish
      let impatient: Record = ["timeout": .double(0.3)]
      switch Int.random(in: 0..<14, using: &random) {
      case 0: wish = swap("strategy", "nothing-of-that-name")
      case 1: wish = swap("strategy", "./b-begin")
      case 2: wish = swap("strategy", "./b-end")
      case 3: wish = swap("strategy", "./b-route")
      case 4: wish = swap("strategy", "./b-hang", impatient)
      case 5: wish = swap("rewards/extra", "./b-score")
      case 6: wish = swap("rewards/knights-and-knaves", "./b-many")
      case 7: wish = swap("prompts", "./b-rows")
      case 8: wish = swap("prompts", "gsm8k")
      case 9: wish = swap("strategy", "sasr", ["parameters": ["gama": 3]])
      case 10: wish = swap("strategy", "./b-begin", ["shadow": 5])
      case 11: wish = set("grpo.num_generations", "2")
      case 12: wish = set("grpo.temperature", "minus one")
      default: wish = set("strategy.parameters.nothing", "1", 4)
      }
      wish.isBroken = true
      return wish
    }
    return (0..<count).map { $0 % 3 == 2 ? broken() : good() }
  }

  static func prepare(_ workshop: Workshop) throws {
    try workshop.writeSteered(steps: 1_000_000)
    let crash = BrokenPlugin.crash
    try BrokenPlugin.strategy(in: workshop, name: "counter")
    try BrokenPlugin.reward(in: workshop, name: "sizes")
    try BrokenPlugin.strategy(in: workshop, name: "b-begin", begin: crash)
    try BrokenPlugin.strategy(in: workshop, name: "b-end", end: "if (report->step > 2) \(crash)")
    try BrokenPlugin.strategy(in: workshop, name: "b-route", route: crash)
    try BrokenPlugin.strategy(in: workshop, name: "b-hang", route: BrokenPlugin.hang)
    try BrokenPlugin.reward(in: workshop, name: "b-score", before: crash)
    try BrokenPlugin.reward(in: workshop, name: "b-many", before: "if (n > 16) \(crash)")
    try BrokenPlugin.dataset(in: workshop, name: "b-rows", read: "if (first >= 8) \(crash)")
  }

  /// What a process and its children hold now, in MiB.
  private static func memory(_ process: Int32) -> (own: Double, children: Int) {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
      Double($0)
    }
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let children = all.filter { Int32($0) != nil }.filter { child in
      let stat = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
      // PID (NAME) STATE PARENT, and the name may hold anything.
      let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
      return fields.count > 1 && fields[1] == "\(process)"
    }
    return ((kilobytes ?? 0) / 1024, children.count)
  }

  @Test func manyInterventionsInOneRun() throws {
    let workshop = try Workshop()
    try Self.prepare(workshop)
    let run = try SteeredRun(workshop, "out")
    let wishes = Self.wishes(Self.count, seed: 11)
    var (done, refused) = (0, 0)
    var (resident, children): ([Double], [Int]) = ([], [])
    var latencies: [Double] = []
    for (index, wish) in wishes.enumerated() {
      var fields = wish.fields
      fields["directory"] = .string(workshop.url.path)
      let answer = try run.ask(wish.command, fields)
      if answer.isDone { done += 1 } else { refused += 1 }
      if let seconds = answer["seconds"]?.number { latencies.append(seconds) }
      if wish.isBroken {
        #expect(!answer.isDone, "\(wish): \(answer.record.json)")
      }
      let memory = Self.memory(run.process.process.processIdentifier)
      resident.append(memory.own)
      children.append(memory.children)
      if index % 7 == 0 {
        let step = try run.step
        while try run.step < step + 2 { usleep(1000) }
      }
    }
    #expect(try run.ask("stop").isDone)
    let answer = try run.finish()
    #expect(answer.code == 130, "\(answer.error)")
    let journal = try run.journal
    // Checkpoints are no interventions; all else is there with its outcome, and trials and reverts besides.
    let asked = journal.filter {
      $0["by"]?.text?.hasPrefix("ctl") == true && $0["action"]?.text != "stop"
    }
    #expect(asked.count == wishes.filter { $0.command != "checkpoint" }.count)
    #expect(asked.allSatisfy { ["done", "refused"].contains($0["outcome"]?.text) })
    #expect(journal.enumerated().allSatisfy { $1["seq"]?.number == Double($0 + 1) })
    let quarter = max(1, resident.count / 4)
    let quarters = (0..<4).map { part in
      resident[(part * quarter)..<min(resident.count, (part + 1) * quarter)].max() ?? 0
    }
    // Flat: the last quarter holds no more than the second, but for a few pages of fragmentation.
    #expect(quarters[3] < quarters[1] + 24, "\(quarters)")
    #expect(children.max()! <= 8, "\(children)")
    if ProcessInfo.processInfo.environment["STEPWISE_INTERVENTIONS"] != nil {
      print(
        "interventions \(wishes.count), done \(done), refused \(refused), reverted "
          + "\(journal.filter { $0["action"]?.text == "revert" }.count), steps \(journal.last!["step"]!.number!), "
          + "RSS by quarter \(quarters.map { Int($0) }) MiB, children at most \(children.max()!), "
          + "median seconds of a swap \(latencies.sorted()[latencies.count / 2])"
      )
    }
    try workshop.expectReplay("out")
  }

  /// Killed at random moments while it is steered, and gone on with: at the end the run is what its journal says.
  @Test func killedWhileItIsSteered() throws {
    let workshop = try Workshop()
    try Self.prepare(workshop)
    var random = Seeded(state: 77)
    let wishes = Self.wishes(Self.kills * 8, seed: 12)
    var run = try SteeredRun(workshop, "out", ["save_steps=7"])
    var next = 0
    for death in 0...Self.kills {
      let isLast = death == Self.kills
      // Somewhere in the next wishes, at no boundary of any kind.
      let moment = Double.random(in: 0.02..<0.6, using: &random)
      let process = run.process
      let identifier = process.process.processIdentifier
      let killer = Thread {
        usleep(UInt32(moment * 1e6))
        kill(identifier, SIGKILL)
      }
      if !isLast { killer.start() }
      while process.process.isRunning, isLast ? next < wishes.count : true {
        var fields = wishes[next % wishes.count].fields
        fields["directory"] = .string(workshop.url.path)
        // The connection may break at any moment.
        _ = try? run.ask(wishes[next % wishes.count].command, fields)
        next += 1
        if isLast, next >= wishes.count { break }
      }
      if isLast { break }
      _ = try run.finish()
      run = try SteeredRun(resuming: "out", workshop)
      try run.waitForSocket()
      // Some go on at once, some from a checkpoint that is made after the past.
      if death % 2 == 0 { _ = try run.ask("checkpoint") }
    }
    #expect(try run.ask("stop").isDone)
    let answer = try run.finish()
    #expect(answer.code == 130, "\(answer.error)")
    let journal = try run.journal
    #expect(journal.enumerated().allSatisfy { $1["seq"]?.number == Double($0 + 1) })
    let steps = journal.filter {
      $0["outcome"]?.text == "done" && ["pause", "stop"].contains($0["action"]?.text) == false
    }
    .compactMap { $0["step"]?.number }
    #expect(steps == steps.sorted(), "\(steps)")
    try workshop.expectReplay("out")
  }
}
