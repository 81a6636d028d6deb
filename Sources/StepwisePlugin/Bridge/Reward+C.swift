import CStepwisePlugin

/// The functions of a reward.
func rewardTable() -> stepwise_reward {
  var table = stepwise_reward()
  table.struct_size = sizeOf(stepwise_reward.self)
  table.describe = { handle, description, error in
    guarded(error) {
      let instance = instance(handle, as: RewardInstance.self)
      let declaration = instance.reward.declaration
      if let name = declaration.name { description!.pointee.name = instance.arena.text(name) }
      description!.pointee.minimum = declaration.minimum
      description!.pointee.maximum = declaration.maximum
      description!.pointee.success_threshold = declaration.successThreshold ?? .nan
      let columns = declaration.requiredColumns.map { instance.arena.text($0) }
      description!.pointee.required_columns = instance.arena.array(columns)
      description!.pointee.required_column_count = UInt32(columns.count)
      return Status.ok
    }
  }
  table.score = { handle, batch, results, error in
    guarded(error) {
      let instance = instance(handle, as: RewardInstance.self)
      let batch = RewardBatch(batch!, host: instance.host)
      let scores = try instance.reward.score(batch)
      guard scores.count == batch.items.count else {
        throw PluginFailure(
          "the reward gave \(scores.count) scores for \(batch.items.count) items"
        )
      }
      write(scores, for: batch, to: results!)
      return Status.ok
    }
  }
  // Whether a type replaces the default, which answers nothing, cannot be known. The host takes no answer from a reward that sets
  // none, just as from one without the function.
  table.answers = { handle, batch, sink, error in
    guarded(error) {
      let instance = instance(handle, as: RewardInstance.self)
      let batch = RewardBatch(batch!, host: instance.host)
      let answers = try instance.reward.answers(batch)
      guard answers.count == batch.items.count else {
        throw PluginFailure(
          "the reward gave \(answers.count) answers, nil included, for \(batch.items.count) items"
        )
      }
      for case (let index, let answer?) in answers.enumerated() {
        withText(answer) { sink!.pointee.set(sink, UInt64(index), $0) }
      }
      return Status.ok
    }
  }
  return table
}

private func write(
  _ scores: [Score],
  for batch: RewardBatch,
  to results: UnsafeMutablePointer<stepwise_reward_results>
) {
  for (index, score) in scores.enumerated() {
    var answer = stepwise_score()
    answer.item = batch.items[index].id
    switch score {
    case .value(let value):
      answer.value = value
      answer.status = Int32(STEPWISE_SCORE_OK)
    case .abstained:
      answer.status = Int32(STEPWISE_SCORE_ABSTAIN)
    case .failed(let message):
      answer.status = Int32(STEPWISE_SCORE_ERROR)
      withText(message) { results.pointee.explain?(results, UInt64(index), $0) }
    }
    results.pointee.scores[index] = answer
  }
  results.pointee.count = UInt64(scores.count)
}

extension RewardBatch {
  /// Copies a batch that the host shows. A row that several items share is copied once.
  fileprivate init(_ pointer: UnsafePointer<stepwise_reward_batch>, host: Host) {
    let batch = growable(pointer)
    var rows: [UnsafePointer<stepwise_example>: Example] = [:]
    let items = growables(batch.items, count: batch.count, stride: batch.item_stride)
    self.init(
      step: Int(batch.step),
      seed: batch.seed,
      items: items.map { item in
        let row = rows[item.example] ?? Example(item.example)
        rows[item.example] = row
        return RewardItem(
          id: item.id,
          example: row,
          promptText: string(item.prompt),
          completion: string(item.completion),
          completionWithSpecialTokens: string(item.completion_with_special_tokens),
          completionIDs: array(item.completion_ids, item.completion_id_count),
          truncated: Int(item.flags) & Int(STEPWISE_ITEM_TRUNCATED) != 0
        )
      },
      host: host
    )
  }
}
