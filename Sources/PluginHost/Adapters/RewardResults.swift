import CStepwisePlugin
import Components
import Synchronization

/// Where a reward writes its answers. Unchecked because the scores are read after the call only, and the explanations, which may
/// come from any thread, are behind a lock.
final class RewardResults: @unchecked Sendable {
  private let scores: GuardedBuffer<stepwise_score>
  private let explanations = Mutex<[UInt64: String]>([:])

  /// Room for the answers to items with these ids.
  init(ids: [UInt64]) {
    scores = GuardedBuffer(ids.map { stepwise_score.poison(item: $0) })
  }

  /// The C view; lives as long as this object.
  func view() -> stepwise_reward_results {
    var view = stepwise_reward_results()
    view.struct_size = sizeOf(stepwise_reward_results.self)
    view.scores = scores.base
    view.capacity = UInt64(scores.count)
    view.context = Unmanaged.passUnretained(self).toOpaque()
    view.explain = { view, index, message in
      let results = Unmanaged<RewardResults>.fromOpaque(view!.pointee.context).takeUnretainedValue()
      guard index < UInt64(results.scores.count) else { return }
      let text = displayString(message, limit: 4096)
      results.explanations.withLock { $0[index] = text }
    }
    return view
  }

  /// What was written; `count` is what the plugin says.
  func written(count: UInt64) -> RawScores {
    RawScores(
      isIntact: scores.isIntact,
      count: count,
      scores: scores.values,
      explanations: explanations.withLock { $0 }
    )
  }
}

extension stepwise_score {
  /// No status; and a signalling NaN, so that a forgotten value is never a score.
  fileprivate static let poisonedStatus: Int32 = 0x5A5A_5A5A

  /// What stands where no answer was written yet.
  static func poison(item: UInt64) -> Self {
    Self(item: ~item, value: .signalingNaN, status: poisonedStatus, reserved: 0)
  }
}

/// What a reward wrote, before any of it is believed.
struct RawScores {
  /// Whether nothing was written behind the room for the answers.
  var isIntact: Bool
  /// How many answers the plugin says there are.
  var count: UInt64
  /// One for each item.
  var scores: [stepwise_score]
  /// Why items could not be scored, by index.
  var explanations: [UInt64: String]

  /// What is wrong with the answers.
  struct Problem: Error {
    var fault: PluginError.Fault
    var message: String
    var cure: String?
  }

  /// The outcomes: exactly one for each item, in order, finite and in range.
  ///
  /// - Parameter range: the items of the batch that these are the answers for.
  func check(
    _ range: Range<Int>,
    of batch: RewardBatch,
    description: RewardDescription
  ) throws(Problem) -> [RewardOutcome] {
    guard isIntact else {
      throw Problem(
        fault: .overrun,
        message: "it wrote behind the \(scores.count) answers that there is room for",
        cure: "write results->capacity answers at most"
      )
    }
    guard count == UInt64(range.count), scores.count == range.count else {
      throw Problem(
        fault: .count,
        message: "it says that it wrote \(count) answers for \(range.count) items",
        cure: "write one for each item and set results->count to batch->count"
      )
    }
    var outcomes: [RewardOutcome] = []
    outcomes.reserveCapacity(scores.count)
    for (index, answer) in zip(range, scores) {
      let why = explanations.isEmpty ? nil : explanations[UInt64(index - range.lowerBound)]
      outcomes.append(try check(answer, index, of: batch, description, why: why))
    }
    return outcomes
  }

  private func check(
    _ answer: stepwise_score,
    _ index: Int,
    of batch: RewardBatch,
    _ description: RewardDescription,
    why: String?
  ) throws(Problem) -> RewardOutcome {
    let item = batch.items[index]
    var place: String { "item \(index) (id \(item.id), row \(item.example.id))" }
    if answer.status == stepwise_score.poisonedStatus && answer.item == ~item.id {
      throw Problem(
        fault: .count,
        message: "it left \(place) without an answer",
        cure: "write one for each item"
      )
    }
    guard answer.item == item.id else {
      let other = batch.items.firstIndex { $0.id == answer.item }
      throw Problem(
        fault: .order,
        message: "the answer for \(place) is marked with the id \(answer.item)"
          + (other.map { ", which is item \($0)" } ?? ", which is no item"),
        cure: "write the answer for item i to scores[i] and its id into `item`"
      )
    }
    switch Int(answer.status) {
    case Int(STEPWISE_SCORE_ABSTAIN): return .abstained
    case Int(STEPWISE_SCORE_ERROR):
      throw Problem(
        fault: .item,
        message: "\(place) could not be scored: \(why ?? "no reason given")"
      )
    case Int(STEPWISE_SCORE_OK): break
    default:
      throw Problem(
        fault: .status,
        message: "\(place) has the status \(answer.status)",
        cure: "use STEPWISE_SCORE_..."
      )
    }
    guard answer.value.isFinite else {
      throw Problem(
        fault: .notFinite,
        message: "the score of \(place) is \(answer.value)",
        cure: "answer a finite number, or abstain"
      )
    }
    let low = description.minimum ?? -.infinity
    let high = description.maximum ?? .infinity
    guard low <= answer.value, answer.value <= high else {
      throw Problem(
        fault: .range,
        message: "the score of \(place) is \(answer.value), declared is \(low) to \(high)",
        cure: "widen the declared range or correct the score"
      )
    }
    return .score(answer.value)
  }
}
