import Foundation
import Testing

/// Plugins written in C against the header alone, outside the repository, compiled with plain `cc -shared`.
@Suite struct ForeignPluginTests {
  /// Whether there is a C compiler.
  static let hasCompiler = FileManager.default.isExecutableFile(atPath: "/usr/bin/cc")

  private func reward(_ body: String, _ name: String) -> String {
    """
    #include <stepwise/easy.h>
    #include <math.h>
    static double score(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status) {
      (void)easy; (void)status;
      \(body)
    }
    STEPWISE_EASY_REWARD("org.example.reward.\(name)", "1.0.0", score, 0.0, 1.0, NAN)

    """
  }

  @Test(.enabled(if: hasCompiler, "needs a C compiler"))
  func aRewardInCRuns() throws {
    let workshop = try Workshop()
    try CPlugin.build(
      reward("return item->completion.size <= 40 ? 1.0 : 0.25;", "brief"),
      in: workshop,
      name: "brief"
    )
    let answer = try workshop.stepwise(
      "train",
      "tiny.yaml",
      "output_dir=out",
      "rewards=[./brief]",
      "max_steps=2"
    )
    #expect(answer.code == 0, "\(answer.error)")
    #expect(try workshop.text("out/metrics.jsonl").contains("rewards/brief/mean"))
    #expect(try workshop.text("out/provenance.json").contains("org.example.reward.brief"))
  }

  @Test(.enabled(if: hasCompiler, "needs a C compiler"))
  func aRewardThatIsNaNIsNamed() throws {
    let workshop = try Workshop()
    try CPlugin.build(reward("return (double)NAN;", "lost"), in: workshop, name: "lost")
    let answer = try workshop.stepwise(
      "train",
      "tiny.yaml",
      "output_dir=out",
      "rewards=[./lost]"
    )
    #expect(answer.code == 1, "\(answer)")
    #expect(answer.error.contains("org.example.reward.lost"), "\(answer.error)")
    #expect(answer.error.lowercased().contains("nan"), "\(answer.error)")
  }

  @Test(.enabled(if: hasCompiler, "needs a C compiler"))
  func aPluginOfAnotherABIIsRefusedWithTheField() throws {
    let workshop = try Workshop()
    try CPlugin.build(
      reward("return 1.0;", "future").replacing(
        "#include <stepwise/easy.h>",
        with: "#include <stepwise/entry.h>\n#undef STEPWISE_ABI_MAJOR\n"
          + "#define STEPWISE_ABI_MAJOR 9\n#include <stepwise/easy.h>"
      ),
      in: workshop,
      name: "future"
    )
    let answer = try workshop.stepwise(
      "train",
      "tiny.yaml",
      "output_dir=out",
      "rewards=[./future]"
    )
    #expect(answer.code == 1, "\(answer)")
    for word in ["org.example.reward.future", "libfuture.so", "abi_major", "9", "1"] {
      #expect(answer.error.contains(word), "\(answer.error)")
    }
    #expect(!workshop.exists("out"))
  }

  @Test(arguments: ["", "this is no library\n"])
  func aFileThatIsNoLibraryIsNamed(content: String) throws {
    let workshop = try Workshop()
    let folder = workshop.file("odd")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try workshop.write(
      "odd/plugin.yaml",
      """
      {manifest: 1, id: org.example.reward.odd, kinds: [reward], version: 1.0.0, abi: "1.0", summary: x, variants:
       [{os: linux, arch: x86_64, file: libodd.so}, {os: linux, arch: aarch64, file: libodd.so}]}

      """
    )
    try workshop.write("odd/libodd.so", content)
    let answer = try workshop.stepwise("train", "tiny.yaml", "output_dir=out", "rewards=[./odd]")
    #expect(answer.code == 1, "\(answer)")
    #expect(answer.error.contains("libodd.so"), "\(answer.error)")
    #expect(!workshop.exists("out"))
  }
}
