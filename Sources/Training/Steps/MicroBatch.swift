import Components
import LanguageModels
import Tensors

/// Sequences packed for one forward pass, with the map from trained tokens to rows.
///
/// N trained tokens of all sequences, side by side; `starts` has one more entry than there are sequences.
struct MicroBatch {
  let sequences: [TrainingSequence]
  let packed: PackedBatch
  /// For each trained token the row whose logits predict it. [N]
  let rows: [Int32]
  /// The trained tokens. [N]
  let targets: [Int32]
  /// Where each sequence's trained tokens begin in arrays of N.
  let starts: [Int]

  init(_ sequences: some Collection<TrainingSequence>) {
    var base: Int32 = 0
    var rows: [Int32] = []
    var targets: [Int32] = []
    var starts = [0]
    for sequence in sequences {
      // Row t predicts token t + 1; without a prompt nothing predicts the first token.
      let trained = sequence.trainedTokens
      let firstRow = base + Int32(max(sequence.prompt.count - 1, 0))
      rows += firstRow..<(firstRow + Int32(trained))
      targets += sequence.completion.suffix(trained)
      starts.append(rows.count)
      base += Int32(sequence.prompt.count + sequence.completion.count)
    }
    self.sequences = Array(sequences)
    self.packed = PackedBatch(sequences.map { $0.prompt + $0.completion })
    self.rows = rows
    self.targets = targets
    self.starts = starts
  }

  /// Trained tokens of sequence `index`, as a range of arrays of N.
  func range(_ index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }

  /// Trained tokens that the policy itself sampled or a demonstration gave, hints left out.
  func rangeWithoutHint(_ index: Int) -> Range<Int> {
    let range = range(index)
    return (range.lowerBound + sequences[index].trainedHint)..<range.upperBound
  }

  /// The sequences as the SFT loss wants them.
  var trainedSequences: [TrainedSequence] {
    sequences.indices.map { TrainedSequence(tokens: range($0), weight: sequences[$0].weight) }
  }

  /// What each trained token is. [N]
  var tokenKinds: [TokenKind] {
    sequences.indices.flatMap { index -> [TokenKind] in
      let range = range(index)
      if sequences[index].kind != .rollout {
        return Array(repeating: .demonstration, count: range.count)
      }
      let own = rangeWithoutHint(index).count
      return Array(repeating: .hint, count: range.count - own)
        + Array(repeating: .rollout, count: own)
    }
  }
}
