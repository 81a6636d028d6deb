import CStepwisePlugin
import Components

/// A reward plugin as the trainer sees it. Every outcome was checked: one for each item and in order, finite, within the declared
/// range. So was every answer: for an item that is there, one at most, UTF-8.
final class PluginReward: RewardFunction {
  let source: InstanceSource
  let instance: PluginInstance
  let identity: ComponentIdentity
  let description: RewardDescription
  private let table: stepwise_reward

  init(_ source: InstanceSource) throws(PluginError) {
    self.source = source
    identity = source.request.plugin.identity
    table = try source.table(
      as: stepwise_reward.self,
      // Up to the last function that all versions have; a table that ends before `answers` has none.
      minimum: MemoryLayout<stepwise_reward>.offset(of: \.answers)!,
      name: "stepwise_reward"
    )
    guard table.score != nil else {
      throw source.request.error(
        .handshake,
        "stepwise_reward.score is NULL",
        cure: "fill it in: it is required"
      )
    }
    instance = try source.make()
    description = try Self.describe(source, instance, table)
  }

  var isReproducible: Bool { source.request.plugin.isReproducible }

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] { try checkedScore(batch) }

  private func checkedScore(_ batch: RewardBatch) throws(PluginError) -> [RewardOutcome] {
    batch.items.isEmpty ? [] : try calledScore(batch)
  }

  /// Scores without a short cut: an empty batch reaches the plugin, too.
  func calledScore(_ batch: RewardBatch) throws(PluginError) -> [RewardOutcome] {
    try requireColumns(batch, hook: "score")
    let arena = CallArena()
    var view = batch.view(in: arena)
    let raw = try score(view: &view, ids: batch.items.map(\.id))
    withExtendedLifetime(arena) {}
    do {
      return try raw.check(batch.items.indices, of: batch, description: description)
    } catch {
      throw source.request.error(error.fault, hook: "score", error.message, cure: error.cure)
    }
  }

  /// Scores a batch that somebody else made the view of; its items have these ids.
  func score(
    view: UnsafePointer<stepwise_reward_batch>,
    ids: [UInt64]
  ) throws(PluginError) -> RawScores {
    let results = RewardResults(ids: ids)
    var output = results.view()
    _ = try instance.call("score", parallel: true) { [table, handle = instance.handle] error in
      table.score(handle, view, &output, error)
    }
    return results.written(count: output.count)
  }

  func answers(_ batch: RewardBatch) throws -> [String?] { try checkedAnswers(batch) }

  private func checkedAnswers(_ batch: RewardBatch) throws(PluginError) -> [String?] {
    guard givesAnswers, !batch.items.isEmpty else {
      return Array(repeating: nil, count: batch.items.count)
    }
    try requireColumns(batch, hook: "answers")
    let arena = CallArena()
    var view = batch.view(in: arena)
    let answers = try answers(
      view: &view,
      places: batch.items.map { (id: $0.id, row: $0.example.id) }
    )
    withExtendedLifetime(arena) {}
    return answers
  }

  /// Whether it can tell the answers of completions.
  var givesAnswers: Bool { table.answers != nil }

  /// The answers of a batch that somebody else made the view of.
  func answers(
    view: UnsafePointer<stepwise_reward_batch>,
    places: [(id: UInt64, row: UInt64)]
  ) throws(PluginError) -> [String?] {
    guard let answers = table.answers else { return Array(repeating: nil, count: places.count) }
    let collector = AnswerCollector(places)
    var sink = collector.view()
    _ = try instance.call("answers", parallel: true) { [handle = instance.handle] error in
      answers(handle, view, &sink, error)
    }
    withExtendedLifetime(collector) {}
    do {
      return try collector.check()
    } catch {
      throw source.request.error(.answer, hook: "answers", error.message, cure: error.cure)
    }
  }

  private func requireColumns(_ batch: RewardBatch, hook: String) throws(PluginError) {
    try source.request.requireColumns(description.requiredColumns, of: batch, hook: hook)
  }
}

extension ComponentRequest {
  /// An output that breaks a rule of the contract.
  func error(
    _ fault: PluginError.Fault,
    hook: String,
    _ message: String,
    cure: String?
  ) -> PluginError {
    var error = error(.output, hook: hook, message, cure: cure)
    error.fault = fault
    return error
  }

  /// Every row must have the columns that a reward needs.
  func requireColumns(
    _ columns: [String],
    of batch: RewardBatch,
    hook: String
  ) throws(PluginError) {
    for item in batch.items {
      for name in columns where item.example.column(name) == nil {
        let names = item.example.columns.map(\.name).joined(separator: ", ")
        throw error(
          .column,
          hook: hook,
          "it needs the column '\(name)', which row \(item.example.id) does not have; it has "
            + (names.isEmpty ? "none" : names),
          cure: "use a dataset with that column, or another reward"
        )
      }
    }
  }
}

