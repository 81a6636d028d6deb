import StepwisePlugin
import Testing

/// What a plugin's author does in tests of a component, without any host.
@Suite struct AuthorTests {
  private struct Length: Reward {
    let limit: Int
    init(parameters: Parameters) throws { limit = try parameters.int("limit") }
    func score(_ item: RewardItem) throws -> Score {
      if item.completion.isEmpty { throw PluginFailure("empty") }
      return item.completion.utf8.count <= limit ? 1 : 0.0
    }
  }

  private struct Coin: Strategy {
    private var steps = 0
    init(parameters: Parameters) {}
    mutating func beginStep(_ context: StepContext) -> StepPlan {
      steps += 1
      return StepPlan(context.uniform(UInt64(context.step)) < 0.5 ? .sft : .rl)
    }
  }

  private struct Numbers: Dataset {
    init(parameters: Parameters) {}
    var count: Int? { 5 }
    func example(at index: Int) -> Example { Example(id: UInt64(index), prompt: .text("\(index)")) }
  }

  @Test func rewardWithoutAHost() throws {
    let reward = try Length(parameters: Parameters(json: #"{"limit": 3}"#))
    let items = ["ab", "abcd", ""].map {
      RewardItem(example: Example(id: 1, prompt: .text("p")), completion: $0)
    }
    let scores = try reward.score(RewardBatch(step: 0, seed: 0, items: items))
    #expect(scores == [1, 0, .failed("empty")])
    #expect(Length.concurrency == .serial)
    #expect(reward.declaration == RewardDeclaration())
  }

  @Test func answersWithoutAHost() throws {
    struct Yes: Reward {
      init(parameters: Parameters) {}
      func score(_ item: RewardItem) -> Score { 0 }
      func answer(_ item: RewardItem) throws -> String? {
        if item.completion.isEmpty { throw PluginFailure(.argument, "empty") }
        return item.completion == "?" ? nil : item.completion.lowercased()
      }
    }
    struct Together: BatchReward {
      init(parameters: Parameters) {}
      func score(_ batch: RewardBatch) -> [Score] { batch.items.map { _ in 0 } }
    }
    func batch(_ completions: String...) -> RewardBatch {
      let row = Example(id: 4, prompt: .text("p"))
      let items = completions.enumerated().map {
        RewardItem(id: UInt64($0 + 7), example: row, completion: $1)
      }
      return RewardBatch(step: 0, seed: 0, items: items)
    }
    #expect(try Yes(parameters: Parameters()).answers(batch("YES", "?")) == ["yes", nil])
    #expect {
      _ = try Yes(parameters: Parameters()).answers(batch("a", ""))
    } throws: {
      let failure = $0 as? PluginFailure
      return failure?.reason == .argument && failure?.message == "item 1 (id 8, row 4): empty"
    }
    let length = try Length(parameters: Parameters(json: #"{"limit": 3}"#))
    #expect(try length.answers(batch("a", "b")) == [nil, nil])
    #expect(try Together(parameters: Parameters()).answers(batch("a", "b")) == [nil, nil])
  }

  @Test func strategyWithoutAHost() throws {
    var strategy: any Strategy = Coin(parameters: Parameters())
    let context = StepContext(step: 2, horizon: 9, seed: 0, uniform: { $0 == 2 ? 0.7 : 0.1 })
    #expect(try strategy.beginStep(context).kind == .rl)
    #expect(try strategy.route(RouteRequest(step: 0, prompts: [])) == nil)
    #expect(strategy.requirements == [])
  }

  @Test func datasetWithoutAHost() throws {
    var dataset = Numbers(parameters: Parameters())
    #expect(try dataset.examples(in: 1..<3).map(\.prompt) == [.text("1"), .text("2")])
  }
}
