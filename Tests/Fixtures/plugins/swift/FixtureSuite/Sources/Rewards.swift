import StepwisePlugin

/// 1 for completions of at most `limit` bytes. Thread-safe, so that the SDK scores it on the host's workers.
struct LengthReward: Reward {
  static var concurrency: Concurrency { .threadSafe }
  private var limit: Int

  init(parameters: Parameters) throws { limit = try parameters.int("limit", default: 5) }

  var declaration: RewardDeclaration {
    RewardDeclaration(name: "short", range: 0...1, successThreshold: 1)
  }

  func score(_ item: RewardItem) throws -> Score {
    if item.completion == "abstain" { return .abstained }
    if item.completion == "fail" { throw PluginFailure(.data, "nothing can be said") }
    return item.completion.utf8.count <= limit ? 1 : 0
  }

  func answer(_ item: RewardItem) throws -> String? {
    if item.completion == "abstain" { return nil }
    if item.completion == "fail" { throw PluginFailure(.data, "nothing can be said") }
    return item.completion.lowercased()
  }
}

extension LengthReward: Reconfigurable {
  mutating func reconfigure(_ parameters: Parameters) throws {
    let limit = try parameters.int("limit")
    guard limit != 13 else { throw PluginFailure(.argument, "13 is not wanted") }
    self.limit = limit
  }
}

/// Compares the completion with the `answer` column, and answers the sum of everything else it sees.
struct CompareReward: BatchReward {
  static var id: String? { "org.stepwise.fixture.compare" }

  init(parameters: Parameters) throws {}

  var declaration: RewardDeclaration { RewardDeclaration(requiredColumns: ["answer"]) }

  func score(_ batch: RewardBatch) throws -> [Score] {
    batch.items.map { item in
      guard let host = batch.host, item.example.column("answer") == .text(item.completion) else {
        return .value(-1)
      }
      host.metric("seen", Double(item.completion.utf8.count))
      let draw = host.uniform(seed: batch.seed, step: UInt64(batch.step), item: item.id, draw: 1)
      return .value(
        draw + Double(item.completionIDs.reduce(0, +)) + (item.truncated ? 1000 : 0)
          + Double(item.promptText.utf8.count + item.completionWithSpecialTokens.utf8.count)
      )
    }
  }
}

extension CompareReward {
  /// What it sees of the batch; one answer for all when the first completion says so.
  func answers(_ batch: RewardBatch) -> [String?] {
    if batch.items.first?.completion == "few" { return ["few"] }
    return batch.items.map { "\($0.completion) of \(batch.items.count) at \(batch.step)" }
  }
}

/// Uses every service; each item's text says which, the score or the error is what came of it.
struct ServicesReward: Reward {
  static var id: String? { "org.stepwise.fixture.swift-services" }
  private var host: Host?

  init(parameters: Parameters) throws {}

  mutating func start(_ host: Host) throws {
    host.log("started in \(host.resourceDirectory)", level: .debug)
    self.host = host
  }

  func score(_ item: RewardItem) throws -> Score {
    guard let host else { throw PluginFailure("start was not called") }
    switch item.completion {
    case "cancelled": return host.isCancelled ? 1 : 0
    case "remaining": return host.remainingNanoseconds == nil ? 1 : 0
    case "encode": return .value(Double(try host.encode(item.promptText).count))
    case "decode": return .value(Double(try host.decode(item.completionIDs).utf8.count))
    case "kept": return .value(Double(try host.decode([1], keepingSpecialTokens: true).utf8.count))
    case "policy":
      return .value(Double(try host.logProbabilities(of: [5, 6], after: [1]).reduce(0, +)))
    case "reference":
      _ = try host.logProbabilities(of: [5], after: [1], under: .reference)
      return 0
    default: return .abstained
    }
  }
}

/// Answers the text parameter that a completion names.
struct ParametersReward: Reward, Reconfigurable {
  static var id: String? { "org.stepwise.fixture.parameters" }
  private var parameters: Parameters

  init(parameters: Parameters) throws { self.parameters = parameters }

  func score(_ item: RewardItem) -> Score { .abstained }

  func answer(_ item: RewardItem) throws -> String? { try parameters.string(item.completion) }

  mutating func reconfigure(_ parameters: Parameters) throws { self.parameters = parameters }
}
