import Components
import Testing

@testable import Training
@testable import stepwise

@Suite struct ObserverTests {
  @Test func linesComeEveryLoggingSteps() {
    var lines: [String] = []
    var time = 0.0
    let observer = LineObserver(
      RunScreenState(title: "kk", strategy: "sasr", path: "runs/kk"),
      loggingSteps: 10,
      clock: {
        time += 0.5
        return time
      },
      write: { lines.append($0) }
    )
    observer.observe(.started(step: 0, horizon: 25, parameters: 1000))
    for step in 0..<25 { observer.observe(.step(SampleRun.record(step, horizon: 25))) }
    observer.observe(.evaluated(SampleRun.evaluation(25, 0.5)))
    observer.observe(.checkpoint(step: 25, path: "runs/kk/checkpoints/step-00000025"))
    observer.observe(.finished(steps: 25, reason: .completed))
    #expect(lines.count == 7)
    #expect(lines[1].hasPrefix("step 10/25  sft 10  sft/loss "))
    #expect(lines[3].hasPrefix("step 25/25  sft 5"))
    #expect(lines[4].contains("0.500 [0.472, 0.528] of 1200 prompts"))
    #expect(lines.allSatisfy { $0.hasSuffix("\n") && !$0.contains("\u{1b}") })
  }

  @Test func windowsAreAveraged() {
    var lines: [String] = []
    let observer = LineObserver(
      RunScreenState(title: "kk", strategy: "s", path: "p"),
      loggingSteps: 4,
      clock: { 0 },
      write: { lines.append($0) }
    )
    for step in 100..<104 {
      observer.observe(.step(SampleRun.record(step, kind: step % 2 == 0 ? .sft : .rl)))
    }
    let mean =
      (SampleRun.report(101, .rl).rl!.rewardMean + SampleRun.report(103, .rl).rl!.rewardMean) / 2
    #expect(lines.count == 1)
    #expect(lines.first?.contains("sft 2  rl 2") == true)
    #expect(lines.first?.contains("reward \(NumberText.short(mean))") == true)
  }

  @Test func eachEventIsOneJSONObject() throws {
    var lines: [String] = []
    let observer = JSONObserver { lines.append($0) }
    observer.observe(.started(step: 0, horizon: 2, parameters: 10))
    observer.observe(.generating(done: 1, total: 2))
    observer.observe(.step(SampleRun.record(50)))
    observer.observe(.evaluated(SampleRun.evaluation(1, 0.25)))
    observer.observe(.checkpoint(step: 1, path: "p \"q\""))
    observer.observe(.finished(steps: 2, reason: .interrupted))
    let values = try lines.map { line in
      #expect(line.hasSuffix("\n") && line.count { $0 == "\n" } == 1)
      return try YAMLReader.read(line, from: .file("json")).plain
    }
    #expect(
      values.map { $0["event"] }
        == ["started", "generating", "step", "evaluated", "checkpoint", "finished"].map {
          .string($0)
        }
    )
    #expect(values[2]["kind"] == .string("rl"))
    #expect(values[2]["metrics"]?["loss"] == .double(0.5))
    // JSON has no NaN.
    #expect(values[2]["metrics"]?["kl"] == .null)
    #expect(values[3]["pass_at_1"]?["low"] == .double(0.25 - 0.028))
    #expect(values[4]["path"] == .string("p \"q\""))
    #expect(values[5]["reason"] == .string("interrupted"))
  }
}
