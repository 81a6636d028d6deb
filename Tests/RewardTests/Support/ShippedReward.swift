import Components
import Foundation
import PluginHost

/// A reward that ships, loaded as a run loads it.
struct ShippedReward {
  let function: any RewardFunction

  /// - Parameter deadline: seconds for a call.
  init(
    _ name: String,
    _ parameters: ParameterValue = [:],
    isolation: Isolation? = nil,
    deadline: Double = 60
  ) throws {
    let staged = TestData.package.appending(path: ".build/release/plugins").path
    let given = PluginCatalog.environmentSearchPaths
    let catalog = PluginCatalog(
      searchPaths: given.isEmpty ? [staged] : given,
      policy: .trustingAll
    )
    var services = HostServices()
    services.callBudget = .seconds(deadline)
    function = try catalog.loadReward(
      PluginReference(name, parameters: parameters, isolation: isolation),
      services: services
    ).part
  }

  /// A completion to be scored.
  static func item(
    _ completion: String,
    prompt: String = "",
    ids: [Int32] = [],
    _ columns: [Column] = []
  ) -> RewardItem {
    RewardItem(
      id: 1,
      example: Example(id: 7, prompt: .text(prompt), columns: columns),
      promptText: prompt,
      completion: completion,
      completionWithSpecialTokens: completion,
      completionIDs: ids,
      truncated: false
    )
  }

  /// The scores of items, `nil` where the reward abstained.
  func scores(_ items: [RewardItem]) throws -> [Double?] {
    let items = items.enumerated().map { index, item in
      var item = item
      item.id = UInt64(index)
      item.example.id = UInt64(index)
      return item
    }
    return try function.score(RewardBatch(step: 0, seed: 1, items: items)).map {
      if case .score(let value) = $0 { value } else { nil }
    }
  }

  func score(_ completion: String, prompt: String = "", _ columns: [Column] = []) throws -> Double?
  {
    try scores([Self.item(completion, prompt: prompt, columns)])[0]
  }

  func answer(_ completion: String, _ columns: [Column] = []) throws -> String? {
    let item = Self.item(completion, columns)
    return try function.answers(RewardBatch(step: 0, seed: 1, items: [item]))[0]
  }
}

/// What loading or scoring says when it fails.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "it did not fail"
  } catch {
    return String(describing: error)
  }
}
