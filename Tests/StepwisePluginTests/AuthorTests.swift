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
