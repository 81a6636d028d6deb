import Foundation
import Testing

/// A run that was killed anywhere ends with the bits of the run that never was.
@Suite(.serialized) struct KilledRunTests {
  /// `STEPWISE_KILLS` raises it; every kill is a whole run.
  static let kills = ProcessInfo.processInfo.environment["STEPWISE_KILLS"].flatMap { Int($0) } ?? 4

  static let configuration = [
    "tiny.yaml", "strategy=grpo", "demonstrations=null", "max_steps=60", "save_steps=4",
  ]

  @Test func killedAtRandomMoments() throws {
    let workshop = try Workshop()
    let began = Date.now
    let whole = try Stepwise.run(
      ["train"] + Self.configuration + ["output_dir=whole"],
      in: workshop.url
    )
    #expect(whole.code == 0, "\(whole.error)")
    let duration = Date.now.timeIntervalSince(began)
    let expected = try workshop.weights("whole")
    let streams = ["metrics.jsonl", "decisions.jsonl", "rollouts.jsonl"]

    for index in 0..<Self.kills {
      let name = "killed-\(index)"
      let run = try Stepwise.Running(
        ["train"] + Self.configuration + ["output_dir=\(name)"],
        in: workshop.url
      )
      usleep(UInt32(Double.random(in: 0.05..<0.95) * duration * 1e6))
      run.signal(SIGKILL)
      _ = try run.wait()
      // Killed before its configuration was written, there is no run yet: begin again.
      let isRun = workshop.exists("\(name)/provenance.json")
      if !isRun { try? FileManager.default.removeItem(at: workshop.file(name)) }
      let again = try Stepwise.run(
        isRun
          ? ["train", "--resume", name]
          : ["train"] + Self.configuration + ["output_dir=\(name)"],
        in: workshop.url
      )
      #expect(again.code == 0, "\(again.error)")
      #expect(try workshop.weights(name) == expected, "kill \(index)")
      for stream in streams {
        #expect(
          try workshop.stable("\(name)/\(stream)") == workshop.stable("whole/\(stream)"),
          "kill \(index), \(stream)"
        )
      }
    }
  }

  @Test func threadsAndTheEnvironmentChangeNoBits() throws {
    let workshop = try Workshop()
    var all: [[String: Data]] = []
    let settings: [(threads: Int, environment: [String: String])] = [
      (1, [:]), (2, [:]), (2, ["OPENBLAS_CORETYPE": "Haswell"]), (3, ["OPENBLAS_NUM_THREADS": "2"]),
    ]
    for (index, setting) in settings.enumerated() {
      let answer = try Stepwise.run(
        [
          "train", "tiny.yaml", "output_dir=run-\(index)", "numerics.threads=\(setting.threads)",
        ],
        in: workshop.url,
        environment: setting.environment
      )
      #expect(answer.code == 0, "\(answer.error)")
      all.append(try workshop.weights("run-\(index)"))
    }
    #expect(all.allSatisfy { $0 == all[0] })
  }

  @Test func otherSeedsAreOtherRuns() throws {
    // Guards the tests above: files that are always equal would let them pass.
    let workshop = try Workshop()
    for seed in [1, 2] {
      let answer = try workshop.stepwise(
        "train",
        "tiny.yaml",
        "output_dir=seed-\(seed)",
        "seed=\(seed)"
      )
      #expect(answer.code == 0, "\(answer.error)")
    }
    #expect(try workshop.weights("seed-1") != workshop.weights("seed-2"))
  }

  @Test func aResumeWithOtherBitsIsRefusedUnlessTold() throws {
    let workshop = try Workshop()
    #expect(
      try workshop.stepwise("train", "tiny.yaml", "output_dir=out", "max_steps=3").code == 0
    )
    let refused = try workshop.stepwise(
      "train",
      "--resume",
      "out",
      "numerics.kernel_level=baseline",
      "max_steps=6"
    )
    #expect(refused.code == 1, "\(refused)")
    #expect(refused.error.contains("numerics.kernel_level"), "\(refused.error)")
    #expect(refused.error.contains("--accept-changes"))
    let told = try workshop.stepwise(
      "train",
      "--resume",
      "out",
      "numerics.kernel_level=baseline",
      "max_steps=6",
      "--accept-changes"
    )
    #expect(told.code == 0, "\(told.error)")
    #expect(try workshop.text("out/provenance.json").contains("kernel_level: x86-64"))
  }
}

extension Workshop {
  /// The lines of a stream without the times, which no two runs share.
  func stable(_ name: String) throws -> [String] {
    try text(name).split(separator: "\n").map { line in
      String(line.replacing(#/"(step_time|tokens_per_second)":[^,}]+,?/#, with: ""))
    }
  }
}