// MARK: - Description

extension PluginReward {
  private static func describe(
    _ source: InstanceSource,
    _ instance: PluginInstance,
    _ table: stepwise_reward
  ) throws(PluginError) -> RewardDescription {
    let measures = source.request.component.measures
    var view = stepwise_reward_description()
    view.struct_size = sizeOf(stepwise_reward_description.self)
    view.minimum = measures?.minimum ?? -.infinity
    view.maximum = measures?.maximum ?? .infinity
    view.success_threshold = measures?.successThreshold ?? .nan
    if let describe = table.describe {
      _ = try instance.call("describe") { describe(instance.handle, &view, $0) }
    }
    let failure = { (message: String) in
      source.request.error(.output, hook: "describe", message, cure: "correct the declaration")
    }
    let range = (view.minimum, view.maximum, view.success_threshold)
    if let problem = source.request.problem(ofRange: range) { throw failure(problem) }
    guard let name = checkedString(view.name, limit: 128) else {
      throw failure("the name is no UTF-8 text of at most 128 bytes")
    }
    var columns = measures?.columns ?? []
    if view.required_column_count > 0 {
      guard let names = view.required_columns else { throw failure("required_columns is NULL") }
      for index in 0..<Int(view.required_column_count) {
        guard let column = checkedString(names[index], limit: 4096), !column.isEmpty else {
          throw failure("required_columns[\(index)] is no UTF-8 text")
        }
        if !columns.contains(column) { columns.append(column) }
      }
    }
    let fallback = measures?.name ?? PluginCatalog.shortName(source.request.component.id)
    return RewardDescription(
      name: name.isEmpty ? fallback : name,
      minimum: view.minimum.isFinite ? view.minimum : nil,
      maximum: view.maximum.isFinite ? view.maximum : nil,
      successThreshold: view.success_threshold.isNaN ? nil : view.success_threshold,
      requiredColumns: columns
    )
  }
}

extension ComponentRequest {
  /// Why a reward may not declare this range and threshold (NaN for none), or `nil`.
  func problem(
    ofRange range: (minimum: Double, maximum: Double, threshold: Double)
  ) -> String? {
    guard range.minimum <= range.maximum else {
      return "the range is \(range.minimum) to \(range.maximum)"
    }
    // What the manifest promises must hold: it is read without loading, by people and by the trainer.
    let measures = component.measures
    if let low = measures?.minimum, range.minimum < low {
      return "the minimum is \(range.minimum), the manifest says \(low)"
    }
    if let high = measures?.maximum, range.maximum > high {
      return "the maximum is \(range.maximum), the manifest says \(high)"
    }
    if let threshold = measures?.successThreshold, range.threshold != threshold {
      return "the success threshold is \(range.threshold), the manifest says \(threshold)"
    }
    return nil
  }
}

// MARK: - Views

extension RewardBatch {
  /// The batch's C view; lives as long as the arena. A row that neighbours share is shown once.
  ///
  /// - Parameter range: which items; all by default.
  func view(in arena: CallArena, range: Range<Int>? = nil) -> stepwise_reward_batch {
    var last: (row: Example, view: UnsafePointer<stepwise_example>)?
    let views = items[range ?? items.indices].map { item -> stepwise_reward_item in
      var view = stepwise_reward_item()
      view.struct_size = sizeOf(stepwise_reward_item.self)
      view.flags = item.truncated ? UInt32(STEPWISE_ITEM_TRUNCATED) : 0
      view.id = item.id
      if let last, last.row.id == item.example.id, last.row == item.example {
        view.example = last.view
      } else {
        view.example = arena.value(item.example.view(in: arena))
        last = (item.example, view.example)
      }
      view.prompt = arena.text(item.promptText)
      view.completion = arena.text(item.completion)
      view.completion_with_special_tokens =
        item.completionWithSpecialTokens == item.completion
        ? view.completion : arena.text(item.completionWithSpecialTokens)
      view.completion_ids = arena.array(item.completionIDs)
      view.completion_id_count = UInt64(item.completionIDs.count)
      return view
    }
    var view = stepwise_reward_batch()
    view.struct_size = sizeOf(stepwise_reward_batch.self)
    view.step = UInt64(step)
    view.seed = seed
    view.count = UInt64(views.count)
    view.item_stride = UInt64(MemoryLayout<stepwise_reward_item>.stride)
    view.items = arena.array(views)
    return view
  }
}
