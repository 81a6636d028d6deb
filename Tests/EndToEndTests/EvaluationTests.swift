import Foundation
import Testing

/// `stepwise eval` through the real executable.
@Suite(.serialized) struct EvaluationTests {
  /// A model that solves some puzzles and not others.
  static let trained = Result { () throws -> Workshop in
    let workshop = try Workshop()
    let answer = try workshop.stepwise(
      "train",
      "tiny.yaml",
      "strategy=sft",
      "max_steps=150",
      "save_steps=75",
      "sft.learning_rate=5e-3",
      "sft.per_device_train_batch_size=20",
      "model.config.hidden_size=64",
      "model.config.num_hidden_layers=2",
      "demonstrations.parameters.demonstrations=direct",
      "demonstrations.parameters.people_max=3",
      "output_dir=run"
    )
    #expect(answer.code == 0, "\(answer.error)")
    try workshop.write("eval.yaml", Self.configuration)
    return workshop
  }

  static let configuration = """
    rewards: [knights-and-knaves]
    seed: 5
    grpo: {max_completion_length: 14}
    evaluation:
      max_prompts: 40
      per_device_eval_batch_size: 16
      prompts:
        plugin: knights-and-knaves
        parameters:
          {people: 2, people_max: 3, form: terse, split: train, size: 40, names: 4, demonstrations: none}

    """

  static let model = ["--model", "run/checkpoints/step-00000150"]
  static let sampled = ["--greedy", "--num-generations", "4", "--temperature", "1"]
  static let whole =
    ["eval", "eval.yaml"] + model + sampled + [
      "--by", "people", "--perturbed", "perturbation=leaf",
    ]

  private func eval(_ arguments: [String]) throws -> Stepwise.Answer {
    try Stepwise.run(arguments, in: try Self.trained.get().url)
  }

  private func object(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  private func lines(_ directory: String) throws -> [[String: Any]] {
    try Self.trained.get().text("\(directory)/generations.jsonl").split(separator: "\n")
      .map { try object(String($0)) }
  }

  /// Evaluates once for all tests that only read.
  private func evaluated() throws -> Workshop {
    let workshop = try Self.trained.get()
    if !workshop.exists("whole") {
      let answer = try eval(Self.whole + ["--output-dir", "whole"])
      #expect(answer.code == 0, "\(answer.error)")
    }
    return workshop
  }

  private func solved(_ line: [String: Any]) throws -> [Bool] {
    try #require(line["completions"] as? [[String: Any]]).map {
      try #require($0["solved"] as? Bool)
    }
  }

  // MARK: Figures

  @Test func figuresAreThoseOfTheCompletions() throws {
    let workshop = try evaluated()
    let lines = try lines("whole")
    #expect(lines.count == 160)
    let results = try object(workshop.text("whole/results.json"))
    let parts = try #require(results["results"] as? [[String: Any]])
    #expect(parts.count == 4)
    for part in parts {
      let set = try #require(part["set"] as? String)
      let mode = try #require(part["mode"] as? String)
      let own = lines.filter { $0["set"] as? String == set && $0["mode"] as? String == mode }
      #expect(own.count == 40 && own.compactMap { $0["row"] as? Int } == Array(0..<40))
      let outcomes = try own.map(solved)
      let k = mode == "greedy" ? 1 : 4
      #expect(outcomes.allSatisfy { $0.count == k })
      let metrics = try #require(part["metrics"] as? [String: [String: Any]])
      func value(_ name: String) -> Double { metrics[name]?["value"] as? Double ?? .nan }
      let mean = outcomes.map { Double($0.count { $0 }) / Double(k) }.reduce(0, +) / 40
      let any = Double(outcomes.count { $0.contains(true) }) / 40
      #expect(abs(value("pass@1") - mean) < 1e-12)
      #expect(abs(value("pass@\(k)") - any) < 1e-12)
      #expect(metrics["pass@1"]?["count"] as? Int == 40)
      // The model is neither perfect nor useless, or these tests would say little.
      #expect(mean > 0.05 && mean < 0.95, "\(set), \(mode): \(mean)")
      let categories = try #require(part["categories"] as? [[String: Any]])
      #expect(categories.compactMap { $0["value"] as? String } == ["2", "3"])
      #expect(categories.compactMap { $0["count"] as? Int }.reduce(0, +) == 40)
      #expect((metrics["distinct_paths"] != nil) == (k > 1))
      #expect(k == 1 || metrics["maj@4"] != nil)
    }
  }

