import Foundation
import Testing

/// A training run with the worst of rewards ends, and trains on what a well-behaved one would have given it.
@Suite struct SurvivingRunTests {
  /// By step: crashes, hangs, leaks, answers NaN, and is well. With `declare` it abstains where the run would have nothing from it.
  private static let source = """
    #include <signal.h>
    #include <stepwise/easy.h>
    #include <unistd.h>

    static double score(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status) {
      int declare = stepwise_json_bool(easy->parameters, "declare", 0);
      uint64_t trouble = easy->step % 5;
      if (declare && (trouble == 1 || trouble == 2 || trouble == 4)) {
        *status = STEPWISE_SCORE_ABSTAIN;
        return 0;
      }
      if (trouble == 1) *(volatile int *)8 = 1;
      if (trouble == 2) {
        signal(SIGTERM, SIG_IGN);
        for (;;) pause();
      }
      if (trouble == 3 && !declare) {
        volatile char *lost = malloc(1 << 20);
        for (int i = 0; lost && i < 1 << 20; i += 4096) lost[i] = 1;
      }
      if (trouble == 4) return NAN;
      return item->completion.size % 7 / 6.0;
    }
    STEPWISE_EASY_REWARD("org.example.reward.moody", "1.0.0", score, 0.0, 1.0, NAN)

    """

  @Test(.enabled(if: ForeignPluginTests.hasCompiler, "needs a C compiler"))
  func theCurvesAreThoseOfDeclaredAbstentions() throws {
    let workshop = try Workshop()
    try CPlugin.build(
      Self.source,
      in: workshop,
      name: "moody",
      parameters: "declare: {type: boolean, default: false}"
    )
    func train(_ name: String, _ reward: String) throws -> Stepwise.Answer {
      try workshop.stepwise(
        "train",
        "tiny.yaml",
        "output_dir=\(name)",
        "grpo.num_iterations=1",
        "rewards=[{plugin: ./moody, \(reward)}, knights-and-knaves]"
      )
    }
    let moody = try train("moody-run", "on_failure: abstain, timeout: 0.5, isolation: process")
    #expect(moody.code == 0, "\(moody.error)")
    for word in ["SIGSEGV", "within 0.5 s", "nan"] {
      #expect(moody.error.lowercased().contains(word.lowercased()), "\(word): \(moody.error)")
    }
    let declared = try train("declared", "parameters: {declare: true}")
    #expect(declared.code == 0, "\(declared.error)")
    #expect(try workshop.weights("moody-run") == workshop.weights("declared"))
    #expect(try curves(workshop, "moody-run") == curves(workshop, "declared"))
    // 12 steps: 1, 6 and 11 crash, 2 and 7 hang, 4 and 9 answer NaN.
    let outcomes = try workshop.text("moody-run/outcomes.jsonl").split(separator: "\n")
    #expect(outcomes.count == 7, "\(outcomes)")
    #expect(try workshop.text("declared/outcomes.jsonl").isEmpty)
  }

  /// metrics.jsonl without what a clock measures.
  private func curves(_ workshop: Workshop, _ run: String) throws -> [String] {
    try workshop.text("\(run)/metrics.jsonl").split(separator: "\n").map {
      String($0).replacing(#/"(step_time|tokens_per_second)":[^,}]*/#, with: "")
    }
  }
}
