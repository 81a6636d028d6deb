import Foundation
import Testing

/// `stepwise runs ...` on real runs.
@Suite struct RunsTests {
  static let heldOut =
    "evaluation={prompts: {plugin: knights-and-knaves, parameters: {people: 2, form: terse, split: test, size: 20, names: 4}}, eval_steps: 6, eval_on_start: true, max_prompts: 20}"

  private func object(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func train(_ workshop: Workshop, _ name: String, _ arguments: String...) throws {
    let answer = try Stepwise.run(
      ["train", "tiny.yaml", "output_dir=runs/\(name)"] + arguments,
      in: workshop.url
    )
    try #require(answer.code == 0, "\(answer.error)")
  }

  @Test func runsAreListedShownAndCompared() throws {
    let workshop = try Workshop()
    try train(workshop, "one", Self.heldOut)
    try train(workshop, "two", Self.heldOut, "grpo.beta=0.5", "max_steps=9")
    try train(workshop, "same", Self.heldOut)

    let list = try workshop.stepwise("runs", "list")
    #expect(list.code == 0, "\(list.error)")
    #expect(list.output.contains("12 of 12  finished"), "\(list.output)")
    let lines = try workshop.stepwise("runs", "list", "--json").output.split(separator: "\n")
    let runs = try lines.map { try object(String($0)) }
    #expect(Set(runs.compactMap { $0["name"] as? String }) == ["one", "two", "same"])
    #expect(runs.allSatisfy { $0["state"] as? String == "finished" })
    #expect(runs.allSatisfy { ($0["bytes"] as? Int ?? 0) > 10_000 })

    let show = try workshop.stepwise("runs", "show", "one", "--picture", "one.svg")
    #expect(show.code == 0, "\(show.error)")
    for text in [
      "one · static", "org.stepwise.reward.knights-and-knaves", "▅▅▅▅▅▅▅▅▅▅▅▅", "both 12 (100 %)",
      "sft/loss", "eval_pass@1", "checkpoints  steps 9, 12", "seed         3",
    ] {
      #expect(show.output.contains(text), "\(text) in \(show.output)")
    }
    #expect(try workshop.text("one.svg").contains("<svg"))
    let shown = try object(try workshop.stepwise("runs", "show", "runs/one", "--json").output)
    #expect((shown["kinds"] as? [String])?.count == 12)
    #expect((shown["evaluations"] as? [Any])?.count == 3)
    #expect((shown["parameters"] as? Int ?? 0) > 1000)

    let compare = try workshop.stepwise("runs", "compare", "one", "two")
    #expect(compare.code == 0, "\(compare.error)")
    #expect(compare.output.contains("grpo.beta  0.01  0.5"), "\(compare.output)")
    #expect(compare.output.contains("They part at step 1"), "\(compare.output)")
    #expect(compare.output.contains("paired over 20 prompts"))
    let parted = try workshop.stepwise("runs", "compare", "one", "two", "--exact", "--json")
    #expect(parted.code == 1)
    #expect(try object(parted.output)["parting_step"] as? Int == 1)
    let same = try workshop.stepwise("runs", "compare", "one", "same", "--exact")
    #expect(same.code == 0, "\(same.output)")
    #expect(same.output.contains("Equal, bit by bit") && same.output.contains("48 rollouts"))
    #expect(same.output.contains("the same SHA-256"))
  }

  @Test func whatCannotBeShownSaysWhy() throws {
    let workshop = try Workshop()
    try train(workshop, "one", "max_steps=2")
    try train(workshop, "two", "max_steps=2", "strategy=grpo", "demonstrations=null")
    func refused(_ arguments: String..., code: Int32, _ texts: String...) throws {
      let answer = try Stepwise.run(["runs"] + arguments, in: workshop.url)
      #expect(answer.code == code, "\(arguments): \(answer)")
      for text in texts { #expect(answer.error.contains(text), "\(text) in \(answer.error)") }
      #expect(!answer.error.contains("Fatal"))
    }
    try refused("show", "onne", code: 64, "no run of this name", "one")
    try refused("list", "nowhere", code: 1, "nowhere")
    try refused("show", "one", "--metric", "sft/los", code: 64, "sft/los", "Did you mean sft/loss")
    try refused("compare", "one", "two", "--metric", "sft/loss", code: 64, "sft/loss")
    try refused("rescore", "one", "--reward", "jsonl", code: 64, "jsonl is a dataset")
    try refused("rescore", "one", "--reward", "nothing", code: 64, "nothing", "there is")
    try refused("rescore", "one", "--reward", "gsm8k", code: 1, "no column answer")
    try refused(
      "rescore",
      "one",
      "--reward",
      "knights-and-knaves",
      "--param",
      "no_such=1",
      code: 64,
      "no_such"
    )
    let metrics = try workshop.text("runs/one/metrics.jsonl")
    try workshop.write("runs/one/metrics.jsonl", metrics + "{\"step\":\n")
    try refused("show", "one", code: 1, "metrics.jsonl", "line 2")
    try workshop.write("runs/one/metrics.jsonl", "")
    try refused("compare", "one", "two", code: 1, "no metric in common", "has none yet")

    // Three reasons for which there are no rollouts, each with its cure.
    try workshop.write("runs/two/rollouts.jsonl", "")
    let reward = ["--reward", "knights-and-knaves"]
    try refused("rescore", "two", reward[0], reward[1], code: 1, "there is no rollouts.jsonl")
    try train(workshop, "none", "max_steps=2", "grpo.log_completions=false")
    try refused("rescore", "none", reward[0], reward[1], code: 1, "log_completions was false")
    try train(workshop, "sft", "max_steps=2", "strategy=sft")
    try refused("rescore", "sft", reward[0], reward[1], code: 1, "no rollouts yet")
    // A line that is whole and no rollout.
    try workshop.write("runs/two/rollouts.jsonl", "{\"step\":0}\n")
    try refused("rescore", "two", reward[0], reward[1], code: 1, "rollouts.jsonl", "line 1")
  }

  /// The reward of the run itself agrees in everything; its opposite in nothing.
  @Test(.enabled(if: ForeignPluginTests.hasCompiler, "needs a C compiler"))
  func anotherRewardIsAskedAboutTheRollouts() throws {
    let workshop = try Workshop()
    for (name, score) in [("brief", "1.0 / size"), ("wordy", "1.0 - 1.0 / size"), ("flat", "0.5")] {
      try CPlugin.build(
        """
        #include <stepwise/easy.h>
        #include <math.h>
        static double score(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status) {
          (void)easy; (void)status;
          double size = 1.0 + (double)item->completion.size; (void)size;
          return \(score);
        }
        STEPWISE_EASY_REWARD("org.example.reward.\(name)", "1.0.0", score, 0.0, 1.0, NAN)

        """,
        in: workshop,
        name: name
      )
    }
    // The run lies elsewhere than its rewards: paths of `--reward` are those of the caller.
    try train(workshop, "one", "rewards=[./brief]")
    func rescore(_ reward: String) throws -> [String: Any] {
      let answer = try workshop.stepwise(
        "runs",
        "rescore",
        "one",
        "--reward",
        "./\(reward)",
        "--batches",
        "2",
        "--json"
      )
      try #require(answer.code == 0, "\(answer.error)")
      return try object(answer.output)
    }
    func number(_ value: Any?, _ keys: String...) -> Double {
      var value = value
      for key in keys { value = (value as? [String: Any])?[key] }
      return value as? Double ?? .nan
    }
    let same = try rescore("brief")
    #expect(same["rollouts"] as? Int == 48)
    #expect(abs(number(same["total"], "correlation") - 1) < 1e-9)
    #expect(abs(number(same["advantages"], "correlation") - 1) < 1e-9)
    #expect(same["changed_signs"] as? Double == 0)
    let gradients = try #require(same["gradients"] as? [[String: Any]])
    #expect(gradients.count == 2 && same["checkpoint"] as? Int == 12)
    #expect(gradients.allSatisfy { abs(number($0["cosine"]) - 1) < 1e-6 })

    let opposite = try rescore("wordy")
    #expect(abs(number(opposite["rewards"], "brief", "correlation") + 1) < 1e-9)
    #expect(number(opposite["advantages"], "correlation") < -0.999)
    #expect(number(opposite["changed_signs"]) > 0.5)
    let cosines = try #require(opposite["gradients"] as? [[String: Any]])
    #expect(cosines.allSatisfy { number($0["cosine"]) < -0.999 })
    #expect((opposite["buckets"] as? [[String: Any]])?.count == 2)

    let flat = try rescore("flat")
    #expect(number(flat["total"], "correlation").isNaN)
    #expect(((flat["gradients"] as? [[String: Any]])?.first?["norm_new"] as? Double) == 0)
    let text = try workshop.stepwise("runs", "rescore", "one", "--reward", "./flat")
    #expect(text.output.contains("one of the gradients vanishes"), "\(text.output)")
  }

  @Test func aResumeIsProven() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise(
      "runs",
      "verify-resume",
      "tiny.yaml",
      "seed=5",
      "--steps",
      "5",
      "--kill-at",
      "2",
      "--thread-counts",
      "--directory",
      "proof"
    )
    #expect(answer.code == 0, "\(answer)")
    #expect(answer.output.contains("Bit-exact over 5 steps (5 both)"), "\(answer.output)")
    #expect(answer.output.contains("killed, gone on with from step"))
    #expect(answer.output.contains("1 thread against") && answer.output.contains("2 threads"))
    // It was a kill: the run says that it was gone on with.
    let provenance = try object(try workshop.text("proof/killed/provenance.json"))
    #expect((provenance["resumptions"] as? [Any])?.count == 1)
    #expect(try workshop.weights("proof/killed") == workshop.weights("proof/whole"))
    #expect(try workshop.text("proof/whole/config.yaml").contains("seed: 5"))

    let json = try workshop.stepwise("runs", "verify-resume", "tiny.yaml", "--steps", "4", "--json")
    #expect(json.code == 0, "\(json)")
    #expect(try object(json.output)["bit_exact"] as? Bool == true)
    // A configuration without rollouts in its first steps proves less, and says so.
    let warm = try workshop.stepwise(
      "runs",
      "verify-resume",
      "tiny.yaml",
      "strategy=sft",
      "--steps",
      "4"
    )
    #expect(warm.code == 0 && warm.output.contains("rollouts were not put to the proof"))
  }

  @Test func aProofThatCannotBeginSaysWhy() throws {
    let workshop = try Workshop()
    func refused(_ arguments: String..., code: Int32, _ texts: String...) throws {
      let answer = try Stepwise.run(["runs", "verify-resume"] + arguments, in: workshop.url)
      #expect(answer.code == code, "\(arguments): \(answer)")
      for text in texts { #expect(answer.error.contains(text), "\(text) in \(answer.error)") }
    }
    try refused("nothing.yaml", code: 1, "nothing.yaml")
    try refused("tiny.yaml", "max_steps=9", code: 64, "--steps")
    try refused("tiny.yaml", "--steps", "1", code: 64, "--steps")
    try refused("tiny.yaml", "--steps", "4", "--kill-at", "4", code: 64, "--kill-at")
    try refused("tiny.yaml", "grpo.beta=lots", code: 64, "grpo.beta")
    try refused("tiny.yaml", "strategy=nothing", code: 1, "nothing", "no strategy of that name")
    try refused("tiny.yaml", "--directory", ".", code: 64, "not empty")
  }

  /// A reward that says something else whenever it is asked: the proof must find it out.
  @Test(.enabled(if: ForeignPluginTests.hasCompiler, "needs a C compiler"))
  func aProofFindsWhatIsNotReproducible() throws {
    let workshop = try Workshop()
    try CPlugin.build(
      """
      #define _POSIX_C_SOURCE 200809L
      #include <stepwise/easy.h>
      #include <math.h>
      #include <time.h>
      static double score(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status) {
        (void)easy; (void)status; (void)item;
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        return (double)(now.tv_nsec % 1000) / 1000.0;
      }
      STEPWISE_EASY_REWARD("org.example.reward.moody", "1.0.0", score, 0.0, 1.0, NAN)

      """,
      in: workshop,
      name: "moody"
    )
    let answer = try workshop.stepwise(
      "runs",
      "verify-resume",
      "tiny.yaml",
      "rewards=[./moody]",
      "--steps",
      "4",
      environment: ["TMPDIR": workshop.url.path]
    )
    #expect(answer.code == 1, "\(answer)")
    #expect(answer.output.contains("DIFFERS") && answer.output.contains("Not bit-exact"))
    #expect(answer.output.contains("model.safetensors"))
    // What differs is kept, to be looked at.
    let kept = try #require(answer.output.firstMatch(of: #/The runs are kept in (\S+)/#)?.1)
    #expect(FileManager.default.fileExists(atPath: "\(kept)/whole/metrics.jsonl"))
  }
}
