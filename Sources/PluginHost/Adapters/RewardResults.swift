import CStepwisePlugin
import Components
import Synchronization

/// Where a reward writes its answers, and the checks on them. Unchecked because the scores are read after the call only, and the
/// explanations, which may come from any thread, are behind a lock.
final class RewardResults: @unchecked Sendable {
  /// What is wrong with the answers.
  struct Problem: Error {
    var message: String
    var cure: String?
  }

  private let scores: GuardedBuffer<stepwise_score>
  private let explanations = Mutex<[UInt64: String]>([:])
  /// No status; and a signalling NaN, so that a forgotten value is never a score.
  private static let poisonedStatus: Int32 = 0x5A5A_5A5A
  private static let poisonedValue = Double.signalingNaN

  init(_ batch: RewardBatch) {
    scores = GuardedBuffer(
      batch.items.map {
        stepwise_score(
          item: ~$0.id,
          value: Self.poisonedValue,
          status: Self.poisonedStatus,
          reserved: 0
        )
      }
    )
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

  /// The outcomes: exactly one for each item, in order, finite and in range.
  func check(
    count: UInt64,
    batch: RewardBatch,
    description: RewardDescription
  ) throws(Problem) -> [RewardOutcome] {
    guard scores.isIntact else {
      throw Problem(
        message: "it wrote behind the \(scores.count) answers that there is room for",
        cure: "write results->capacity answers at most"
      )
    }
    guard count == UInt64(scores.count) else {
      throw Problem(
        message: "it says that it wrote \(count) answers for \(scores.count) items",
        cure: "write one for each item and set results->count to batch->count"
      )
    }
    var outcomes: [RewardOutcome] = []
    outcomes.reserveCapacity(scores.count)
    for (index, answer) in scores.values.enumerated() {
      outcomes.append(try check(answer, index: index, batch: batch, description: description))
    }
    return outcomes
  }

  private func check(
    _ answer: stepwise_score,
    index: Int,
    batch: RewardBatch,
    description: RewardDescription
  ) throws(Problem) -> RewardOutcome {
    let item = batch.items[index]
    let place = "item \(index) (id \(item.id), row \(item.example.id))"
    if answer.status == Self.poisonedStatus && answer.item == ~item.id {
      throw Problem(
        message: "it left \(place) without an answer",
        cure: "write one for each item"
      )
    }
    guard answer.item == item.id else {
      let other = batch.items.firstIndex { $0.id == answer.item }
      throw Problem(
        message: "the answer for \(place) is marked with the id \(answer.item)"
          + (other.map { ", which is item \($0)" } ?? ", which is no item"),
        cure: "write the answer for item i to scores[i] and its id into `item`"
      )
    }
    switch Int(answer.status) {
    case Int(STEPWISE_SCORE_ABSTAIN): return .abstained
    case Int(STEPWISE_SCORE_ERROR):
      let why = explanations.withLock { $0[UInt64(index)] }
      throw Problem(message: "\(place) could not be scored: \(why ?? "no reason given")")
    case Int(STEPWISE_SCORE_OK): break
    default:
      throw Problem(
        message: "\(place) has the status \(answer.status)",
        cure: "use STEPWISE_SCORE_..."
      )
    }
    guard answer.value.isFinite else {
      throw Problem(
        message: "the score of \(place) is \(answer.value)",
        cure: "answer a finite number, or abstain"
      )
    }
    let low = description.minimum ?? -.infinity
    let high = description.maximum ?? .infinity
    guard low <= answer.value, answer.value <= high else {
      throw Problem(
        message: "the score of \(place) is \(answer.value), declared is \(low) to \(high)",
        cure: "widen the declared range or correct the score"
      )
    }
    return .score(answer.value)
  }
}
