import CStepwisePlugin
import Components
import Dispatch
import Synchronization

/// A reward whose code runs in one or several processes of its own. Every outcome is checked as that of one in this process.
///
/// The batch is written once, as the C views that the plugin sees, into memory that the worker can only read; the pointers in it are
/// those of the worker's addresses. The answers come back over the channel.
final class RemoteReward: RewardFunction {
  let identity: ComponentIdentity
  let description: RewardDescription
  private let givesAnswers: Bool
  private let request: ComponentRequest
  let slots: [WorkerSlot]
  /// How many calls that failed were kept: a reward that always fails must not fill the disk.
  private let keptCalls = Atomic<Int>(0)
  private static let keptCallLimit = 16

  init(_ request: ComponentRequest, policy: IsolationPolicy) throws(PluginError) {
    self.request = request
    identity = request.plugin.identity
    slots = (0..<max(1, request.workers)).map { _ in WorkerSlot(request, policy: policy) }
    (description, givesAnswers) = try slots[0].start { reader in
      let description = try reader.value(RewardDescription.self)
      let range = (
        description.minimum ?? -.infinity, description.maximum ?? .infinity,
        description.successThreshold ?? .nan
      )
      if let problem = request.problem(ofRange: range) {
        throw request.error(.output, hook: "describe", problem, cure: "correct the declaration")
      }
      return (description, try reader.value(Bool.self))
    }
  }

  var isReproducible: Bool { request.plugin.isReproducible }

  func reconfigure(_ changes: ParameterValue) throws(PluginError) {
    for slot in slots { try slot.reconfigure(changes) }
  }

  // MARK: - Scoring

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    try request.requireColumns(description.requiredColumns, of: batch, hook: "score")
    if batch.items.isEmpty { return [] }
    let (request, description) = (request, description)
    return try inParts(.score, batch) { slot, range in
      let raw = try slot.exchange(.score, batch, range) { try RawScores(from: &$0) }
      do throws(RawScores.Problem) {
        return try raw.check(range, of: batch, description: description)
      } catch {
        throw request.error(error.fault, hook: "score", error.message, cure: error.cure)
      }
    }
  }

  func answers(_ batch: RewardBatch) throws -> [String?] {
    guard givesAnswers, !batch.items.isEmpty else {
      return Array(repeating: nil, count: batch.items.count)
    }
    try request.requireColumns(description.requiredColumns, of: batch, hook: "answers")
    return try inParts(.answers, batch) { slot, range in
      try slot.exchange(.answers, batch, range) { reader in
        let answers = try reader.value([String?].self)
        guard answers.count == range.count,
          answers.allSatisfy({ UInt64($0?.utf8.count ?? 0) <= AnswerCollector.sizeLimit })
        else { throw WireProblem(description: "the answers do not fit the batch") }
        return answers
      }
    }
  }

  /// Gives each worker a part of the batch, and puts what they answer together in order.
  private func inParts<R: Sendable>(
    _ operation: WorkerOperation,
    _ batch: RewardBatch,
    _ body: @Sendable (WorkerSlot, Range<Int>) throws -> [R]
  ) throws -> [R] {
    let slots = slots
    let parts = batch.parts(slots.count)
    if parts.count == 1 {
      return try keepingBatch(operation, batch) { try body(slots[0], parts[0]) }
    }
    let results = Mutex<[Result<[R], any Error>?]>(Array(repeating: nil, count: parts.count))
    DispatchQueue.concurrentPerform(iterations: parts.count) { index in
      let result = Result { try body(slots[index], parts[index]) }
      results.withLock { $0[index] = result }
    }
    // The first part's error, whichever worker failed first.
    return try keepingBatch(operation, batch) {
      try results.withLock { $0 }.flatMap { try $0!.get() }
    }
  }

  /// Keeps the batch for `plugin reproduce` when the plugin fails on it.
  private func keepingBatch<R>(
    _ operation: WorkerOperation,
    _ batch: RewardBatch,
    _ body: () throws -> R
  ) throws -> R {
    do {
      return try body()
    } catch var error as PluginError {
      guard keptCalls.add(1, ordering: .relaxed).newValue <= Self.keptCallLimit else { throw error }
      let bundle = ReplayBundle(
        request: request,
        parameters: slots[0].parameters,
        batch: batch,
        error: error
      )
      error.bundle = bundle.keep()
      throw error
    }
  }
}

extension WorkerSlot {
  /// Writes a part of a batch to the worker's memory, and calls an operation on it.
  fileprivate func exchange<R>(
    _ operation: WorkerOperation,
    _ batch: RewardBatch,
    _ range: Range<Int>,
    read: (inout WireReader) throws -> R
  ) throws(PluginError) -> R {
    try withWorker(hook: operation.hook) { worker throws(PluginError) in
      let address = try worker.show(batch, range, limit: limit)
      var writer = WireWriter()
      writer.number(UInt64(address))
      return try worker.call(operation, writer.bytes, limit: limit)
    } read: {
      try read(&$0)
    }
  }
}

extension WorkerProcess {
  /// Writes the view of a part of a batch into the region, and answers where the worker sees it.
  fileprivate func show(
    _ batch: RewardBatch,
    _ range: Range<Int>,
    limit: Limit
  ) throws(PluginError) -> UInt {
    while true {
      var needed = 0
      if let region {
        let arena = CallArena(region.memory.memory, readerAddress: region.readerAddress)
        let view = arena.value(batch.view(in: arena, range: range))
        if arena.isComplete { return UInt(bitPattern: view) }
        needed = arena.needed
      }
      // The arena's waste at the end of the region is less than the doubling gives.
      try growRegion(to: max(needed, (region?.memory.memory.count ?? 0) + 1), limit: limit)
    }
  }
}

extension RewardBatch {
  /// Cuts the batch between groups into at most `count` parts of about equal size: what each worker gets does not depend on how
  /// fast the others are.
  func parts(_ count: Int) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = 0
    for part in 0..<count where start < items.count {
      var end = max(start + 1, items.count * (part + 1) / count)
      if part == count - 1 { end = items.count }
      while end < items.count, items[end].example.id == items[end - 1].example.id { end += 1 }
      parts.append(start..<end)
      start = end
    }
    return parts
  }
}

// MARK: - The answers' form

extension RawScores {
  /// For the worker.
  func write(to writer: inout WireWriter) {
    writer.value(isIntact)
    writer.number(count)
    scores.withUnsafeBytes { writer.raw($0) }
    writer.number(UInt64(explanations.count))
    for (index, text) in explanations {
      writer.number(index)
      writer.value(text)
    }
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    isIntact = try reader.value()
    count = try reader.number()
    let bytes = try reader.raw()
    let stride = MemoryLayout<stepwise_score>.stride
    guard bytes.count % stride == 0 else {
      throw WireProblem(description: "the scores have \(bytes.count) bytes")
    }
    scores = bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / stride).map {
        bytes.loadUnaligned(fromByteOffset: $0 * stride, as: stepwise_score.self)
      }
    }
    explanations = [:]
    for _ in 0..<(try reader.count(ofSize: 16)) {
      let index = try reader.number(UInt64.self)
      explanations[index] = try reader.value(String.self)
    }
  }
}
