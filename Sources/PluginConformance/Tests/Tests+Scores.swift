import Components
import PluginHost

extension ConformanceTest {
  /// One answer for each item, and a good one.
  static let scores: [ConformanceTest] = [
    outputs("score.completes", "Every item of the example and of its variations gets an outcome.") {
      $0.fault == nil || $0.fault == .item || $0.fault == .status
    },
    outputs("score.count", "There is one answer for each item, and count says so.") {
      $0.fault == .count
    },
    outputs("score.bounds", "Nothing is written behind the room for the answers.") {
      $0.fault == .overrun
    },
    outputs("score.order", "Each answer carries the id of its own item.") { $0.fault == .order },
    outputs("score.finite", "Every score is finite.") { $0.fault == .notFinite },
    outputs("score.range", "Every score lies in the declared range.") { $0.fault == .range },
    ConformanceTest(
      id: "score.permutation",
      kinds: [.reward],
      summary: "Items in another order get the same scores."
    ) { component in
      try component.requireDeterminism()
      let (reward, batch) = try component.scoredBatch(24)
      var random = SplitMix(7)
      let expected = try reward.score(batch)
      for _ in 0..<4 {
        let order = batch.items.indices.shuffled(using: &random)
        var other = batch
        other.items = order.map { batch.items[$0] }
        let found = try reward.score(other)
        for (place, index) in order.enumerated() where found[place].text != expected[index].text {
          throw CheckEnd.failed(
            "\(shown(batch.items[index])) has \(expected[index].text) at place \(index) of the batch "
              + "and \(found[place].text) at place \(place)",
            cure: "score each item from itself, its row and the parameters alone"
          )
        }
      }
    },
    ConformanceTest(
      id: "score.alone",
      kinds: [.reward],
      summary: "An item alone gets the score that it has within a batch."
    ) { component in
      try component.requireDeterminism()
      let (reward, batch) = try component.scoredBatch(12)
      let expected = try reward.score(batch)
      for (index, item) in batch.items.enumerated() {
        let found = try reward.score(RewardBatch(step: batch.step, seed: batch.seed, items: [item]))
        guard found[0].text == expected[index].text else {
          throw CheckEnd.failed(
            "\(shown(item)) has \(expected[index].text) in a batch of \(batch.items.count) and "
              + "\(found[0].text) alone",
            cure: "score each item from itself, its row and the parameters alone"
          )
        }
      }
    },
  ]

  /// A test that scores ordinary batches and owns some of the faults that the host finds in the output.
  private static func outputs(
    _ id: String,
    _ summary: String,
    owning: @escaping @Sendable (PluginError) -> Bool
  ) -> ConformanceTest {
    ConformanceTest(id: id, kinds: [.reward], summary: summary) { component in
      let reward = try component.reward().part
      let material = try component.material(reward)
      let batches = [material.plain] + [1, 2, 7, 64].map { material.varied($0) }
      var elsewhere: PluginError?
      for batch in batches {
        component.note("scoring a batch of \(batch.items.count)")
        do {
          _ = try reward.score(batch)
        } catch let error as PluginError where owning(error) {
          if material.isMadeUp, case .refused = error.problem {
            throw CheckEnd.skipped(
              "it refuses made-up rows (\(error.message)): put an example.jsonl beside the manifest"
            )
          }
          throw CheckEnd.failed(
            error.message,
            cure: error.cure ?? "answer for this item, or abstain"
          )
        } catch let error as PluginError {
          elsewhere = error
        }
      }
      if let elsewhere { throw elsewhere }
    }
  }
}

/// An item for a message.
func shown(_ item: RewardItem) -> String {
  let text = item.completion.unicodeScalars.prefix(40)
  return "the completion \(String(String.UnicodeScalarView(text)).debugDescription)"
}

extension CheckedComponent {
  /// Skips the test for plugins that do not promise equal answers.
  func requireDeterminism() throws {
    if manifest.determinism == .none {
      throw CheckEnd.skipped("the manifest says determinism: none")
    }
  }

  /// A reward and a batch of so many different items.
  func scoredBatch(_ count: Int) throws -> (any RewardFunction, RewardBatch) {
    let reward = try reward().part
    let batch = try material(reward).varied(count)
    note("scoring a batch of \(count)")
    return (reward, batch)
  }
}
