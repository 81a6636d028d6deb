import Components
import Testing

@testable import Training

@Suite("Rewards that depend on each other")
struct RewardCompositionTests {
  private static func batch(_ completions: [String]) -> RewardBatch {
    RewardBatch(
      step: 0,
      seed: 1,
      items: completions.enumerated().map { index, text in
        RewardItem(
          id: UInt64(index),
          example: Example(id: UInt64(index), prompt: .text("p")),
          promptText: "p",
          completion: text,
          completionWithSpecialTokens: text,
          completionIDs: [],
          truncated: false
        )
      }
    )
  }

  /// What a reward was asked, and a score for each letter of its alphabet.
  private final class Judge: RewardFunction {
    let identity = ComponentIdentity(id: "org.example.judge", version: "1.0.0", digest: "0")
    let description: RewardDescription
    private let scores: [String: Double]
    private(set) var asked: [[String]] = []

    init(_ name: String, threshold: Double? = nil, _ scores: [String: Double]) {
      description = RewardDescription(name: name, successThreshold: threshold)
      self.scores = scores
    }

    func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
      asked.append(batch.items.map(\.completion))
      return batch.items.map { scores[$0.completion].map(RewardOutcome.score) ?? .abstained }
    }

    func answers(_ batch: RewardBatch) throws -> [String?] { batch.items.map(\.completion) }
  }

  @Test("a shut gate: not asked, and what it contributes is `otherwise`")
  func gate() throws {
    let format = Judge("format", ["a": 1, "b": 0, "c": 1])
    let right = Judge("right", threshold: 1, ["a": 1, "b": 1, "c": 0])
    let panel = try RewardPanel([
      WeightedReward(format, weight: 0.5),
      WeightedReward(
        right,
        weight: 2,
        gate: RewardGate(reward: "format", atLeast: 1, otherwise: -1)
      ),
    ])
    let batch = Self.batch(["a", "b", "c", "x"])
    let scores = try panel.score(batch)
    #expect(right.asked == [["a", "c"]])
    #expect(scores == [[1, 0, 1, nil], [1, nil, 0, nil]])
    #expect(
      panel.contributions(scores)[1] == [1, -1, 0, nil],
      "abstained where the gate's reward did"
    )
    #expect(panel.totals(scores) == [2.5, -2, 0.5, nil])
    #expect(panel.solved(scores) == [true, false, false, false])
    #expect(try panel.answers(batch, scores) == ["a", "b", "c", "x"], "format gives answers too")
    #expect(
      panel.composition.metrics(scores) == [Diagnostic("rewards/right/gated_ratio", 0.25)]
    )
  }

  @Test("what does not count has no vote")
  func answers() throws {
    let panel = try RewardPanel([
      WeightedReward(
        Judge("right", threshold: 1, ["a": 1, "b": 1]),
        gate: RewardGate(reward: "format", atLeast: 1)
      ),
      WeightedReward(FakeReward("format") { .score($0.completion == "a" ? 1 : 0) }),
    ])
    let batch = Self.batch(["a", "b"])
    let scores = try panel.score(batch)
    #expect(try panel.answers(batch, scores) == ["a", nil])
  }

  @Test("a reward whose gate is shut for all is not called")
  func neverCalled() throws {
    let right = Judge("right", ["a": 1])
    let panel = try RewardPanel([
      WeightedReward(right, gate: RewardGate(reward: "format", atLeast: 1)),
      WeightedReward(Judge("format", ["a": 0])),
    ])
    #expect(try panel.score(Self.batch(["a", "a"])) == [[nil, nil], [0, 0]])
    #expect(right.asked.isEmpty)
    #expect(panel.totals([[nil, nil], [0, 0]]) == [0, 0])
  }

  @Test("the order of the list does not matter, along a chain of gates too")
  func order() throws {
    func rewards() -> [WeightedReward] {
      [
        WeightedReward(Judge("format", ["a": 1, "b": 0, "c": 1, "d": 1])),
        WeightedReward(
          Judge("right", ["a": 1, "b": 1, "c": 0]),
          weight: 3,
          gate: RewardGate(reward: "format", atLeast: 1, otherwise: -2)
        ),
        WeightedReward(
          Judge("brief", ["a": 5, "b": 5, "c": 5, "d": 5]),
          weight: 0.1,
          gate: RewardGate(reward: "right", atLeast: 1),
          clip: 0...1
        ),
        WeightedReward(
          Judge("sorry", ["a": 7, "b": 7, "c": 7, "d": 7]),
          gate: RewardGate(reward: "right", below: 0, otherwise: 0.5)
        ),
      ]
    }
    let batch = Self.batch(["a", "b", "c", "d"])
    // a: 1 + 3 + 0.1 + 0.5. b: 0 - 6 + 0 + 7, since `right` counts as -2. c: 1 + 0 + 0 + 0.5. d: `right` abstains, and what looks at it.
    let expected: [Double] = [4.6, 1, 1.5, 1]
    for places in permutations(4) {
      let all = rewards()
      let panel = try RewardPanel(places.map { all[$0] })
      let totals = panel.totals(try panel.score(batch))
      for (total, right) in zip(totals, expected) {
        #expect(abs((total ?? .nan) - right) < 1e-12, "\(panel.names): \(totals)")
      }
    }
  }

  private func permutations(_ count: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    return permutations(count - 1).flatMap { shorter in
      (0...shorter.count).map { place in
        var longer = shorter
        longer.insert(count - 1, at: place)
        return longer
      }
    }
  }

  @Test("scores are clipped for the sum, and metrics tell what was")
  func clip() throws {
    let panel = try RewardPanel([
      WeightedReward(Judge("far", ["a": -3, "b": 0.25, "c": 9]), weight: 2, clip: -1...1)
    ])
    let scores = try panel.score(Self.batch(["a", "b", "c", "x"]))
    #expect(scores == [[-3, 0.25, 9, nil]], "the scores themselves stay")
    #expect(panel.totals(scores) == [-2, 0.5, 2, nil])
    #expect(
      panel.composition.metrics(scores) == [Diagnostic("rewards/far/clipped_ratio", 2.0 / 3)]
    )
  }

  @Test("a gate sees what its reward said, not what clipping made of it")
  func gateBeforeClip() throws {
    let panel = try RewardPanel([
      WeightedReward(Judge("first", ["a": 3]), clip: 0...1),
      WeightedReward(Judge("second", ["a": 1]), gate: RewardGate(reward: "first", atLeast: 2)),
    ])
    #expect(panel.totals(try panel.score(Self.batch(["a"]))) == [2])
  }

  @Test("gates that cannot be are refused")
  func refused() {
    func problem(_ gates: [String: String]) -> String {
      let names = ["format", "right", "brief"]
      let rewards = names.map { name in
        WeightedReward(
          Judge(name, [:]),
          gate: gates[name].map { RewardGate(reward: $0, atLeast: 1) }
        )
      }
      do {
        _ = try RewardPanel(rewards)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(
      problem(["right": "fromat"]).contains("fromat is no reward of this run. Did you mean format?")
    )
    #expect(problem(["right": "xyzzy"]).contains("Name one of format, brief"))
    #expect(problem(["right": "right"]).contains("is the reward itself"))
    let circle = problem(["right": "brief", "brief": "right"])
    #expect(circle.contains("right -> brief -> right is a circle"), "\(circle)")
    #expect(problem(["right": "format", "brief": "format"]).isEmpty)
  }

  @Test("a run with a gate is the run of the reward that does the same by hand")
  func run() throws {
    func odd(_ item: RewardItem) -> Double {
      Double(item.completionIDs.filter { $0 % 2 == 1 }.count)
    }
    func short(_ item: RewardItem) -> Double { item.completionIDs.count < 5 ? 1 : 0 }
    var gated = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    gated.reward = FakeReward("short", threshold: nil) { .score(short($0)) }
    gated.moreRewards = [
      WeightedReward(
        FakeReward("odd") { .score(odd($0)) },
        weight: 2,
        gate: RewardGate(reward: "short", atLeast: 1, otherwise: 0.25),
        clip: 0...2
      )
    ]
    var plain = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    plain.reward = FakeReward("both") { item in
      .score(short(item) + 2 * (short(item) == 1 ? min(odd(item), 2) : 0.25))
    }
    defer { for run in [gated, plain] { run.remove() } }
    #expect(try gated.weights() == (try plain.weights()))
  }

  @Test("an exchange that leaves a gate without its reward is refused, and changes nothing")
  func exchange() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    run.reward = FakeReward("format") { .score(Double($0.completionIDs.count % 2)) }
    defer { run.remove() }
    let (trainer, _) = try run.trainer()
    let gated = WeightedReward(
      FakeReward("right") { _ in .score(1) },
      gate: RewardGate(reward: "format", atLeast: 1)
    )
    #expect(throws: TrainingError.self) { try trainer.exchange(rewards: [gated]) }
    #expect(trainer.rewards.names == ["format"])
    try trainer.exchange(rewards: [gated, WeightedReward(run.reward)])
    #expect(trainer.rewards.names == ["right", "format"])
  }
}