  @Test func perturbedRowsArePairedWithTheirOriginals() throws {
    let workshop = try evaluated()
    let lines = try lines("whole")
    func greedy(_ set: String) throws -> [String: (prompt: String, solved: Bool)] {
      var found: [String: (prompt: String, solved: Bool)] = [:]
      for line in lines where line["set"] as? String == set && line["mode"] as? String == "greedy" {
        let id = try #require(line["id"] as? String)
        found[id] = (try #require(line["prompt"] as? String), try solved(line)[0])
      }
      return found
    }
    let (clean, leaf) = (try greedy("prompts"), try greedy("perturbation=leaf"))
    let pairs = clean.compactMap { id, row in leaf[id].map { (row, $0) } }
    #expect(pairs.count > 20)
    #expect(pairs.allSatisfy { $0.0.prompt != $0.1.prompt })
    let results = try object(workshop.text("whole/results.json"))
    let found = try #require(results["perturbations"] as? [[String: Any]])
    #expect(found.count == 2 && found[0]["mode"] as? String == "greedy")
    #expect(found[0]["pairs"] as? Int == pairs.count)
    let metrics = try #require(found[0]["metrics"] as? [String: [String: Any]])
    let accuracy = try #require(metrics["pass@1"])
    let drop = try #require((accuracy["drop"] as? [String: Any])?["value"] as? Double)
    let lost = pairs.count { $0.0.solved && !$0.1.solved }
    let gained = pairs.count { !$0.0.solved && $0.1.solved }
    #expect(accuracy["lost"] as? Int == lost && accuracy["gained"] as? Int == gained)
    #expect(abs(drop - Double(lost - gained) / Double(pairs.count)) < 1e-12)
    #expect(accuracy["mcnemar_p"] is Double && accuracy["interval"] as? String == "newcombe")
  }

  @Test func withoutADirectoryTheSameFigures() throws {
    let workshop = try evaluated()
    let answer = try eval(Self.whole + ["--json"])
    #expect(answer.code == 0, "\(answer.error)")
    func sorted(_ json: String) throws -> Data {
      try JSONSerialization.data(withJSONObject: try object(json), options: [.sortedKeys])
    }
    #expect(try sorted(answer.output) == sorted(workshop.text("whole/results.json")))
    let text = try eval(Self.whole)
    for word in [
      "pass@1", "pass@4", "maj@4", "perturbation=leaf", "McNemar", "distinct paths", "people",
    ] {
      #expect(text.output.contains(word), "\(word)")
    }
  }

  // MARK: Going on

  @Test func killedAnywhereItEndsAtTheSameBits() throws {
    let workshop = try evaluated()
    let names = ["settings.json", "generations.jsonl", "results.json"]
    let expected = try names.map { try Data(contentsOf: workshop.file("whole/\($0)")) }
    for (index, wanted) in [1, 30, 90, 150].enumerated() {
      let directory = "killed-\(index)"
      let command = Self.whole + ["--output-dir", directory]
      let running = try Stepwise.Running(command, in: workshop.url)
      while running.process.isRunning {
        let done =
          (try? workshop.text("\(directory)/generations.jsonl"))?.utf8.count { $0 == 10 } ?? 0
        if done >= wanted { break }
        usleep(500)
      }
      running.signal(SIGKILL)
      _ = try running.wait()
      // A kill in the middle of a write, and of the last piece: half a line more, one whole line less.
      let file = workshop.file("\(directory)/generations.jsonl")
      var bytes = try Data(contentsOf: file)
      if index % 2 == 1, let end = bytes.dropLast().lastIndex(of: 10) { bytes = bytes[...end] }
      try (bytes + Data("{\"set\":\"pro".utf8)).write(to: file)
      let again = try eval(command)
      #expect(again.code == 0, "\(again.error)")
      for (name, bits) in zip(names, expected) {
        #expect(
          try Data(contentsOf: workshop.file("\(directory)/\(name)")) == bits,
          "\(name), kill \(index)"
        )
      }
    }
    // Once more changes nothing, and generates nothing.
    let again = try eval(Self.whole + ["--output-dir", "killed-0"])
    #expect(again.code == 0)
    #expect(try Data(contentsOf: workshop.file("killed-0/results.json")) == expected[2])
  }

