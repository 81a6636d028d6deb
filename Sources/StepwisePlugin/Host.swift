import CStepwisePlugin

/// The host's services. Valid while the component lives; usable from any thread during a call of the component, and not in
/// `init(parameters:)`.
///
/// Unchecked because the table of C functions behind it is constant and each of its functions may be called from any thread.
public struct Host: @unchecked Sendable {
  let table: UnsafePointer<stepwise_host>

  /// How important a line of the log is.
  public enum LogLevel: Int32, Sendable {
    /// For whoever looks for a fault.
    case debug = 0
    /// Worth knowing.
    case info = 1
    /// Something looks wrong.
    case warning = 2
    /// Something is wrong.
    case error = 3
  }

  /// Which weights log-probabilities are computed with.
  public enum Model: Int32, Sendable {
    /// The model being trained, as it is during the call.
    case policy = 0
    /// The frozen reference.
    case reference = 1
  }

  /// Writes a line to the run's log, under the plugin's id.
  public func log(_ message: String, level: LogLevel = .info) {
    withText(message) { table.pointee.log?(table, level.rawValue, $0) }
  }

  /// Records a number of the current step; of several values in a step the mean is kept.
  public func metric(_ name: String, _ value: Double) {
    withText(name) { table.pointee.metric?(table, $0, value) }
  }

  /// Whether the user wants to stop: long work should throw `PluginFailure(.cancelled, ...)`.
  public var isCancelled: Bool { (table.pointee.cancelled?(table) ?? 0) != 0 }

  /// Nanoseconds left to the running call, or `nil` when it has no deadline.
  public var remainingNanoseconds: UInt64? {
    let remaining = table.pointee.remaining?(table) ?? .max
    return remaining == .max ? nil : remaining
  }

  /// A uniform draw in [0, 1), a pure function of its arguments: the only randomness that keeps a run reproducible.
  ///
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - step: the optimizer step, below 2^32.
  ///   - item: the item's or row's id.
  ///   - draw: counts the draws made for the item.
  public func uniform(seed: UInt64, step: UInt64, item: UInt64, draw: UInt64 = 0) -> Double {
    table.pointee.uniform(table, seed, step, item, draw)
  }

  /// Calls `body` for every index below `count`, on the host's worker threads, and returns when all are done. Not to be nested.
  public func parallelFor(_ count: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        table.pointee.parallel_for(
          table,
          UInt64(count),
          { context, index in
            let body = context!.assumingMemoryBound(to: (@Sendable (Int) -> Void).self)
            body.pointee(Int(index))
          },
          UnsafeMutableRawPointer(mutating: UnsafeRawPointer(pointer))
        )
      }
    }
  }

  /// The directory of the manifest and of the plugin's own data files.
  public var resourceDirectory: String {
    table.pointee.resource_directory.map { string($0(table)) } ?? ""
  }

  /// Token ids of a text, without special tokens around it.
  public func encode(_ text: String) throws -> [Int32] {
    guard let encode = table.pointee.encode else { throw Self.missing("a tokenizer") }
    return try withText(text) { text in
      // A token covers at least one byte in every tokenizer that the host knows, so the first call is enough.
      var capacity = Int(text.size) + 16
      while true {
        var count: UInt64 = 0
        var status = stepwise_status(STEPWISE_OK)
        let ids = try [Int32](unsafeUninitializedCapacity: capacity) { buffer, initialized in
          status = try withErrorBuffer { error in
            encode(table, text, buffer.baseAddress, UInt64(capacity), &count, error)
          }
          initialized = status == STEPWISE_OK ? Int(count) : 0
        }
        if status == STEPWISE_OK { return ids }
        capacity = try grown(capacity, to: count)
      }
    }
  }

  /// Text of token ids.
  public func decode(_ ids: [Int32], keepingSpecialTokens: Bool = false) throws -> String {
    guard let decode = table.pointee.decode else { throw Self.missing("a tokenizer") }
    var capacity = ids.count * 8 + 16
    while true {
      var size: UInt64 = 0
      var status = stepwise_status(STEPWISE_OK)
      let text = try String(unsafeUninitializedCapacity: capacity) { buffer in
        try buffer.withMemoryRebound(to: CChar.self) { buffer in
          status = try withErrorBuffer { error in
            decode(
              table,
              ids,
              UInt64(ids.count),
              keepingSpecialTokens ? 1 : 0,
              buffer.baseAddress,
              UInt64(capacity),
              &size,
              error
            )
          }
        }
        return status == STEPWISE_OK ? Int(size) : 0
      }
      if status == STEPWISE_OK { return text }
      capacity = try grown(capacity, to: size)
    }
  }

  /// log p in nats of each of `ids` after `context`, which has at least one token. Not inside `parallelFor`.
  public func logProbabilities(
    of ids: [Int32],
    after context: [Int32],
    under model: Model = .policy
  ) throws -> [Float] {
    guard let compute = table.pointee.log_probabilities else { throw Self.missing("a model") }
    return try [Float](unsafeUninitializedCapacity: ids.count) { buffer, initialized in
      let status = try withErrorBuffer { error in
        compute(
          table,
          model.rawValue,
          context,
          UInt64(context.count),
          ids,
          UInt64(ids.count),
          buffer.baseAddress,
          error
        )
      }
      guard status == STEPWISE_OK else { throw PluginFailure("log-probabilities do not fit") }
      initialized = ids.count
    }
  }

  private static func missing(_ what: String) -> PluginFailure {
    PluginFailure(.unsupported, "this host has not given \(what) to the plugin")
  }
}

/// The capacity that a host asked for, which must be more than it was given.
private func grown(_ capacity: Int, to wanted: UInt64) throws -> Int {
  guard let wanted = Int(exactly: wanted), wanted > capacity else {
    throw PluginFailure("a host service asked for room for \(wanted) where it had \(capacity)")
  }
  return wanted
}

/// Runs a service with room for its message and turns its status into a thrown error; "does not fit" is answered.
private func withErrorBuffer(
  _ body: (UnsafeMutablePointer<stepwise_error>) -> stepwise_status
) throws -> stepwise_status {
  try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
    var error = stepwise_error()
    error.struct_size = UInt32(MemoryLayout<stepwise_error>.stride)
    error.message = buffer.baseAddress
    error.capacity = UInt64(buffer.count)
    let status = body(&error)
    if status == STEPWISE_OK || status == STEPWISE_ERROR_CAPACITY { return status }
    let text = stepwise_text(data: buffer.baseAddress, size: min(error.size, error.capacity))
    throw PluginFailure(
      Status.reason(status),
      text.size == 0 ? "a host service failed" : string(text)
    )
  }
}
