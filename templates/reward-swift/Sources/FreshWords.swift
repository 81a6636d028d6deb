import StepwisePlugin

/// What Stepwise looks up. Id and version are those of plugin.yaml.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "__ID__", version: "0.1.0", rewards: [FreshWords.self]).exported
}

/// The share of a completion's words that it has not said before.
struct FreshWords: Reward {
  /// It has no state that changes, so the host scores items in parallel.
  static var concurrency: Concurrency { .threadSafe }

  let minimumWords: Int

  init(parameters: Parameters) throws {
    minimumWords = try parameters.int("minimum_words", default: 1)
  }

  var declaration: RewardDeclaration { RewardDeclaration(range: 0...1) }

  /// The score of one completion. It may depend on the item and the parameters, and on nothing else.
  func score(_ item: RewardItem) -> Score {
    // Bytes, not Characters: two texts that look alike are the same word only if they are the same bytes, in every language.
    let blanks = Set(" \t\n\u{B}\u{C}\r".utf8)
    let words = Array(item.completion.utf8).split { blanks.contains($0) }
    guard !words.isEmpty, words.count >= minimumWords else { return .abstained }
    return .value(Double(Set(words).count) / Double(words.count))
  }
}