  @Test func interruptedItSaysHowToGoOn() throws {
    let workshop = try evaluated()
    let command = Self.whole + ["--output-dir", "stopped"]
    let running = try Stepwise.Running(command, in: workshop.url)
    while running.process.isRunning {
      let text = (try? workshop.text("stopped/generations.jsonl")) ?? ""
      if text.contains("\n") { break }
      usleep(500)
    }
    running.signal(SIGINT)
    let answer = try running.wait()
    // A machine may be quick enough to finish before the signal.
    if answer.code != 0 {
      #expect(answer.code == 130 && answer.error.contains("the same command goes on"), "\(answer)")
    }
    #expect(try eval(command).code == 0)
    #expect(
      try Data(contentsOf: workshop.file("stopped/generations.jsonl"))
        == Data(contentsOf: workshop.file("whole/generations.jsonl"))
    )
  }

  static let changes: [([String], String)] = [
    (["--seed", "6"], "seed: 5 there, 6 asked for"),
    (["--temperature", "0.5"], "modes.1.temperature"),
    (["--max-prompts", "39"], "sets.0.count"),
    (["rewards=[{plugin: knights-and-knaves, weight: 2}]"], "rewards.0.weight"),
    (["--model", "run/checkpoints/step-00000075"], "model.sha256"),
    (["numerics.kernel_level=baseline"], "numerics.kernel_level"),
  ]

  @Test(arguments: changes)
  func otherSettingsAreNotMixed(change: [String], message: String) throws {
    let workshop = try evaluated()
    let before = try Data(contentsOf: workshop.file("whole/generations.jsonl"))
    let answer = try eval(Self.whole + change + ["--output-dir", "whole"])
    #expect(answer.code == 64, "\(answer)")
    #expect(
      answer.error.contains(message) && answer.error.contains("--output-dir"),
      "\(answer.error)"
    )
    #expect(try Data(contentsOf: workshop.file("whole/generations.jsonl")) == before)
  }

  @Test func anotherPartOfTheRowsIsAnotherEvaluation() throws {
    let command = ["eval", "eval.yaml"] + Self.model + ["--max-prompts", "4"]
    func evaluate(_ seed: Int) throws -> Stepwise.Answer {
      try eval(
        command + ["evaluation.prompts.split={test_size: 0.5, seed: \(seed)}"]
          + ["--output-dir", "part"]
      )
    }
    #expect(try evaluate(1).code == 0)
    let other = try evaluate(2)
    #expect(other.code == 64, "\(other)")
    #expect(
      other.error.contains("sets.0.split.seed: 1 there, 2 asked for"),
      "\(other.error)"
    )
  }

  @Test func rowsThatChangedAreNotMixed() throws {
    let workshop = try evaluated()
    try workshop.copy("whole", to: "changed")
    let file = "changed/generations.jsonl"
    let text = try workshop.text(file)
    let start = try #require(text.range(of: "\"digest\":\""))
    let end = text.index(start.upperBound, offsetBy: 64)
    let digest = String(repeating: "0", count: 64)
    try workshop.write(file, text.replacingCharacters(in: start.upperBound..<end, with: digest))
    let answer = try eval(Self.whole + ["--output-dir", "changed"])
    #expect(answer.code != 0)
    #expect(answer.error.contains("row 0 of set prompts is another one now"), "\(answer.error)")
  }

  @Test func otherCategoriesNeedNoGeneration() throws {
    let workshop = try evaluated()
    try workshop.copy("whole", to: "split")
    let before = try Data(contentsOf: workshop.file("split/generations.jsonl"))
    var command = Self.whole
    command.replace(["people"], with: ["form"])
    let answer = try eval(command + ["--output-dir", "split", "--pass-at", "3"])
    #expect(answer.code == 0, "\(answer.error)")
    #expect(try workshop.text("split/results.json").contains("pass@3"))
    #expect(try workshop.text("split/results.json").contains("\"terse\""))
    #expect(try Data(contentsOf: workshop.file("split/generations.jsonl")) == before)
  }

  // MARK: Comparing and reading

  @Test func twoCheckpointsInPairs() throws {
    let workshop = try evaluated()
    let early = try eval(
      ["eval", "eval.yaml", "--model", "run/checkpoints/step-00000075"] + Self.sampled
        + ["--output-dir", "early"]
    )
    #expect(early.code == 0, "\(early.error)")
    let answer = try eval(["eval", "compare", "early", "whole", "--json", "--by", "people"])
    #expect(answer.code == 0, "\(answer.error)")
    let parts = try #require(try object(answer.output)["comparisons"] as? [[String: Any]])
    // The perturbed rows are in one of them alone.
    #expect(parts.compactMap { $0["mode"] as? String } == ["greedy", "sampled"])
    let (a, b) = try (lines("early"), lines("whole"))
    func greedy(_ lines: [[String: Any]]) throws -> [Bool] {
      try lines.filter { $0["set"] as? String == "prompts" && $0["mode"] as? String == "greedy" }
        .map { try solved($0)[0] }
    }
    let metrics = try #require(parts[0]["metrics"] as? [String: [String: Any]])
    let gained = zip(try greedy(a), try greedy(b)).count { !$0 && $1 }
    #expect(metrics["pass@1"]?["gained"] as? Int == gained)
    #expect(metrics["pass@1"]?["interval"] as? String == "newcombe")
    let sampled = try #require(parts[1]["metrics"] as? [String: [String: Any]])
    #expect(sampled["pass@1"]?["interval"] as? String == "bootstrap" && sampled["pass@4"] != nil)
    let same = try eval(["eval", "compare", "whole", "whole"])
    #expect(same.code == 0 && same.output.contains("+0.000"), "\(same)")
    _ = workshop
  }

  @Test func whatCannotBeCompared() throws {
    let workshop = try evaluated()
    let other = try eval(
      ["eval", "eval.yaml"] + Self.model
        + ["evaluation.prompts.parameters.seed=9", "--output-dir", "other-rows"]
    )
    #expect(other.code == 0, "\(other.error)")
    let rows = try eval(["eval", "compare", "whole", "other-rows"])
    #expect(
      rows.code == 64 && rows.error.contains("row 0 of whole is not row 0 of other-rows"),
      "\(rows)"
    )
    let mode = try eval(
      ["eval", "eval.yaml"] + Self.model + ["--temperature", "1", "--output-dir", "one-sampled"]
    )
    #expect(mode.code == 0, "\(mode.error)")
    let modes = try eval(["eval", "compare", "other-rows", "one-sampled"])
    #expect(modes.code == 64 && modes.error.contains("no prompt is in both"), "\(modes)")
    let nothing = try eval(["eval", "compare", "whole", "run"])
    #expect(nothing.code == 64 && nothing.error.contains("no evaluation here"), "\(nothing)")
    _ = workshop
  }

  @Test func completionsForReading() throws {
    let workshop = try evaluated()
    let lines = try lines("whole")
    func show(_ arguments: String...) throws -> Stepwise.Answer {
      try Stepwise.run(
        ["eval", "show", "whole"] + arguments,
        in: workshop.url,
        environment: ["COLUMNS": "50"]
      )
    }
    let greedy = lines.filter {
      $0["set"] as? String == "prompts" && $0["mode"] as? String == "greedy"
    }
    let failed = try greedy.count { try solved($0) == [false] }
    let wrong = try show("--failed", "--set", "prompts", "--mode", "greedy", "--limit", "0")
    #expect(wrong.code == 0, "\(wrong.error)")
    #expect(wrong.output.ranges(of: "completion: wrong").count == failed)
    #expect(!wrong.output.contains("completion: correct"))
    #expect(wrong.output.split(separator: "\n").allSatisfy { $0.count <= 50 })
    let right = try show("--passed", "--set", "prompts", "--mode", "greedy", "--limit", "0")
    #expect(right.output.ranges(of: "completion: correct").count == 40 - failed)
    let people = try show(
      "--category",
      "people=3",
      "--limit",
      "0",
      "--set",
      "prompts",
      "--mode",
      "sampled"
    )
    #expect(
      people.output.ranges(of: "people 3").count == 20
        && people.output.contains("completion 4 of 4")
    )
    let one = try show("--prompt", "7", "--mode", "greedy", "--set", "prompts")
    #expect(one.output.contains("row 7") && one.error.contains("1 of 1 prompts"))
    #expect(try show("--html", "page.html").code == 0)
    #expect(try workshop.text("page.html").ranges(of: "<details").count == 160)
    for (arguments, word) in [
      (["--set", "prompt"], "Did you mean prompts?"), (["--mode", "x"], "greedy, sampled"),
      (["--category", "peple=3"], "Did you mean people?"),
      (["--category", "people=9"], "no prompt has the value 9"),
      (["--prompt", "99"], "from 0 to 39"), (["--failed", "--passed"], "exclude each other"),
    ] {
      let answer = try Stepwise.run(["eval", "show", "whole"] + arguments, in: workshop.url)
      #expect(answer.code == 64 && answer.error.contains(word), "\(arguments): \(answer)")
    }
  }

  // MARK: Bad input

  static let badInput: [([String], String)] = [
    (["--pass-at", "8", "--num-generations", "4", "--temperature", "1"], "pass@8 needs 8 or more"),
    (["--num-generations", "4"], "are all the same"),
    (["--num-generations", "0"], "evaluation.num_generations"),
    (["--temperature", "-1"], "evaluation.temperature"),
    (["--top-p", "1.5"], "evaluation.top_p"),
    (["--by", "peple"], "Did you mean people?"),
    (["rewards=[]"], "nothing can be evaluated without a reward"),
    (["--perturbed", "leaf"], "not of the form key=value"),
    (["--perturbed", "pertubation=leaf"], "pertubation"),
    (["evaluation.prompts={plugin: jsonl, parameters: {path: empty.jsonl}}"], "empty.jsonl"),
    (
      ["evaluation.prompts={plugin: jsonl, parameters: {path: plain.jsonl}}"],
      "which reward knights-and-knaves needs"
    ),
    (["--output-dir", "run"], "no part of an evaluation"),
    (["--model", "nowhere"], "nowhere"),
  ]

  @Test(arguments: badInput)
  func mistakes(arguments: [String], message: String) throws {
    let workshop = try Self.trained.get()
    try workshop.write("empty.jsonl", "")
    try workshop.write("plain.jsonl", "{\"prompt\": \"Who is a knight?\"}\n")
    let answer = try eval(["eval", "eval.yaml"] + Self.model + arguments)
    #expect(answer.code != 0 && !answer.wasKilled, "\(answer)")
    #expect(answer.error.contains(message), "\(answer.error)")
  }

  @Test func aTokenizerOfAnotherModelIsRefused() throws {
    let workshop = try Self.trained.get()
    try? FileManager.default.removeItem(at: workshop.file("other-tokenizer"))
    try workshop.copy("run/checkpoints/step-00000150", to: "other-tokenizer")
    var tokenizer = try object(workshop.text("other-tokenizer/tokenizer.json"))
    var model = try #require(tokenizer["model"] as? [String: Any])
    var vocabulary = try #require(model["vocab"] as? [String: Any])
    let count = vocabulary.count
    for index in 0..<9 { vocabulary["extra-\(index)"] = count + index }
    model["vocab"] = vocabulary
    tokenizer["model"] = model
    try JSONSerialization.data(withJSONObject: tokenizer)
      .write(to: workshop.file("other-tokenizer/tokenizer.json"))
    let answer = try eval(["eval", "eval.yaml", "--model", "other-tokenizer"])
    #expect(
      answer.code != 0 && answer.error.contains("tokenizer that belongs to the model"),
      "\(answer)"
    )
  }
}
