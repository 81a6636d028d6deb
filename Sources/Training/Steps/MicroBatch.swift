import Components
import LanguageModels
import Tensors

/// Sequences packed for one forward pass, with the map from trained tokens to rows.
///
/// N trained tokens of all sequences, side by side; `starts` has one more entry than there are sequences.
struct MicroBatch {
  let sequences: [TrainingSequence]
  let packed: PackedBatch
  /// For each trained token the row whose logits predict it; the last row of a shared prompt predicts
  /// several. [N]
  let rows: [Int32]
  /// The trained tokens. [N]
  let targets: [Int32]
  /// Where each sequence's trained tokens begin in arrays of N.
  let starts: [Int]

  /// Packs sequences; a prompt that several of them begin with, next to each other or not, is
  /// computed once.
  init(_ sequences: some Collection<TrainingSequence>) {
    self.sequences = Array(sequences)
    var packed = PackedBatch()
    // For each sequence the row that predicts its first trained token, and those of the others.
    var predicting = Array(repeating: (first: Int32(0), others: Int32(0)), count: sequences.count)
    var members: [[Int32]: [Int]] = [:]
    for (index, sequence) in self.sequences.enumerated() {
      members[sequence.prompt, default: []].append(index)
    }
    for (index, sequence) in self.sequences.enumerated() {
      let prompt = sequence.prompt
      let group = members[prompt] ?? []
      if group.count == 1 || prompt.isEmpty {
        let segment = packed.append(prompt + sequence.completion)
        // Without a prompt nothing predicts the first token.
        let first = packed.segments[segment] + Int32(max(prompt.count - 1, 0))
        predicting[index] = (first, first + 1)
      } else if group.first == index {
        let shared = packed.append(prompt)
        let last = packed.segments[shared + 1] - 1
        for member in group {
          predicting[member] = (last, Int32(packed.tokens.count))
          // A completion's last token is only predicted: in a segment of its own nothing reads it.
          let read = self.sequences[member].completion.dropLast()
          if !read.isEmpty { packed.append(read, continuing: shared) }
        }
      }
    }
    var rows: [Int32] = []
    var targets: [Int32] = []
    var starts = [0]
    for (sequence, row) in zip(self.sequences, predicting) {
      let predicted = sequence.completion.dropFirst(sequence.unpredicted)
      if let mask = sequence.trained?.dropFirst(sequence.unpredicted) {
        for (offset, (token, isTrained)) in zip(predicted, mask).enumerated() where isTrained {
          rows.append(offset == 0 ? row.first : row.others + Int32(offset - 1))
          targets.append(token)
        }
      } else {
        if let last = predicted.indices.last {
          rows.append(row.first)
          rows += row.others..<(row.others + Int32(last - predicted.startIndex))
        }
        targets += predicted
      }
      starts.append(rows.count)
    }
    self.packed = packed
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
