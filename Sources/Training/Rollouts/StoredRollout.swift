public import FoundationEssentials
public import RunStore

/// A member of a generation batch with what became of it: one line of `rollouts.jsonl`.
///
///     {"generation":12,"step":52,"id":6144,"round":0,"group":3,"prompt_id":"8237...","epoch":0,"position":417,
///      "completion":"<answer> ...","completion_ids":[5,9,2],"tokens":3,"terminated":true,
///      "rewards":{"knights-and-knaves":1.0},"reward":1.0,"advantage":0.93}
///
/// `kind` ("demonstration"), `hint` and `weight` stand there only where they say something.
public struct StoredRollout: Sendable, Equatable {
  /// One reward's outcome.
  public struct Outcome: Sendable, Equatable {
    /// The reward's name in metrics.
    public var reward: String
    /// Its score; `nil` where it abstained.
    public var score: Double?
  }

  /// The generation batch, 0-based.
  public var generation: Int
  /// The step, 0-based, in which it was sampled.
  public var step: Int
  /// The sample's id: its random stream, and what rewards know it by.
  public var id: UInt64
  /// Members of one batch and round were scored together.
  public var round: Int
  /// The prompt's place in the batch: members of one group compete.
  public var group: Int
  /// The row's id.
  public var promptID: UInt64
  /// The epoch in which the row was drawn.
  public var epoch: Int
  /// The row's position in the prompts' dataset.
  public var position: Int
  /// Whether the strategy put the row's demonstration into the group; nothing was sampled then.
  public var isDemonstration: Bool
  /// The text without special tokens.
  public var completion: String
  /// The tokens, the one that ends it included.
  public var completionIDs: [Int32]
  /// How many tokens were given by a demonstration's prefix.
  public var hint: Int
  /// Whether it ended by itself; otherwise it was cut at the length limit.
  public var terminated: Bool
  /// What each reward said; empty for a demonstration whose reward the strategy gave.
  public var rewards: [Outcome]
  /// The weighted sum; `nil` where all abstained.
  public var reward: Double?
  /// The advantage that it was trained with; `nil` where the strategy's route dropped it.
  public var advantage: Double?
  /// What its loss was multiplied by.
  public var weight: Double
}

extension StoredRollout {
  /// The line.
  public var record: Record {
    var record: Record = [
      "generation": RecordValue(generation), "step": RecordValue(step),
      "id": .int(Int64(clamping: id)), "round": RecordValue(round), "group": RecordValue(group),
      // Ids of rows are hashes: as numbers they would lose digits in most readers.
      "prompt_id": .string(String(promptID)), "epoch": RecordValue(epoch),
      "position": RecordValue(position),
    ]
    if isDemonstration { record["kind"] = "demonstration" }
    record["completion"] = .string(completion)
    record["completion_ids"] = .array(completionIDs.map { .int(Int64($0)) })
    record["tokens"] = RecordValue(completionIDs.count)
    if hint > 0 { record["hint"] = RecordValue(hint) }
    record["terminated"] = .bool(terminated)
    record["rewards"] = .object(rewards.map { RecordField($0.reward, RecordValue($0.score)) })
    record["reward"] = RecordValue(reward)
    record["advantage"] = RecordValue(advantage)
    if weight != 1 { record["weight"] = .double(weight) }
    return record
  }

  /// Reads a line.
  ///
  /// - Returns: `nil` where a field is missing or of another type.
  public init?(_ record: Record) {
    func whole(_ name: String) -> Int? {
      if case .int(let value)? = record[name] { return Int(value) }
      return nil
    }
    guard let generation = whole("generation"), let step = whole("step"), let id = whole("id"),
      id >= 0, let round = whole("round"), let group = whole("group"),
      let prompt = record["prompt_id"]?.text.flatMap({ UInt64($0) }), let epoch = whole("epoch"),
      let position = whole("position"), position >= 0, let text = record["completion"]?.text,
      case .array(let tokens)? = record["completion_ids"],
      case .bool(let terminated)? = record["terminated"],
      case .object(let rewards)? = record["rewards"], let reward = record["reward"],
      let advantage = record["advantage"]
    else { return nil }
    var ids: [Int32] = []
    for token in tokens {
      guard case .int(let value) = token, let token = Int32(exactly: value) else { return nil }
      ids.append(token)
    }
    self.init(
      generation: generation,
      step: step,
      id: UInt64(id),
      round: round,
      group: group,
      promptID: prompt,
      epoch: epoch,
      position: position,
      isDemonstration: record["kind"]?.text == "demonstration",
      completion: text,
      completionIDs: ids,
      hint: whole("hint") ?? 0,
      terminated: terminated,
      rewards: rewards.map { Outcome(reward: $0.name, score: $0.value.number) },
      reward: reward.number,
      advantage: advantage.number,
      weight: record["weight"]?.number ?? 1
    )
  }

  /// The stored rollouts of a run that may be going; empty where it kept none.
  ///
  /// - Throws: `RunStoreError.damaged` with file and line.
  public static func all(of run: URL) throws -> [StoredRollout] {
    try RunDirectory.recordsSoFar(in: .rollouts, of: run).enumerated().map { number, record in
      guard let rollout = StoredRollout(record) else {
        throw RunStoreError.damaged(
          path: "\(run.path)/\(RunStream.rollouts.fileName)",
          reason: "line \(number + 1): not a rollout"
        )
      }
      return rollout
    }
  }
}
