import CStepwisePlugin
import Components
import Synchronization

/// Takes the answers that a reward reads from completions, from whatever thread, and checks each as it comes.
final class AnswerCollector: Sendable {
  /// What is wrong with the answers.
  struct Problem: Error {
    var message: String
    var cure: String
  }

  private struct State {
    var answers: [String?]
    /// The first fault; later ones mostly follow from it.
    var problem: Problem?
  }

  /// Item and row, by index.
  private let places: [(id: UInt64, row: UInt64)]
  private let state: Mutex<State>
  static let sizeLimit = UInt64(STEPWISE_ANSWER_SIZE)

  init(_ places: [(id: UInt64, row: UInt64)]) {
    self.places = places
    state = Mutex(State(answers: Array(repeating: nil, count: places.count)))
  }

  /// The C view; lives as long as this object.
  func view() -> stepwise_answer_sink {
    var view = stepwise_answer_sink()
    view.struct_size = sizeOf(stepwise_answer_sink.self)
    view.context = Unmanaged.passUnretained(self).toOpaque()
    view.set = { view, index, answer in
      Unmanaged<AnswerCollector>.fromOpaque(view!.pointee.context).takeUnretainedValue()
        .take(answer, at: index)
    }
    return view
  }

  private func take(_ answer: stepwise_text, at index: UInt64) {
    let text = checkedString(answer, limit: Self.sizeLimit)
    state.withLock { state in
      guard state.problem == nil else { return }
      guard index < UInt64(places.count) else {
        state.problem = Problem(
          message: "it gave an answer for the item \(index) of a batch of \(places.count)",
          cure: "give the item's index, from 0"
        )
        return
      }
      let item = places[Int(index)]
      let place = "item \(index) (id \(item.id), row \(item.row))"
      guard let text else {
        state.problem = Problem(
          message: "the answer of \(place), \(answer.size) bytes, is no UTF-8 text of at most "
            + "\(Self.sizeLimit) bytes",
          cure: "give a short normal form, cut at whole characters"
        )
        return
      }
      guard state.answers[Int(index)] == nil else {
        state.problem = Problem(
          message: "it gave a second answer for \(place)",
          cure: "call set once for each item, or not at all"
        )
        return
      }
      state.answers[Int(index)] = text
    }
  }

  /// The answers in the items' order, `nil` where none was given.
  func check() throws(Problem) -> [String?] {
    let (answers, problem) = state.withLock { ($0.answers, $0.problem) }
    if let problem { throw problem }
    return answers
  }
}
