import Components
import RunStore

/// The scores that a second asking may not repeat: of rewards that do not promise equal answers, and of failed batches that the
/// run went on from. They are on the disk before they are used, and steps that are done again after a resume take them from there.
final class RewardLedger {
  private let log: OutcomeLog
  private var known: [Key: [RewardOutcome]] = [:]

  /// Identifies a batch for a reward.
  fileprivate struct Key: Hashable {
    var reward: String
    var step: Int64
    /// The first item's id, and how many there are.
    var first: String
    var count: Int64
    /// Of everything that the reward sees of the completions.
    var fingerprint: String

    init(_ reward: String, _ batch: RewardBatch) {
      self.reward = reward
      step = Int64(batch.step)
      first = String(batch.items.first?.id ?? 0)
      count = Int64(batch.items.count)
      fingerprint = batch.fingerprint
    }

    init?(_ record: Record) {
      guard case .string(let reward)? = record["reward"], case .int(let step)? = record["step"],
        case .string(let first)? = record["first_item"], case .int(let count)? = record["items"],
        case .string(let fingerprint)? = record["fingerprint"]
      else { return nil }
      (self.reward, self.step, self.first) = (reward, step, first)
      (self.count, self.fingerprint) = (count, fingerprint)
    }
  }

  init(_ log: OutcomeLog) {
    self.log = log
    for record in log.records {
      guard let key = Key(record), case .array(let values)? = record["scores"],
        values.count == key.count
      else { continue }
      known[key] = values.map { $0.number.map(RewardOutcome.score) ?? .abstained }
    }
  }

  /// What it holds at a moment of this process.
  struct Mark {
    fileprivate var known: [Key: [RewardOutcome]]
    fileprivate var length: Int
  }

  /// What it holds now.
  func mark() -> Mark { Mark(known: known, length: log.length) }

  /// Forgets what was answered since: in a step that is as if it had never been, by a reward that another one may be named like.
  func rewind(to mark: Mark) throws {
    known = mark.known
    try log.rewind(to: mark.length)
  }

  /// What the reward answered for this batch before, if it was written down.
  func outcomes(of reward: String, for batch: RewardBatch) -> [RewardOutcome]? {
    known.isEmpty ? nil : known[Key(reward, batch)]
  }

  /// Writes an answer down.
  ///
  /// - Parameter failure: why it is not the reward's own, if it is not.
  func record(
    _ outcomes: [RewardOutcome],
    of reward: String,
    for batch: RewardBatch,
    failure: String? = nil
  ) throws {
    let key = Key(reward, batch)
    var record: Record = [
      "step": .int(key.step), "reward": .string(reward), "first_item": .string(key.first),
      "items": .int(key.count), "fingerprint": .string(key.fingerprint),
    ]
    if let failure { record["failure"] = .string(failure) }
    record["scores"] = .array(
      outcomes.map { if case .score(let value) = $0 { .double(value) } else { .null } }
    )
    try log.append(record)
    known[key] = outcomes
  }
}

extension RewardBatch {
  /// A hash of what is scored: FNV-1a, 64 bits, over ids and texts. It tells batches of one run apart and guards against nothing
  /// else.
  fileprivate var fingerprint: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      // A text's end, so that two texts do not read as one.
      hash = (hash ^ 0xff) &* 0x100_0000_01b3
    }
    for item in items {
      withUnsafeBytes(of: item.id.littleEndian) { add($0) }
      add(item.completionWithSpecialTokens.utf8)
    }
    return String(hash, radix: 16)
  }
}
