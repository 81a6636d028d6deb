import CStepwisePlugin
import Components

/// A dataset plugin as the trainer sees it. Every row was checked and copied.
final class PluginDataset: Dataset {
  let source: InstanceSource
  private(set) var instance: PluginInstance
  let identity: ComponentIdentity
  let count: Int?
  private let table: stepwise_dataset
  /// What `next` gives, where the dataset is read in order.
  private var position: UInt64 = 0
  private var epoch: Int?

  init(_ source: InstanceSource) throws(PluginError) {
    self.source = source
    identity = source.request.plugin.identity
    table = try source.table(
      as: stepwise_dataset.self,
      minimum: MemoryLayout<stepwise_dataset>.offset(of: \.next)!,
      name: "stepwise_dataset"
    )
    guard table.describe != nil, table.read != nil || table.next != nil else {
      throw source.request.error(
        .handshake,
        table.describe == nil
          ? "stepwise_dataset.describe is NULL" : "stepwise_dataset.read and next are both NULL",
        cure: "fill it in: it is required"
      )
    }
    instance = try source.make()
    count = try Self.describe(source, instance, table)
  }

  private static func describe(
    _ source: InstanceSource,
    _ instance: PluginInstance,
    _ table: stepwise_dataset
  ) throws(PluginError) -> Int? {
    var view = stepwise_dataset_description()
    view.struct_size = sizeOf(stepwise_dataset_description.self)
    view.count = .max
    _ = try instance.call("describe") { table.describe(instance.handle, &view, $0) }
    if view.count == .max { return nil }
    guard view.count <= UInt64(Int64.max) else {
      throw source.request.error(.output, hook: "describe", "the count is \(view.count)")
    }
    return Int(view.count)
  }

  func examples(in range: Range<Int>) throws -> [Example] { try rows(in: range) }

  private func rows(in range: Range<Int>) throws(PluginError) -> [Example] {
    guard range.lowerBound >= 0, range.upperBound <= count ?? .max else {
      throw source.request.error(
        .output,
        hook: "read",
        "the rows \(range) are outside the dataset's \(count ?? 0) rows"
      )
    }
    if range.isEmpty { return [] }
    if table.read != nil {
      return try collect(range, hook: "read") { [table, handle = instance.handle] sink, error in
        table.read(handle, UInt64(range.lowerBound), UInt64(range.count), sink, error)
      }
    }
    try move(to: UInt64(range.lowerBound))
    let rows = try next(range)
    position = UInt64(range.upperBound)
    return rows
  }

  private func next(_ range: Range<Int>) throws(PluginError) -> [Example] {
    try collect(range, hook: "next") { [table, handle = instance.handle] sink, error in
      table.next(handle, UInt64(range.count), sink, error)
    }
  }

  /// How many rows are read and dropped at once on the way forward.
  private static let skipChunk = 1024

  /// Makes `target` the next row.
  private func move(to target: UInt64) throws(PluginError) {
    if position == target { return }
    if let seek = table.seek {
      _ = try instance.call("seek") { [handle = instance.handle] in seek(handle, target, $0) }
      position = target
      return
    }
    guard position < target else {
      throw source.request.error(
        .output,
        hook: "next",
        "row \(target) was asked for after row \(position); the dataset can only go forward",
        cure: "turn shuffling off, use one epoch, or give the dataset a seek or read function"
      )
    }
    while position < target {
      let end = min(target, position + UInt64(Self.skipChunk))
      _ = try next(Int(position)..<Int(end))
      position = end
    }
  }

  private func collect(
    _ range: Range<Int>,
    hook: String,
    _ body: (UnsafePointer<stepwise_row_sink>, UnsafeMutablePointer<stepwise_error>) ->
      stepwise_status
  ) throws(PluginError) -> [Example] {
    let collector = RowCollector(range)
    var sink = collector.sink()
    do {
      _ = try instance.call(hook) { body(&sink, $0) }
    } catch {
      // The row that the sink refused explains more than the status that the plugin handed on.
      if let problem = collector.problem {
        throw source.request.error(.output, hook: hook, problem)
      }
      throw error
    }
    if let problem = collector.problem { throw source.request.error(.output, hook: hook, problem) }
    guard collector.rows.count == range.count else {
      throw source.request.error(
        .output,
        hook: hook,
        "it gave \(collector.rows.count) rows for the positions \(range), \(range.count) rows",
        cure: "give exactly as many as asked for, or correct the count"
      )
    }
    return collector.rows
  }

  func beginEpoch(_ epoch: Int) throws { try enterEpoch(epoch) }

  private func enterEpoch(_ epoch: Int) throws(PluginError) {
    self.epoch = epoch
    guard let begin = table.begin_epoch else { return }
    _ = try instance.call("begin_epoch") { [handle = instance.handle] in
      begin(handle, UInt64(epoch), $0)
    }
  }

  // MARK: - State

  func saveState() throws -> [UInt8] {
    StateEnvelope(
      id: identity.id,
      version: instance.stateVersion,
      position: position,
      epoch: epoch.map { UInt64($0) + 1 } ?? 0,
      payload: try instance.save()
    ).encoded()
  }

  /// Restores a state into a new instance, so that the old one stays in place when it is refused.
  func loadState(_ bytes: [UInt8]) throws {
    let envelope = try source.envelope(bytes)
    let isStateful = instance.hasState
    if !isStateful && !envelope.payload.isEmpty {
      try instance.load(envelope.payload, version: envelope.version)
    }
    let (old, oldPosition, oldEpoch) = (instance, position, epoch)
    do {
      instance = try source.make(loading: isStateful ? envelope : nil)
      // A state knows where it stands; without one the new instance stands at the start.
      position = isStateful ? envelope.position : 0
      epoch = nil
      if envelope.epoch > 0 { try enterEpoch(Int(envelope.epoch - 1)) }
    } catch {
      (instance, position, epoch) = (old, oldPosition, oldEpoch)
      throw error
    }
  }
}

/// Takes the rows that a dataset gives during one call.
private final class RowCollector {
  private let range: Range<Int>
  private(set) var rows: [Example] = []
  private(set) var problem: String?

  init(_ range: Range<Int>) {
    self.range = range
    rows.reserveCapacity(range.count)
  }

  func sink() -> stepwise_row_sink {
    var sink = stepwise_row_sink()
    sink.struct_size = sizeOf(stepwise_row_sink.self)
    sink.context = Unmanaged.passUnretained(self).toOpaque()
    sink.row = { sink, row in
      let collector = Unmanaged<RowCollector>.fromOpaque(sink!.pointee.context)
        .takeUnretainedValue()
      return collector.take(row)
        ? stepwise_status(STEPWISE_OK) : stepwise_status(STEPWISE_ERROR_DATA)
    }
    return sink
  }

  private func take(_ row: UnsafePointer<stepwise_example>?) -> Bool {
    guard problem == nil else { return false }
    let index = range.lowerBound + rows.count
    guard rows.count < range.count else {
      problem = "it gave more than the \(range.count) rows of the positions \(range)"
      return false
    }
    guard let row else {
      problem = "row \(index) is NULL"
      return false
    }
    do throws(RowProblem) {
      rows.append(try Example(checking: row))
      return true
    } catch {
      problem = "row \(index): '\(error.field)' \(error.message)"
      return false
    }
  }
}
