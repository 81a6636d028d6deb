import Components
import PluginHost

extension ConformanceTest {
  /// Answers for majority votes.
  static let answers: [ConformanceTest] = [
    ConformanceTest(
      id: "answers.valid",
      kinds: [.reward],
      summary: "Answers for votes are UTF-8, one at most for each item, and equal ones score alike."
    ) { component in
      let (reward, batch) = try component.scoredBatch(64)
      component.note("reading the answers of a batch of 64")
      let answers: [String?]
      do {
        answers = try reward.answers(batch)
      } catch let error as PluginError {
        throw CheckEnd.failed(error.message, cure: error.cure ?? "see the message")
      }
      guard answers.contains(where: { $0 != nil }) else {
        throw CheckEnd.skipped("it reads no answers")
      }
      try component.requireDeterminism()
      let scores = try reward.score(batch)
      for (index, answer) in answers.enumerated() {
        guard let answer else { continue }
        for other in 0..<index {
          guard let same = answers[other], same.utf8.elementsEqual(answer.utf8),
            batch.items[other].example == batch.items[index].example,
            scores[other].text != scores[index].text
          else { continue }
          // Beside the answer a score may judge the format; equal answers are then scored apart, which votes cannot see.
          throw CheckEnd.warning(
            "\(answer.debugDescription) of one row has \(scores[other].text) in "
              + "\(shown(batch.items[other])) and \(scores[index].text) in \(shown(batch.items[index]))",
            cure: "give the same answer only to completions that are right or wrong together"
          )
        }
      }
    }
  ]
}
