import Foundation
import Testing

/// The verbs, from outside.
@Suite struct CommandTests {
  @Test func everyVerbHasHelp() throws {
    let workshop = try Workshop()
    for verb in [
      [], ["train"], ["generate"], ["score"], ["objective"], ["doctor"], ["plugin"],
      ["plugin", "list"],
    ] {
      let answer = try Stepwise.run(verb + ["--help"], in: workshop.url)
      #expect(answer.code == 0)
      #expect(answer.output.contains("USAGE: stepwise"), "\(verb)")
    }
    #expect(try workshop.stepwise("--version").output.first?.isNumber == true)
    #expect(try workshop.stepwise("trian").code == 64)
    #expect(try workshop.stepwise("train", "--resum", "x").code == 64)
    #expect(try workshop.stepwise("train", "--help-config").output.contains("grpo.num_generations"))
  }

  @Test func aRunHoldsWhatItShould() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise(
      "train",
      "tiny.yaml",
      "evaluation={prompts: {plugin: knights-and-knaves, parameters: {people: 2, form: terse, split: test, size: 20, names: 4}}, eval_steps: 6, eval_on_start: true, max_prompts: 20}"
    )
    #expect(answer.code == 0, "\(answer.error)")
    #expect(answer.output.contains("held-out accuracy") && answer.output.contains("at the end"))
    #expect(answer.output.contains("stepwise train --resume runs/tiny max_steps=24"))
    for name in [
      "config.yaml", "metrics.jsonl", "decisions.jsonl", "samples.jsonl", "evaluations.jsonl",
      "provenance.json", "tokenizer/tokenizer.json", "checkpoints/step-00000012/manifest.json",
      "checkpoints/step-00000012/model.safetensors",
    ] {
      #expect(workshop.exists("runs/tiny/\(name)"), "\(name)")
    }
    func count(_ stream: String) throws -> Int {
      try workshop.text("runs/tiny/\(stream).jsonl").split(separator: "\n").count
    }
    #expect(try count("metrics") == 6)
    #expect(try count("decisions") == 12)
    #expect(try count("evaluations") == 3)
    // The resolved configuration alone makes the same run.
    try workshop.copy("runs/tiny/config.yaml", to: "again.yaml")
    #expect(try workshop.stepwise("train", "again.yaml").code == 0)
    #expect(try workshop.weights("runs/again") == workshop.weights("runs/tiny"))
    // Every image that provenance names is in the archive under its digest.
    let provenance = try workshop.text("runs/tiny/provenance.json")
    for match in provenance.matches(of: #/"(?:digest|manifestDigest)" : "([0-9a-f]{64})"/#) {
      #expect(workshop.exists("runs/tiny/images/\(match.1)"))
    }
  }

  /// `eval` judges the newest checkpoint as the run itself did at its end, and sampled completions by pass@k and maj@k.
  @Test func evalAgreesWithTheRun() throws {
    let workshop = try Workshop()
    let heldOut =
      "evaluation={prompts: {plugin: knights-and-knaves, parameters: {people: 2, form: terse, split: test, size: 20, names: 4}}, max_prompts: 20}"
    #expect(try workshop.stepwise("train", "tiny.yaml", heldOut).code == 0)
    let last = try workshop.text("runs/tiny/evaluations.jsonl").split(separator: "\n").last
    let own = try Self.object(last.map(String.init) ?? "")
    let again = try workshop.stepwise("eval", "runs/tiny", "--json")
    #expect(again.code == 0, "\(again.error)")
    let result = try Self.object(again.output)
    let part = try #require((result["results"] as? [[String: Any]])?.first)
    let metrics = try #require(part["metrics"] as? [String: [String: Any]])
    let accuracy = metrics["pass@1"]?["value"] as? Double
    #expect(accuracy != nil && accuracy == own["eval_pass@1"] as? Double)
    #expect(metrics["pass@1"]?["high"] as? Double == own["eval_pass@1_high"] as? Double)
    let reward = try #require(metrics["reward"]?["value"] as? Double)
    #expect(abs(reward - (own["eval_reward"] as? Double ?? .nan)) < 1e-12)
    #expect(result["step"] as? Int == 12)
    let sampled = try workshop.stepwise(
      "eval",
      "runs/tiny",
      "evaluation.num_generations=4",
      "evaluation.temperature=1"
    )
    #expect(sampled.code == 0, "\(sampled.error)")
    #expect(sampled.output.contains("pass@4"))
    #expect(try workshop.stepwise("eval", "nowhere.yaml").code != 0)
  }

  private static func object(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  @Test func eventsAsJSON() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise("train", "tiny.yaml", "--json")
    #expect(answer.code == 0, "\(answer.error)")
    let events = try answer.output.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    let names = events.compactMap { $0["event"] as? String }
    #expect(names.count == events.count)
    // What is to be said of the configuration comes before.
    #expect(names.first { $0 != "note" } == "started" && names.last == "finished")
    #expect(names.count { $0 == "step" } == 12)
    #expect(names.count { $0 == "checkpoint" } == 4)
  }

  @Test func aDryRunChecksAndWritesNothing() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise("train", "tiny.yaml", "--dry-run", "seed=9")
    #expect(answer.code == 0, "\(answer.error)")
    #expect(answer.output.contains("seed: 9\n") && answer.output.contains("num_generations: 4\n"))
    #expect(!workshop.exists("runs"))
    try workshop.write("resolved.yaml", answer.output)
    let again = try workshop.stepwise("train", "resolved.yaml", "--dry-run")
    #expect(again.output == answer.output)
  }

  @Test func generationIsReproducible() throws {
    let workshop = try Workshop()
    try workshop.makeModel()
    func generate(_ seed: String, _ more: String...) throws -> Stepwise.Answer {
      let arguments =
        [
          "generate", "--model", "model", "--prompt", "Emma says Liam knight ;", "--temperature",
          "1",
          "--max-completion-length", "12", "--num-generations", "3", "--json", "--seed", seed,
        ] + more
      return try Stepwise.run(arguments, in: workshop.url)
    }
    let first = try generate("1")
    #expect(first.code == 0, "\(first.error)")
    #expect(first.output.split(separator: "\n").count == 3)
    #expect(try generate("1", "--threads", "1").output == first.output)
    #expect(try generate("2").output != first.output)
  }

  @Test func pluginsAreListedWithoutLoading() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise("plugin", "list", "--json")
    #expect(answer.code == 0, "\(answer.error)")
    for id in [
      "org.stepwise.strategy.sft", "org.stepwise.dataset.jsonl", "org.stepwise.reward.gsm8k",
    ] {
      #expect(answer.output.contains("\"\(id)\""))
    }
    let rewards = try workshop.stepwise("plugin", "list", "--kind", "reward")
    #expect(!rewards.output.contains("strategy"))
  }

  @Test func theDoctorSeesTheVariable() throws {
    let workshop = try Workshop()
    let healthy = try workshop.stepwise("doctor")
    #expect(healthy.code == 0, "\(healthy)")
    #expect(!healthy.output.contains("OPENBLAS_CORETYPE"))
    let warned = try workshop.stepwise(
      "doctor",
      environment: ["OPENBLAS_CORETYPE": "Haswell"]
    )
    #expect(warned.output.contains("OPENBLAS_CORETYPE") && warned.output.contains("ignores it"))
    let empty = try workshop.stepwise(
      "doctor",
      environment: ["STEPWISE_PLUGIN_PATH": "/nowhere"]
    )
    #expect(empty.output.contains("/nowhere"))
  }
}
