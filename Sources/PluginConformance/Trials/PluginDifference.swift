public import Components
public import PluginHost

/// What a new version of a component changes.
public struct PluginDifference: Sendable {
  /// A key of the manifest that says something else.
  public struct Change: Sendable, Equatable {
    /// The key, for example `parameters.limit.default`.
    public var key: String
    /// What it was; `nil`: it was not there.
    public var old: String?
    /// What it is; `nil`: it is gone.
    public var new: String?
  }

  /// An item that gets another outcome.
  public struct Item: Sendable, Equatable {
    /// Its place in the batch file, from 0.
    public var place: Int
    /// The item's id.
    public var id: UInt64
    /// The completion.
    public var completion: String
    /// What the old version says.
    public var old: RewardOutcome
    /// What the new version says.
    public var new: RewardOutcome
  }

  /// What differs between the manifests.
  public var changes: [Change]
  /// Items that were compared.
  public var itemCount = 0
  /// Items with another outcome.
  public var items: [Item] = []
  /// The largest difference of two scores, or `nil` where no two scores differ.
  public var largest: Double?
  /// Items whose advantage within their group is positive with one version and negative with the other.
  public var signChanges = 0
  /// Groups that have rewards of several values with one version and not with the other.
  public var groupsThatTeach = (old: 0, new: 0)

  /// Compares manifests.
  public init(manifests old: PluginManifest, _ new: PluginManifest, component: String) {
    changes = Self.changes(Self.facts(old, component), Self.facts(new, component))
  }

  private static func facts(_ manifest: PluginManifest, _ id: String) -> [(String, String)] {
    var facts: [(String, String)] = [
      ("id", manifest.id), ("version", manifest.version.description),
      ("abi", manifest.abi.description), ("summary", manifest.summary),
      ("licence", manifest.licence), ("determinism", manifest.determinism.rawValue),
      (
        "components",
        manifest.components.map { "\($0.kind.rawValue) \($0.id)" }.joined(separator: ", ")
      ),
      ("variants", manifest.variants.map { "\($0.os) \($0.arch)" }.joined(separator: ", ")),
    ]
    guard let component = manifest.components.first(where: { $0.id == id }) else { return facts }
    for parameter in component.parameters.parameters {
      let key = "parameters.\(parameter.name)"
      facts.append(("\(key).type", parameter.type.rawValue))
      facts.append(("\(key).default", parameter.defaultValue?.json ?? "none"))
      if let minimum = parameter.minimum { facts.append(("\(key).minimum", "\(minimum)")) }
      if let maximum = parameter.maximum { facts.append(("\(key).maximum", "\(maximum)")) }
      if !parameter.allowed.isEmpty {
        facts.append(("\(key).enum", parameter.allowed.map(\.json).joined(separator: ", ")))
      }
      if parameter.isChangeable { facts.append(("\(key).changeable", "true")) }
    }
    if let measures = component.measures {
      facts.append(("measures.name", measures.name ?? "none"))
      facts.append(("measures.minimum", measures.minimum.map { "\($0)" } ?? "none"))
      facts.append(("measures.maximum", measures.maximum.map { "\($0)" } ?? "none"))
      facts.append(
        (
          "measures.success_threshold", measures.successThreshold.map { "\($0)" } ?? "none"
        )
      )
      facts.append(("measures.columns", measures.columns.joined(separator: ", ")))
    }
    if component.kind == .strategy {
      facts.append(("needs", "0x" + String(component.needs.rawValue, radix: 16)))
    }
    return facts
  }

  private static func changes(_ old: [(String, String)], _ new: [(String, String)]) -> [Change] {
    var changes: [Change] = []
    for (key, value) in old {
      let now = new.first { $0.0 == key }?.1
      if now != value { changes.append(Change(key: key, old: value, new: now)) }
    }
    for (key, value) in new where !old.contains(where: { $0.0 == key }) {
      changes.append(Change(key: key, old: nil, new: value))
    }
    return changes
  }

  // MARK: - Scores

  /// Compares the outcomes of the same items.
  ///
  /// A group is what shares a prompt, or the row where there is none; its advantages are TRL's, (r - mean) / (std + 1e-4), of which the sign matters here.
  public mutating func compare(
    _ batches: [RewardBatch],
    old: [RewardOutcome],
    new: [RewardOutcome]
  ) {
    var place = 0
    for batch in batches {
      let outcomes = batch.items.indices.map { (old[place + $0], new[place + $0]) }
      for (index, item) in batch.items.enumerated() where outcomes[index].0 != outcomes[index].1 {
        items.append(
          Item(
            place: place + index,
            id: item.id,
            completion: item.completion,
            old: outcomes[index].0,
            new: outcomes[index].1
          )
        )
        if case (.score(let before), .score(let after)) = outcomes[index] {
          largest = max(largest ?? 0, abs(after - before))
        }
      }
      var groups: [[UInt8]: [Int]] = [:]
      for (index, item) in batch.items.enumerated() {
        let prompt = Array(item.example.prompt.plain.utf8)
        let key = prompt.isEmpty ? Array("row \(item.example.id)".utf8) : prompt
        groups[key, default: []].append(index)
      }
      for group in groups.values where group.count > 1 {
        let before = Self.advantages(group.map { outcomes[$0].0 })
        let after = Self.advantages(group.map { outcomes[$0].1 })
        if before.contains(where: { $0 != 0 }) { groupsThatTeach.old += 1 }
        if after.contains(where: { $0 != 0 }) { groupsThatTeach.new += 1 }
        signChanges += zip(before, after).count { $0 * $1 < 0 }
      }
      place += batch.items.count
      itemCount = place
    }
  }

  /// Advantages up to their scale; 0 for whoever abstains.
  private static func advantages(_ outcomes: [RewardOutcome]) -> [Double] {
    let scores = outcomes.map { outcome -> Double? in
      if case .score(let score) = outcome { return score }
      return nil
    }
    let present = scores.compactMap { $0 }
    guard !present.isEmpty else { return outcomes.map { _ in 0 } }
    let mean = present.reduce(0, +) / Double(present.count)
    let spread = present.reduce(0) { max($0, abs($1 - mean)) }
    // Rounding of the mean is no advantage.
    return scores.map { score in
      guard let score, spread > 1e-12 * max(1, abs(mean)) else { return 0 }
      return (score - mean) / spread
    }
  }
}
