import LanguageModels

extension Trainer {
  /// log p (nats, temperature 1) of each of `ids` after `context` under the weights as they are.
  ///
  /// Not while the trainer works: plugins may ask during their calls, when it waits for them.
  ///
  /// - Parameter reference: whether the reference is asked in place of the policy.
  /// - Throws: where there is no reference, or an id is outside the vocabulary.
  public func logProbabilities(
    of ids: [Int32],
    after context: [Int32],
    reference asksReference: Bool
  ) throws -> [Float] {
    guard !ids.isEmpty else { return [] }
    guard let asked = asksReference ? reference : model else { throw ServiceRefusal.noReference }
    let size = asked.configuration.vocabSize
    if let id = (context + ids).first(where: { $0 < 0 || $0 >= size }) {
      throw ServiceRefusal.token(id, vocabulary: size)
    }
    return Array(asked.nextTokenLogProbs([context + ids])[0].suffix(ids.count))
  }

  private enum ServiceRefusal: Error, CustomStringConvertible {
    case noReference
    case token(Int32, vocabulary: Int)

    var description: String {
      switch self {
      case .noReference: "the run has no reference model; grpo.beta above 0 makes one"
      case .token(let id, let size): "token id \(id) is outside the vocabulary of \(size)"
      }
    }
  }
}
